package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A Question is a request as a person writes it down, in `tests` and behind
// `caddy mfa explain --as`.
type Question struct {
	Known        bool // somebody is signed in
	User, Tenant string
	Roles        []string
	Email        string        // for assign
	Methods      []string      // what the account has
	Proven       time.Duration // how long ago all of them were proven; 0: not
	From         netip.Addr    // the visitor's address, for service accounts
	Since        time.Duration // how long ago the first protected request was, for grace and remind; 0: it is this one
	Host         string
	Method       string
	Path         string // with the query
}

// questionTime is when questions are asked: before any service account ends, so
// that a test of the file does not fail one day.
var questionTime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Facts is the question as Decide sees it: methods and the proof are of the
// visitor's tenant, and nothing is left to ask for. A tenant that is named is
// the identity's word.
func (p *Policy) Facts(q Question) *Facts {
	path, query, _ := strings.Cut(q.Path, "?")
	f := &Facts{
		Place: Place{Host: q.Host, TenantMapped: q.Tenant != ""}, Method: q.Method, Sent: Target{path, query}, Now: questionTime, Timeless: true,
		Client: q.From, Who: Nobody, Account: Account{State: AccountKnown},
	}
	if !q.Known {
		return f
	}
	f.Who, f.User, f.Tenant, f.Roles, f.Email = Known, q.User, q.Tenant, q.Roles, q.Email
	home := p.Tenant(q.Tenant)
	if home == nil {
		home = p.HostTenant(q.Host)
	}
	if home == nil {
		return f
	}
	for _, t := range [...]*Tenant{home, p.HostTenant(q.Host)} {
		if t != nil {
			f.Account.Due = append(f.Account.Due, Due{Tenant: t.Key, Since: questionTime.Add(-q.Since)})
		}
	}
	for _, kind := range q.Methods {
		f.Account.Methods = append(f.Account.Methods, AccountMethod{Kind: kind, Tenant: home.Key, First: home.First, Reviewed: questionTime})
	}
	if q.Proven > 0 {
		f.Proof = Proof{Reviewed: questionTime, At: questionTime.Add(-q.Proven), Tenant: home.Key, First: home.First, Methods: q.Methods, Resistant: slices.Contains(q.Methods, MethodPasskey)}
	}
	return f
}

// String says the question in one line.
func (q Question) String() string {
	who := "nobody"
	if q.Known {
		who = q.User
	}
	if q.Tenant != "" {
		who += " of " + q.Tenant
	}
	if q.Host != "" {
		who += " at " + q.Host
	}
	return fmt.Sprintf("%s %s as %s", q.Method, q.Path, who)
}

var asKeys = []string{"user", "tenant", "roles", "email", "methods", "proven", "from", "since"}

// As reads who is asking, "user=bob,tenant=silva,methods=totp,codes,proven=2m";
// "" is nobody.
func (q *Question) As(text string) error {
	if text == "" {
		return nil
	}
	q.Known = true
	key := ""
	for _, part := range strings.Split(text, ",") {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			if value = part; key != "roles" && key != "methods" {
				return fmt.Errorf("%q is no key=value", part)
			}
		} else if key = strings.TrimSpace(name); !slices.Contains(asKeys, key) {
			return fmt.Errorf("unknown key %q%s", key, didYouMean(key, asKeys))
		}
		switch value = strings.TrimSpace(value); key {
		case "user":
			q.User = value
		case "tenant":
			q.Tenant = value
		case "roles":
			q.Roles = append(q.Roles, value)
		case "email":
			q.Email = value
		case "methods":
			if err := checkMethod(value); err != nil {
				return err
			}
			q.Methods = append(q.Methods, value)
		case "proven":
			var ok bool
			if q.Proven, ok = parseDuration(value); !ok {
				return fmt.Errorf("proven is a duration such as 90s, 12h or 14d, not %q", value)
			}
		case "since":
			var ok bool
			if q.Since, ok = parseDuration(value); !ok {
				return fmt.Errorf("since is a duration such as 90s, 12h or 14d, not %q", value)
			}
		case "from":
			var err error
			if q.From, err = netip.ParseAddr(value); err != nil {
				return fmt.Errorf("from is an address such as 192.0.2.1, not %q", value)
			}
		}
	}
	return q.whole()
}

// whole says what a question lacks about who is asking.
func (q *Question) whole() error {
	switch {
	case q.Known && q.User == "":
		return fmt.Errorf("a user is missing: write user, or leave all of it out for nobody")
	case q.Proven > 0 && len(q.Methods) == 0:
		return fmt.Errorf("proven needs the methods that were: name one among the methods")
	}
	return nil
}

// checkMethod reports a kind of method that is unknown, or not built yet.
func checkMethod(kind string) error {
	if kind == MethodCodes {
		return nil
	}
	if isOIDC(kind) && isProvider(kind[len(MethodOIDC)+1:]) {
		return nil
	}
	if kind == MethodOIDC || !slices.Contains(methodKinds, kind) {
		return fmt.Errorf("%q is no method%s", kind, didYouMean(kind, append([]string{MethodCodes}, methodKinds...)))
	}
	return nil
}
