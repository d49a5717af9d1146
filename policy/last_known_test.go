package policy

import (
	"testing"
	"time"
)

const lastKnownText = `
version: 1
defaults:
  require: mfa
  protect:
    - {path: /documents, when_store_down: last-known}
    - {path: /documents/closed, when_store_down: closed}
    - {path: /documents/silent}
    - {path: /documents/orders, when_store_down: last-known, fresh: 5m}
    - {path: /plain}
tenants:
  silva: {hosts: [silva.example]}
  strict: {minimum: 2, hosts: [strict.example]}
  rows: {protect: [/documents], hosts: [rows.example], parent: silva}
`

// lastKnown is a proof that stood when the store was last heard.
func lastKnown(tenant string) func(*Facts) {
	return func(f *Facts) {
		f.Proof = Proof{At: before(time.Minute), Tenant: tenant, First: "email", Methods: totp, LastKnown: true}
		f.Account = Account{State: AccountDown}
	}
}

// A proof that stood when the store was last heard goes on only where every
// prefix that protects the target says so; whatever else has to be known is not.
func TestWhenStoreDown(t *testing.T) {
	p := mustParse(t, lastKnownText)
	own, err := NewPrefixes([]string{"/documents/own"}, DefaultMount)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		facts Facts
		want  Reason
	}{
		"ok/last-known":              {known("silva.example", "/documents/1", lastKnown("silva")), ReasonVerified},
		"ok/last-known, still fresh": {known("silva.example", "/documents/orders", lastKnown("silva")), ReasonVerified},
		"ok/closed, but heard": {known("silva.example", "/documents/closed", lastKnown("silva"), func(f *Facts) { f.Proof.LastKnown = false }),
			ReasonVerified},
		"fail/closed is the default":         {known("silva.example", "/plain", lastKnown("silva")), ReasonStoreDown},
		"fail/closed below last-known":       {known("silva.example", "/documents/closed", lastKnown("silva")), ReasonStoreDown},
		"fail/unsaid below last-known":       {known("silva.example", "/documents/silent", lastKnown("silva")), ReasonStoreDown},
		"fail/one reading of it is closed":   {known("silva.example", "/documents/x/..%2fclosed", lastKnown("silva")), ReasonStoreDown},
		"fail/rewritten to what is closed":   {known("silva.example", "/documents/1", rewritten("/plain"), lastKnown("silva")), ReasonStoreDown},
		"fail/the directive's own":           {known("silva.example", "/documents/own", lastKnown("silva"), func(f *Facts) { f.Protect = own }), ReasonStoreDown},
		"fail/one of two tenants is closed":  {known("rows.example", "/documents", identity("silva"), lastKnown("silva")), ReasonStoreDown},
		"fail/nobody proved":                 {known("silva.example", "/documents/1", store(AccountDown)), ReasonStoreDown},
		"fail/proven in another tenant":      {known("silva.example", "/documents/1", lastKnown("strict")), ReasonStoreDown},
		"fail/no longer fresh":               {known("silva.example", "/documents/orders", lastKnown("silva"), func(f *Facts) { f.Proof.At = before(6 * time.Minute) }), ReasonStoreDown},
		"fail/more factors have to be known": {known("strict.example", "/documents/1", lastKnown("strict")), ReasonStoreDown},
		"fail/recovered by a code":           {known("silva.example", "/documents/1", lastKnown("silva"), func(f *Facts) { f.Proof.Methods = []string{"codes"} }), ReasonStoreDown},
	} {
		t.Run(name, func(t *testing.T) {
			if d := p.Decide(&c.facts); d.Ask != AskNothing || d.Reason != c.want {
				t.Errorf("%v %v (ask %v), want %v", d.Verdict, d.Reason, d.Ask, c.want)
			}
		})
	}
}
