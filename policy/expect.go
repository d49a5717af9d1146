package policy

import (
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// A test is one entry of `tests`: who asks for what, and what they should get.
type test struct {
	at           place
	known        bool
	user, tenant string
	roles        []string
	methods      []string
	proven       time.Duration
	host         string
	method, path string
	want         string
}

// A TestResult is what one entry of `tests` came to.
type TestResult struct {
	At   string // file:line:col
	Name string // "GET /documents as bob of silva"
	Want string // a verdict or a reason
	Got  string // "enroll (enroll)", "allow (verified)"
	OK   bool
}

// testNow is when tests take place. Nothing depends on the date.
var testNow = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

var testMethods = []string{"get", "head", "post", "put", "patch", "delete", "options"}

func (r *reader) test(n *yaml.Node) (t test) {
	t.at = place{r.file, n.Line, n.Column}
	before := len(r.list)
	r.mapping(n, "a test", append([]string{"as", "host", "want"}, testMethods...), func(key string, v *yaml.Node) {
		switch key {
		case "as":
			r.testAs(v, &t)
		case "host":
			t.host = r.text(v, key)
		case "want":
			t.want = r.word(v, key, wants()...)
		default:
			if t.method != "" {
				r.bad(v, "a test asks once: %s is already there", strings.ToLower(t.method))
			}
			if t.method, t.path = strings.ToUpper(key), r.text(v, key); t.path != "" && t.path[0] != '/' {
				r.bad(v, "%s is a path such as /documents, not %s", key, describe(v))
			}
		}
	})
	switch {
	case len(r.list) > before:
	case t.method == "":
		r.bad(n, "a test needs a request: write get: /…")
	case t.want == "":
		r.bad(n, "a test needs what is wanted: write want: allow, enroll, verify or deny, or a reason")
	case t.proven > 0 && len(t.methods) == 0:
		r.bad(n, "proven needs the methods that were: write methods: [totp]")
	}
	return t
}

func (r *reader) testAs(n *yaml.Node, t *test) {
	t.known = true
	r.mapping(n, "as", []string{"user", "tenant", "roles", "methods", "proven"}, func(key string, v *yaml.Node) {
		switch key {
		case "user":
			t.user, _ = r.scalar(v, key)
		case "tenant":
			t.tenant, _ = r.scalar(v, key)
		case "roles":
			t.roles = r.texts(v, key, true)
		case "methods":
			for _, kind := range r.texts(v, key, true) {
				if kind == MethodCodes || slices.Contains(methodKinds, kind) && r.built(v, "methods: "+kind) {
					t.methods = append(t.methods, kind)
				} else if !slices.Contains(methodKinds, kind) {
					r.bad(v, "%q is no method%s", kind, didYouMean(kind, append(methodKinds, MethodCodes)))
				}
			}
		case "proven":
			t.proven = r.duration(v, key)
		}
	})
	if t.user == "" {
		r.bad(n, "as needs a user: write user: …, or leave as out for nobody")
	}
}

// wants is every word a test may want: a verdict, or the reason for one.
func wants() []string {
	words := slices.Clone(verdictWords[:])
	for _, reason := range Reasons() {
		if !slices.Contains(words, reason.String()) {
			words = append(words, reason.String())
		}
	}
	return words
}

// facts is the test as Decide sees it. The account holds the methods named; a
// proof is of all of them, made in the visitor's tenant.
func (p *Policy) facts(t *test) *Facts {
	path, query, _ := strings.Cut(t.path, "?")
	f := &Facts{
		Host: t.host, Method: t.method, Sent: Target{path, query}, Now: testNow,
		TenantMapped: t.tenant != "", Who: Nobody, Account: Account{State: AccountKnown},
	}
	if !t.known {
		return f
	}
	f.Who, f.User, f.Tenant, f.Roles = Known, t.user, t.tenant, t.roles
	home := p.Tenant(t.tenant)
	if home == nil {
		home = p.HostTenant(t.host)
	}
	if home == nil {
		return f
	}
	for _, kind := range t.methods {
		f.Account.Methods = append(f.Account.Methods, AccountMethod{kind, home.Key, home.First})
	}
	if t.proven > 0 {
		f.Proof = Proof{At: testNow.Add(-t.proven), Tenant: home.Key, First: home.First, Methods: t.methods}
	}
	return f
}

// Test runs the policy's tests.
func (p *Policy) Test() []TestResult {
	results := make([]TestResult, len(p.tests))
	for i := range p.tests {
		t := &p.tests[i]
		d := p.Decide(p.facts(t))
		who := "nobody"
		if t.known {
			who = t.user
		}
		if t.tenant != "" {
			who += " of " + t.tenant
		}
		results[i] = TestResult{
			At: t.at.String(), Name: t.method + " " + t.path + " as " + who, Want: t.want,
			Got: d.Verdict.String() + " (" + d.Reason.String() + ")",
			OK:  t.want == d.Verdict.String() || t.want == d.Reason.String(),
		}
	}
	return results
}

// Untested returns the protected prefixes that no test asks for, each with its
// place.
func (p *Policy) Untested() (rules []string) {
	asked := map[string]bool{}
	for i := range p.tests {
		f := p.facts(&p.tests[i])
		for _, s := range p.Explain(f) {
			asked[s.Rule] = asked[s.Rule] || s.Hit
		}
	}
	for _, set := range p.index.sets {
		for i := range set.protect {
			if where := set.protect[i].where; !asked[where] {
				asked[where] = true
				rules = append(rules, where)
			}
		}
	}
	return rules
}
