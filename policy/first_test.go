package policy

import (
	"strings"
	"testing"
)

const firsts = `
version: 1
defaults: {require: mfa, share: everywhere, protect: [/documents]}
tenants:
  record: {hosts: [record.example]}
  typed: {hosts: [typed.example], first: typed-email}
  bare: {hosts: [bare.example], first: none}
  pass: {hosts: [pass.example], first: pass}
  other: {hosts: [other.example], first: pass}
`

// TestDesign_C3_FirstOfAnotherTenant: an enrolment made elsewhere counts where it
// was begun with what is asked for here, or with more.
func TestDesign_C3_FirstOfAnotherTenant(t *testing.T) {
	p := mustParse(t, firsts)
	for by, tenant := range map[string]string{FirstEmail: "record", FirstTyped: "typed", FirstNone: "bare", FirstPass: "pass"} {
		counts := map[string]map[string]bool{
			FirstEmail: {"record": true, "typed": true, "bare": true},
			FirstTyped: {"typed": true, "bare": true},
			FirstNone:  {"bare": true},
			FirstPass:  {"bare": true, "pass": true}, // the word of one tenant's administrator
		}[by]
		for _, here := range []string{"record", "typed", "bare", "pass", "other"} {
			f := known(here+".example", "/documents", proven(0, tenant, by, "totp"), has("totp", tenant, by))
			want := ReasonEnroll
			if counts[here] {
				want = ReasonVerified
			}
			if d := p.Decide(&f); d.Reason != want {
				t.Errorf("enrolled in %s by %s, asked for in %s: %v, want %v", tenant, by, here, d.Reason, want)
			}
		}
	}
}

func TestTypedEmailNeedsMail(t *testing.T) {
	_, err := parseText(firsts, Options{Mail: MailNo})
	if err == nil || !strings.Contains(err.Error(), "policy.yaml:6:42: `first: typed-email` mails a link: write `mail smtp") {
		t.Errorf("%v", err)
	}
}
