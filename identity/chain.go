package identity

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Chain asks every source whose credential the request carries.
type Chain struct {
	Sources     []Source
	Credentials *Credentials // nil: the default names
}

// Result is what a chain says of one visit: Known, Nobody, Conflict, Down or
// Mixed.
type Result struct {
	State      State
	Person     Person        // with Known; with Mixed, the user whom the one credential names, where there is no other
	SetCookie  []string      // raw header values: for the visitor, and for the request that follows (MergeSetCookie)
	RetryAfter time.Duration // with Down, 0 for no opinion
	Err        error
	Why        []string  // what each source said, for the log; empty where somebody is known
	Silent     bool      // with Nobody: a browser could not have said who it is, since only a page's script sends the credential
	Until      time.Time // with Known of one source, until when it would say so again; zero: it would not

	begun uint64 // the event before which nothing counts as a change
	marks []mark // with Known of one source, what its answer depends on; shared
}

// Identify says who is asking. A credential that no source looks into makes it
// Mixed, before anybody is asked; then the worst answer counts: Mixed, Down,
// Conflict (two names, or a forged credential beside a good one), and only
// then the person all answers agree on.
func (c *Chain) Identify(ctx context.Context, v *Visit) Result {
	begun := events.Load()
	res := c.identify(ctx, v)
	res.begun = begun
	return res
}

func (c *Chain) identify(ctx context.Context, v *Visit) Result {
	if stray, err := c.stray(v); err != nil || stray != "" {
		res := Result{State: Mixed, Err: err}
		if err != nil {
			res.State = Down
		} else {
			res.Why = []string{"credentials: " + stray + " is beside the identity"}
			res.Person.User = c.machine(ctx, v)
		}
		return res
	}
	return c.ask(ctx, v)
}

// ask asks every source.
func (c *Chain) ask(ctx context.Context, v *Visit) Result {
	if len(c.Sources) == 1 {
		src := c.Sources[0]
		a := src.Ask(ctx, v)
		if a.State == Known && len(a.Stray) == 0 && a.Person.User != "" {
			return known(src, &a)
		}
		return c.judge([]Answer{a})
	}
	answers := make([]Answer, len(c.Sources))
	for i, src := range c.Sources {
		answers[i] = src.Ask(ctx, v)
	}
	return c.judge(answers)
}

// stray returns the name of a credential in the request that none of the
// sources looks into.
func (c *Chain) stray(v *Visit) (string, error) {
	creds := c.Credentials.orDefault()
	stray := ""
	creds.inHeaders(v.R.Header, func(header string) bool {
		if !c.carried(v, header) {
			stray = header
		}
		return stray == ""
	})
	if stray == "" {
		stray = creds.inTarget(v.R)
	}
	if stray != "" {
		return stray, nil
	}
	return creds.inForm(v.R)
}

func (c *Chain) carried(v *Visit, header string) bool {
	for _, src := range c.Sources {
		if carrier, ok := src.(Carrier); ok && carrier.Carries(v, header) {
			return true
		}
	}
	return false
}

// known is the result of one source that knows who it is.
func known(src Source, a *Answer) Result {
	res := Result{State: Known, Person: a.Person, SetCookie: a.SetCookie, Until: a.Until, marks: a.marks}
	res.Person.Source = src.Name()
	return res
}

func (c *Chain) judge(answers []Answer) Result {
	var res Result
	count := [Mixed + 1]int{}
	for i := range answers {
		a := &answers[i]
		if a.State == Known && a.Person.User == "" {
			a.State, a.Err = Down, errors.New("identifying: a source knows somebody without a user")
		}
		count[min(a.State, Mixed)]++
		if len(a.Stray) > 0 && a.State <= Known && !c.vouched(answers, i) {
			count[Mixed]++
		}
		res.SetCookie = append(res.SetCookie, a.SetCookie...)
		res.RetryAfter = max(res.RetryAfter, a.RetryAfter)
		res.Why = append(res.Why, why(c.Sources[i], a))
		if a.Err != nil {
			res.Err = errors.Join(res.Err, a.Err)
		}
	}
	switch {
	case count[Mixed] > 0:
		res.State = Mixed
	case count[Down] > 0:
		res.State = Down
	case count[Conflict] > 0, count[Forged] > 0 && count[Known] > 0, !c.agree(answers, &res.Person):
		res.State, res.Person = Conflict, Person{}
	case count[Known] > 0:
		res.State, res.Why, res.Err = Known, nil, nil
	default:
		res.State, res.Silent = Nobody, count[Absent] == len(answers) && c.scripted()
	}
	return res
}

// vouched reports whether the headers of which answer i knows nobody are good
// credentials to another source, one that knows somebody by them.
func (c *Chain) vouched(answers []Answer, i int) bool {
	return !slices.ContainsFunc(answers[i].Stray, func(header string) bool {
		for j := range answers {
			if j != i && answers[j].State == Known && slices.Contains(answers[j].By, header) {
				return false
			}
		}
		return true
	})
}

// agree reports whether all who are known are one person of one tenant, and
// fills that person: a fact comes from the first source that has it, the proof
// of the sign-in (methods, acr, time) and the session whole from one.
func (c *Chain) agree(answers []Answer, p *Person) bool {
	for i := range answers {
		a := &answers[i]
		switch {
		case a.State != Known:
		case p.User == "":
			*p = a.Person
			p.Source = c.Sources[i].Name()
		case p.User != a.Person.User,
			p.Tenant != "" && a.Person.Tenant != "" && p.Tenant != a.Person.Tenant:
			return false
		default:
			p.add(&a.Person)
			p.Source += "+" + c.Sources[i].Name()
		}
	}
	return true
}

// add fills what p lacks from another source's word on the same person.
func (p *Person) add(q *Person) {
	fill := func(to *string, from string) {
		if *to == "" {
			*to = from
		}
	}
	fill(&p.Email, q.Email)
	fill(&p.Name, q.Name)
	fill(&p.Tenant, q.Tenant)
	fill(&p.Session, q.Session)
	if p.Roles == nil {
		p.Roles = q.Roles
	}
	if p.Methods == nil && p.ACR == "" && p.Time.IsZero() {
		p.Methods, p.ACR, p.Time = q.Methods, q.ACR, q.Time
	}
}

func why(src Source, a *Answer) string {
	s := src.Name() + ": " + a.State.String()
	if a.Err != nil {
		s += ": " + a.Err.Error()
	}
	return s
}
