package policy

import (
	"net/netip"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A test is one entry of `tests`: a question, and what the answer should be.
type test struct {
	Question
	at   place
	want string
}

// A TestResult is what one entry of `tests` came to.
type TestResult struct {
	At   string // file:line:col
	Name string // "GET /documents as bob of silva"
	Want string // a verdict or a reason
	Got  string // "enroll (enroll)", "allow (verified)"
	OK   bool
}

var testMethods = []string{"get", "head", "post", "put", "patch", "delete", "options"}

func (r *reader) test(n *yaml.Node) (t test) {
	t.at = place{r.file, n.Line, n.Column}
	before := len(r.list)
	r.mapping(n, "a test", append([]string{"as", "host", "want"}, testMethods...), func(key string, v *yaml.Node) {
		switch key {
		case "as":
			r.testAs(v, &t)
		case "host":
			t.Host = r.text(v, key)
		case "want":
			t.want = r.word(v, key, wants()...)
		default:
			if t.Method != "" {
				r.bad(v, "a test asks once: %s is already there", strings.ToLower(t.Method))
			}
			if t.Method, t.Path = strings.ToUpper(key), r.text(v, key); t.Path != "" && t.Path[0] != '/' {
				r.bad(v, "%s is a path such as /documents, not %s", key, describe(v))
			}
		}
	})
	switch {
	case len(r.list) > before:
	case t.Method == "":
		r.bad(n, "a test needs a request: write get: /…")
	case t.want == "":
		r.bad(n, "a test needs what is wanted: write want: allow, enroll, verify or deny, or a reason")
	default:
		if err := t.whole(); err != nil {
			r.bad(n, "%v", err)
		}
	}
	return t
}

func (r *reader) testAs(n *yaml.Node, t *test) {
	t.Known = true
	r.mapping(n, "as", asKeys, func(key string, v *yaml.Node) {
		switch key {
		case "user":
			t.User, _ = r.scalar(v, key)
		case "tenant":
			t.Tenant, _ = r.scalar(v, key)
		case "roles":
			t.Roles = r.texts(v, key, true)
		case "email":
			t.Email = r.text(v, key)
		case "methods":
			t.Methods = r.texts(v, key, true)
			for _, kind := range t.Methods {
				if err := checkMethod(kind); err != nil {
					r.bad(v, "%v", err)
				}
			}
		case "proven":
			t.Proven = r.duration(v, key)
		case "since":
			t.Since = r.duration(v, key)
		case "from":
			var err error
			if t.From, err = netip.ParseAddr(r.text(v, key)); err != nil {
				r.bad(v, "from is an address such as 192.0.2.1, not %s", describe(v))
			}
		}
	})
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

// Test runs the policy's tests.
func (p *Policy) Test() []TestResult {
	results := make([]TestResult, len(p.tests))
	for i := range p.tests {
		t := &p.tests[i]
		d := p.Decide(p.Facts(t.Question))
		results[i] = TestResult{
			At: t.at.String(), Name: t.Question.String(), Want: t.want,
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
		for _, s := range p.Explain(p.Facts(p.tests[i].Question)) {
			asked[s.Rule] = asked[s.Rule] || s.Hit
		}
	}
	for _, set := range p.index.sets {
		for _, r := range longestFirst(set.protect) {
			if where := set.where(r); !asked[where] && r.area() == &r.Area {
				asked[where] = true
				rules = append(rules, where)
			}
		}
	}
	return rules
}
