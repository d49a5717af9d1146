package policy

import (
	"slices"
	"strings"
	"testing"
)

const families = `
version: 1
defaults: {methods: [passkey, totp]}
tenants:
  portal: {hosts: [portal.example, '*.portal.example', portal.test], rp_id: portal.example}
  below: {parent: portal, hosts: [below.test, '*.wild.test']}
  apps: {parent: portal, hosts: [apps.test], methods: [totp]}
  own: {parent: portal, hosts: [own.test], rp_id: own.test}
  other: {hosts: [other.example, www.other.example, other.test], rp_id: www.other.example}
  alone: {hosts: [alone.test]}
`

// TestRelatedTo: a relying party names the hosts of the tenants that use it, and
// nobody else's.
func TestRelatedTo(t *testing.T) {
	p := mustParse(t, families)
	for host, want := range map[string]string{
		"portal.example": "portal.test below.test", "Portal.Example.:443": "portal.test below.test",
		"www.other.example": "other.example other.test", "other.example": "", "a.portal.example": "", "portal.test": "",
		"below.test": "", "own.test": "", "alone.test": "", "": "",
	} {
		if got := strings.Join(p.RelatedTo(host), " "); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
	if got := p.RelyingParties(); !slices.Equal(got, []string{"portal.example", "www.other.example"}) {
		t.Errorf("%q", got)
	}
	if p := mustParse(t, "version: 1\ntenants: {a: {hosts: [a.example]}}\n"); p.RelatedTo("a.example") != nil || p.RelyingParties() != nil {
		t.Error("a relying party that nobody named")
	}
}

func TestPasskeysFor(t *testing.T) {
	p := mustParse(t, families)
	for _, c := range []struct {
		tenant, host, want string
		related            bool
	}{
		{"portal", "portal.example", "portal.example", false}, {"portal", "A.portal.example.:8443", "portal.example", false},
		{"portal", "evilportal.example", "", false}, {"portal", "portal.example.evil.test", "", false}, {"portal", "192.0.2.1", "", false},
		{"portal", "Portal.test:443", "portal.example", true}, {"portal", "a.portal.test", "", false}, {"portal", "below.test", "portal.example", true},
		{"portal", "apps.test", "", false}, {"portal", "own.test", "", false}, {"portal", "alone.test", "", false}, {"portal", "", "", false},
		{"below", "below.test", "portal.example", true}, {"below", "a.wild.test", "", false}, {"below", ".wild.test", "", false}, {"below", "*.wild.test", "", false},
		{"apps", "apps.test", "", false}, {"own", "own.test", "own.test", false}, {"own", "portal.test", "", false},
		{"other", "other.example", "www.other.example", true}, {"other", "portal.test", "", false},
		{"alone", "A.alone.test:443", "a.alone.test", false}, {"alone", "localhost:8080", "localhost", false},
		{"alone", "192.0.2.1:80", "", false}, {"alone", "[2001:db8::1]:80", "", false}, {"alone", "", "", false},
	} {
		if got, related := p.PasskeysFor(p.Tenant(c.tenant), c.host); got != c.want || related != c.related {
			t.Errorf("%s at %q: %q %v, want %q %v", c.tenant, c.host, got, related, c.want, c.related)
		}
	}
}

// TestRelatedIsWarnedOf: what browsers will not do is said when the policy is
// loaded.
func TestRelatedIsWarnedOf(t *testing.T) {
	for name, c := range map[string]struct{ tenant, want string }{
		"fail/wildcard":     {"hosts: [portal.example, '*.silva.example']", "policy.yaml:4:14: tenant a has passkeys of rp_id portal.example, and none at its host *.silva.example"},
		"ok/wildcard below": {"hosts: [portal.example, '*.portal.example']", ""},
		"ok/no passkeys":    {"hosts: [portal.example, '*.silva.example'], methods: [totp]", ""},
		"ok/five names":     {"hosts: [portal.example, a.test, b.test, c.test, d.test, www.a.test, e.co.uk, e.com.br]", ""},
		"fail/six names":    {"hosts: [portal.example, a.test, b.test, c.test, d.test, e.co.uk, f.test, www.g.com.br, a.com]", "rp_id portal.example has hosts of more than 5 names beside its own (a, b, c, d, e): browsers take no more, so its passkeys will not work at f.test, www.g.com.br; give"},
		"fail/many":         {"hosts: [portal.example, a.test, b.test, c.test, d.test, e.test, f1.test, f2.test, f3.test, f4.test, f5.test, f6.test, f7.test]", "at f1.test, f2.test, f3.test, f4.test, f5.test and 2 more;"},
	} {
		t.Run(name, func(t *testing.T) {
			p := mustParse(t, "version: 1\ndefaults: {methods: [passkey, totp], rp_id: portal.example}\ntenants:\n  a: {"+c.tenant+"}\n")
			if got := strings.Join(p.Warnings(), "\n"); !strings.Contains(got, c.want) || c.want == "" && strings.Contains(got, "rp_id") {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
