package policy

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// What was decided of one page is said of another only where Decide says it too, and
// it is said where the rules are paths alone.
func TestAlike_AsDecideSays(t *testing.T) {
	own, err := NewPrefixes([]string{"/own"}, "")
	if err != nil {
		t.Fatal(err)
	}
	const office = "version: 1\ntenants:\n  a: {hosts: [a.example], require: mfa, methods: [totp, passkey], protect: [/documents, /documents/old, /do, /.mfab]MORE}\n  b: {hosts: [b.example], require: mfa, protect: [/documents, /do]}\n"
	at := time.Unix(1_700_000_000, 0)
	for name, c := range map[string]struct {
		text   string
		change func(*Facts)
		alike  bool // for some pair of pages
	}{
		"ok/paths alone":               {office, func(*Facts) {}, true},
		"ok/the only tenant's":         {"version: 1\ntenants:\n  a: {require: mfa, protect: [/documents, /do]}\n", func(f *Facts) { f.Proof.Tenant = "a" }, true},
		"ok/the whole site":            {"version: 1\ntenants:\n  a: {require: mfa, protect: [/]}\n", func(*Facts) {}, true},
		"ok/all of one host":           {strings.Replace(office, "[/documents, /documents/old, /do, /.mfab]", "[/]", 1), func(*Facts) {}, true},
		"fail/prefixes of the gate's":  {office, func(f *Facts) { f.Protect = own }, false},
		"fail/a tenant by identity":    {office, func(f *Facts) { f.TenantMapped, f.Tenant = true, "a" }, false},
		"fail/a service account":       {strings.Replace(office, "MORE", ", service_accounts: [{user: svc, from: [192.0.2.0/24], until: 2999-01-01, owner: a@b.example, reason: export}]", 1), func(*Facts) {}, false},
		"fail/case tells paths apart":  {strings.Replace(office, "MORE", ", case: sensitive", 1), func(*Facts) {}, false},
		"ok/an allow":                  {strings.Replace(office, "MORE", ", allow: [/documents/help, /do]", 1), func(*Facts) {}, true},
		"ok/an allow of the whole":     {"version: 1\ntenants:\n  a: {require: mfa, protect: [/], allow: [/do, /documents/help]}\n", func(*Facts) {}, true},
		"fail/an allow of a method":    {strings.Replace(office, "MORE", ", allow: [{path: /documents/help, method: [GET]}]", 1), func(*Facts) {}, false},
		"fail/an allow of a query":     {strings.Replace(office, "MORE", ", allow: [/do, {path: /documents/help, query: {page: x}}]", 1), func(*Facts) {}, false},
		"fail/an allow with its keys":  {strings.Replace(office, "MORE", ", allow: [{path: /documents/help, keys: [page]}]", 1), func(*Facts) {}, false},
		"fail/a fresh area":            {strings.Replace(office, "/do,", "{path: /do, fresh: 5m},", 1), func(*Facts) {}, false},
		"fail/a phishing-resistant":    {strings.Replace(office, "/do,", "{path: /do, require: phishing-resistant},", 1), func(*Facts) {}, false},
		"fail/a rule of a query":       {strings.Replace(office, "/do,", "{path: /do, query: {page: x}},", 1), func(*Facts) {}, false},
		"fail/resistant everywhere":    {strings.Replace(office, "a.example], require: mfa", "a.example], require: phishing-resistant", 1), func(f *Facts) { f.Proof.Resistant = true }, false},
		"fail/nothing is required":     {strings.Replace(office, "a.example], require: mfa", "a.example], require: none", 1), func(*Facts) {}, false},
		"fail/nothing is proven":       {office, func(f *Facts) { f.Proof = Proof{} }, false},
		"fail/a proof is asked afresh": {strings.Replace(office, "[/documents, ", "[{path: /documents, fresh: 1h}, ", 1), func(*Facts) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := mustParse(t, strings.Replace(c.text, "MORE", "", 1))
			alike := false
			pages := []string{"/documents", "/documents/1", "/Documents/OLD/2", "/do/", "/do", "/own/1", "/open", "/doc", "/documents/help", "/documents/help/1?page=x", "/documents/HELP.html", "/documents/he-lp", "/documents/helpers", "/.mfa/enroll", "/.mfa%2fenroll", "/.mfab", "/%64o", "/documents//1", "/open/..;/do", "/do;a=b", "/do.php/x", "/open?/documents", "*", "", "do"}
			for _, first := range pages {
				f := Facts{
					Place: Place{Host: "a.example", Mount: DefaultMount}, Method: "GET", Now: at, Client: netip.MustParseAddr("192.0.2.1"), Who: Known, User: "bob",
					Proof: Proof{At: at, Tenant: "a", First: FirstEmail, Methods: []string{MethodTOTP}},
				}
				c.change(&f)
				decided := func(page string) Decision {
					f.Sent.Path, f.Sent.RawQuery, _ = strings.Cut(page, "?")
					return p.Decide(&f)
				}
				was := decided(first)
				for _, host := range []string{"a.example", "b.example"} {
					for _, page := range pages {
						f.Host = host
						want := decided(page)
						area, ok := p.Alike(&f.Place, &f.Sent, &was)
						if !ok {
							continue
						}
						got := was
						if got.Area = area; got != want {
							t.Errorf("%s at %s after %s: said to be %+v, decided %+v", page, host, first, got, want)
						}
						alike = true
					}
				}
			}
			if alike != c.alike {
				t.Errorf("something was alike: %v", alike)
			}
		})
	}
}
