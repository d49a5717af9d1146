package portal

import (
	"errors"
	"net/http"
	"slices"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// step is where an enrolment stands. It is computed afresh from the store and
// the policy for every request and is kept nowhere: no request can set it.
type step string

const (
	stepEmail  step = "email"  // an address is to be proven
	stepPass   step = "pass"   // an administrator's pass is to be shown
	stepMethod step = "method" // a method is to be chosen or finished
	stepReview step = "review" // the methods are to be looked through
	stepDone   step = "done"   // nothing is owed
	stepProve  step = "prove"  // a factor is there and this browser has not proved it
)

// moves is the table of allowed moves: what may be asked for at which step.
// Anything else is wrong-step and changes nothing. At stepDone a further method
// may be begun: enrolling is open to everyone, required or not.
var moves = map[step][]string{
	stepEmail:  {"email", "email/verify", "pass"},
	stepPass:   {"pass"},
	stepMethod: {"methods", "methods/verify"},
	stepReview: {"methods", "methods/verify"},
	stepDone:   {"methods", "methods/verify"},
}

// wizard is an enrolment as one request sees it.
type wizard struct {
	account *enroll.Account
	visit   *enroll.Visit // nil: none is open
	step    step
}

// wizard reads where the enrolment stands. It changes nothing, but forgets the
// cookie of a visit that is over. The error is expired for such a one.
func (t *turn) wizard() (*wizard, error) {
	account, err := t.p.service.Account(t.r.Context(), t.v.Person.Realm, t.v.Person.User)
	if err != nil {
		return nil, err
	}
	z := &wizard{account: account}
	z.visit, err = t.resume()
	switch {
	case errors.Is(err, enroll.ErrFreshProof):
		z.visit = nil
	case errors.Is(err, enroll.ErrWrongAccount) && isRead(t.r):
		t.dropVisit() // somebody else's, in this browser: this person begins anew
	case errors.Is(err, enroll.ErrExpired), errors.Is(err, enroll.ErrWrongAccount):
		t.dropVisit()
		z.step = t.stepOf(z)
		return z, err
	case err != nil:
		return nil, err
	}
	z.step = t.stepOf(z)
	return z, nil
}

// stepOf decides the step from the account, the visit, the flag and the rules.
func (t *turn) stepOf(z *wizard) step {
	switch {
	case len(z.account.Methods) > 0 && t.v.Flag == nil:
		return stepProve
	case len(z.account.Methods) > 0 && !t.wanting(z.account):
		if t.v.Rules.DueForReview(t.counting(z.account), t.p.now()) {
			return stepReview
		}
		return stepDone
	case t.owed(z) == enroll.FirstPass:
		return stepPass
	case t.owed(z) != "":
		return stepEmail
	}
	return stepMethod
}

// wanting says whether somebody who has a method still lacks one here.
func (t *turn) wanting(a *enroll.Account) bool {
	verdict, reason := t.judge()
	here := len(t.counting(a))
	return verdict == "enroll" && reason != "review" || verdict == "remind" && here < t.v.Rules.Minimum || here == 0
}

// owed is what has to be proven before a method, in the words of the policy's
// first; "" is nothing.
func (t *turn) owed(z *wizard) string {
	if z.visit != nil {
		return z.visit.Owed
	}
	return z.account.Owes(t.v.Rules, t.v.Flag)
}

// judge says what the page that the person wants would answer now.
func (t *turn) judge() (verdict, reason string) {
	if t.v.Judge == nil {
		return "", ""
	}
	return t.v.Judge(t.to)
}

// may looks a move up in the table.
func (z *wizard) may(move string) error {
	if z.step == stepProve {
		return enroll.ErrFreshProof
	}
	if !slices.Contains(moves[z.step], move) {
		return enroll.ErrWrongStep
	}
	return nil
}

// offered are the kinds that can be enrolled here at all, the strongest first.
// What is only a way of recovery is offered to who has a method, or to whom
// nothing else is asked of.
func (t *turn) offered() []enroll.Kind {
	kinds := []enroll.Kind{}
	for _, k := range []enroll.Kind{enroll.KindPasskey, enroll.KindTOTP, enroll.KindSMS, enroll.KindEmail} {
		switch {
		case k == enroll.KindPasskey && t.party().ID == "":
		case slices.Contains(t.v.Rules.Methods, k), (t.v.Flag != nil || t.v.Rules.RecoveryRequired) && t.v.Rules.Takes(k):
			kinds = append(kinds, k)
		}
	}
	if k := t.v.Rules.Assigned; k.IsOIDC() && t.label(k) != "" {
		kinds = append([]enroll.Kind{k}, kinds...)
	}
	return kinds
}

// choices are the kinds among which a person chooses now, of those that can be
// enrolled at this host.
func (t *turn) choices(a *enroll.Account) []enroll.Kind {
	verdict, reason := t.judge()
	owed := verdict == "enroll" && reason != "review" || verdict == "remind"
	here := t.offered()
	return slices.DeleteFunc(t.v.Rules.Choices(t.counting(a), owed, owed && t.resists()), func(k enroll.Kind) bool {
		return !slices.Contains(here, k)
	})
}

// least is how many methods, and ways of recovery beside them, a person must
// have here, and how many there are.
func (t *turn) least(a *enroll.Account) (least, have int) {
	r := t.v.Rules
	have = len(t.counting(a))
	if r.RecoveryMinimum <= r.Minimum {
		return r.Minimum, have
	}
	if a.CodesLeft > 0 && r.GivesCodes() {
		have++
	}
	return r.RecoveryMinimum, have
}

// resists says whether the page that the person wants takes nothing but a
// phishing-resistant proof.
func (t *turn) resists() bool {
	return t.v.Rules.Resistant || t.v.Resists != nil && t.v.Resists(t.to)
}

// resume finds the visit that the browser's cookie names; nil: none.
func (t *turn) resume() (*enroll.Visit, error) {
	id := oneCookie(t.r, t.v.FlagCookie+visitSuffix)
	if id == "" {
		return nil, nil
	}
	return t.p.service.ResumeVisit(t.r.Context(), id, t.v.Person, t.rules(), t.v.Flag)
}

// begin opens a visit and gives the browser its cookie. The cookie outlives the
// visit, so that a late click is told that its time was over.
func (t *turn) begin(z *wizard) error {
	if z.visit != nil {
		return nil
	}
	v, err := t.p.service.BeginVisit(t.r.Context(), t.v.Person, t.rules(), t.v.Flag)
	if err != nil {
		return err
	}
	z.visit = v
	setCookie(t.w, t.v, t.v.FlagCookie+visitSuffix, v.ID, 0)
	z.step = t.stepOf(z)
	return nil
}

func (t *turn) dropVisit() {
	setCookie(t.w, t.v, t.v.FlagCookie+visitSuffix, "", -1)
}

// rules are the tenant's, with the language that the person reads now, which
// the mails about a change are written in.
func (t *turn) rules() enroll.Rules {
	rules := t.v.Rules
	rules.Language = t.s.Tag
	return rules
}

// interim tells whether a proof was made by a method that is not the person's to
// use any more: another is assigned, or a provider no longer is. It opens what is
// needed to set up the right one. A way of recovery is what it is.
func (t *turn) interim(f enroll.Flag) bool {
	if len(f.Methods) == 0 {
		return false
	}
	kind, r := enroll.Kind(f.Methods[0]), t.v.Rules
	switch {
	case kind == enroll.KindCodes || slices.Contains(r.Recovery, kind) && !slices.Contains(r.Methods, kind):
		return false
	case r.Assigned != "":
		return kind != r.Assigned
	}
	return kind.IsOIDC()
}

// stamp gives the browser the flag of a proof, and marks it as one that has
// proved this account.
func (t *turn) stamp(f enroll.Flag) error {
	now := t.p.now()
	f.Interim = t.interim(f)
	f.Issued = now
	if t.v.FlagLifetime > 0 {
		f.Expires = now.Add(t.v.FlagLifetime)
	}
	token, err := t.p.service.SignFlag(f)
	if err != nil {
		return err
	}
	setCookie(t.w, t.v, t.v.FlagCookie, token, 0)
	known, err := t.p.service.SignKnown(f.Realm, f.User)
	if err != nil {
		return err
	}
	setCookie(t.w, t.v, t.v.FlagCookie+knownSuffix, known, enroll.KnownLife)
	t.v.Flag = &f
	return nil
}

// knownBrowser reports whether this browser has proved this account before: its
// wrong codes are counted apart from everybody else's.
func (t *turn) knownBrowser() bool {
	token := oneCookie(t.r, t.v.FlagCookie+knownSuffix)
	return token != "" && t.p.service.ReadKnown(token, t.v.Person.Realm, t.v.Person.User, t.p.now())
}

// redo answers a form that cannot go on with the page it came from, which says
// why.
func (t *turn) redo(z *wizard, err error) {
	e := t.refusal(err)
	if !t.form {
		t.problem(e)
		return
	}
	over := errors.Is(e, enroll.ErrExpired) && !t.oldCode && e.Detail == "" || errors.Is(e, enroll.ErrWrongAccount)
	if z == nil || over || errors.Is(e, enroll.ErrFreshProof) || e.Status >= http.StatusInternalServerError && !errors.Is(e, enroll.ErrMail) && !errors.Is(e, enroll.ErrText) && !errors.Is(e, enroll.ErrProvider) {
		t.tellRefusal(e)
		return
	}
	t.showEnroll(z, e)
}
