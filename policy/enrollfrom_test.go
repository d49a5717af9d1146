package policy

import (
	"net/netip"
	"strings"
	"testing"
)

const places = `
version: 1
defaults: {require: mfa, share: everywhere, protect: [/documents]}
tenants:
  office: {hosts: [office.example], enroll_from: [10.0.0.0/8, 192.0.2.7], trust_device: unlimited}
  home: {hosts: [home.example]}
  laxer: {hosts: [laxer.example], enroll_from: [10.0.0.0/8, 0.0.0.0/0]}
`

func from(kind, tenant, address string) func(*Facts) {
	return func(f *Facts) {
		m := AccountMethod{Kind: kind, Tenant: tenant, First: "email"}
		m.From, _ = netip.ParseAddr(address)
		f.Account.Methods = append(f.Account.Methods, m)
	}
}

// TestDesign_C3c_RegisteredElsewhereAndOutside: what another tenant let be
// registered from anywhere does not count where a network is asked for.
func TestDesign_C3c_RegisteredElsewhereAndOutside(t *testing.T) {
	p := mustParse(t, places)
	homeProof := proven(0, "home", "email", "totp")
	trusted := func(f *Facts) {
		f.Account.Device = TrustedDevice{Tenant: "office", At: now, Method: AccountMethod{Kind: "totp", Tenant: "home", First: "email"}}
	}
	for name, c := range map[string]struct {
		facts Facts
		want  Reason
	}{
		"ok/made here":                      {known("office.example", "/documents", from("totp", "office", "198.51.100.1"), proven(0, "office", "email", "totp")), ReasonVerified},
		"ok/made elsewhere, inside":         {known("office.example", "/documents", from("totp", "home", "10.1.2.3"), homeProof), ReasonVerified},
		"ok/made elsewhere, inside, mapped": {known("office.example", "/documents", from("totp", "home", "::ffff:192.0.2.7"), homeProof), ReasonVerified},
		"ok/no network asked for":           {known("home.example", "/documents", from("totp", "office", ""), proven(0, "office", "email", "totp")), ReasonVerified},
		"ok/trusted, inside":                {known("office.example", "/documents", from("totp", "home", "10.1.2.3"), trusted), ReasonTrustedDevice},

		"fail/outside":               {known("office.example", "/documents", from("totp", "home", "192.0.2.8"), homeProof), ReasonEnroll},
		"fail/not known whence":      {known("office.example", "/documents", from("totp", "home", ""), homeProof), ReasonEnroll},
		"fail/one of two is outside": {known("office.example", "/documents", from("totp", "home", "10.1.2.3"), from("totp", "home", "192.0.2.8"), homeProof), ReasonVerify},
		"fail/nothing is left of it": {known("office.example", "/documents", homeProof), ReasonEnroll},
		"fail/store down":            {known("office.example", "/documents", from("totp", "home", "10.1.2.3"), homeProof, store(AccountDown)), ReasonStoreDown},
		"fail/trusted, outside":      {known("office.example", "/documents", from("totp", "home", "192.0.2.8"), from("totp", "office", ""), trusted), ReasonVerify},
	} {
		if d := p.Decide(&c.facts); d.Reason != c.want {
			t.Errorf("%s: %v, want %v", name, d.Reason, c.want)
		}
	}
	if w := strings.Join(p.Warnings(), "\n"); strings.Count(w, "enroll_from: a network of all addresses") != 1 || !strings.Contains(w, "policy.yaml:7:") {
		t.Errorf("warnings %s", w)
	}
}
