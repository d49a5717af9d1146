package policy

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const trusting = `
version: 1
defaults: {require: mfa, protect: [/documents, {path: /orders, fresh: 5m}, {path: /keys, require: phishing-resistant}], methods: [passkey, totp]}
tenants:
  month: {hosts: [month.example], trust_device: 30d}
  ever: {hosts: [ever.example], trust_device: unlimited, share: everywhere}
  none: {hosts: [none.example], share: everywhere}
  strict: {hosts: [strict.example], trust_device: unlimited, require: phishing-resistant}
  two: {hosts: [two.example], trust_device: unlimited, minimum: 2}
  branch: {hosts: [branch.example], parent: month, trust_device: none}
`

func device(age time.Duration, trustedBy, kind, made string) func(*Facts) {
	return func(f *Facts) {
		f.Account.Device = TrustedDevice{Tenant: trustedBy, At: before(age), Method: AccountMethod{Kind: kind, Tenant: made, First: "email"}}
	}
}

// TestDesign_H13_TrustedDevices: a trusted browser passes where its tenant says
// so, for as long, and nowhere that wants more.
func TestDesign_H13_TrustedDevices(t *testing.T) {
	p := mustParse(t, trusting)
	totpOf := func(tenant string) func(*Facts) { return has("totp", tenant, "email") }
	for name, c := range map[string]struct {
		facts Facts
		want  Reason
	}{
		"ok/trusted":                   {known("month.example", "/documents", totpOf("month"), device(30*day, "month", "totp", "month")), ReasonTrustedDevice},
		"ok/until revoked":             {known("ever.example", "/documents", totpOf("ever"), device(3000*day, "ever", "totp", "ever")), ReasonTrustedDevice},
		"ok/proven as well":            {known("month.example", "/documents", totpOf("month"), device(day, "month", "totp", "month"), proven(time.Hour, "month", "email", "totp")), ReasonVerified},
		"ok/by a method made where it": {known("ever.example", "/documents", totpOf("none"), device(day, "ever", "totp", "none")), ReasonTrustedDevice},

		"fail/too long ago":              {known("month.example", "/documents", totpOf("month"), device(30*day+time.Second, "month", "totp", "month")), ReasonVerify},
		"fail/from the future":           {known("month.example", "/documents", totpOf("month"), device(-time.Hour, "month", "totp", "month")), ReasonVerify},
		"fail/no time":                   {known("month.example", "/documents", totpOf("month"), func(f *Facts) { f.Account.Device.Tenant = "month" }), ReasonVerify},
		"fail/of another tenant":         {known("month.example", "/documents", totpOf("month"), device(day, "ever", "totp", "month")), ReasonVerify},
		"fail/not trusted any more":      {known("none.example", "/documents", totpOf("none"), device(day, "none", "totp", "none")), ReasonVerify},
		"fail/by a method of elsewhere":  {known("month.example", "/documents", totpOf("month"), device(day, "month", "totp", "ever")), ReasonVerify},
		"fail/by a method not taken":     {known("month.example", "/documents", totpOf("month"), device(day, "month", "sms", "month")), ReasonVerify},
		"fail/a fresh proof is wanted":   {known("month.example", "/orders", totpOf("month"), device(time.Second, "month", "totp", "month")), ReasonVerify},
		"fail/a passkey is wanted":       {known("month.example", "/keys", has("passkey", "month", "email"), device(time.Second, "month", "passkey", "month")), ReasonVerify},
		"fail/the tenant wants passkeys": {known("strict.example", "/documents", has("passkey", "strict", "email"), device(time.Second, "strict", "passkey", "strict")), ReasonVerify},
		"fail/one more method is owed":   {known("two.example", "/documents", totpOf("two"), device(day, "two", "totp", "two")), ReasonMoreMethods},
		"fail/no method is left":         {known("month.example", "/documents", device(day, "month", "totp", "month")), ReasonEnroll},
		"fail/store down":                {known("month.example", "/documents", totpOf("month"), device(day, "month", "totp", "month"), store(AccountDown)), ReasonStoreDown},
		"fail/the tenant below does not": {known("branch.example", "/documents", identity("month"), totpOf("month"), totpOf("branch"), device(day, "month", "totp", "month")), ReasonVerify},
	} {
		if d := p.Decide(&c.facts); d.Reason != c.want {
			t.Errorf("%s: %v, want %v", name, d.Reason, c.want)
		}
	}
}

func TestTrustDeviceIsWarnedOf(t *testing.T) {
	for text, want := range map[string]bool{
		"{trust_device: 30d, methods: [passkey], require: phishing-resistant}":                                                   true,
		"{trust_device: 30d, methods: [passkey], require: mfa, protect: [{path: /keys, require: phishing-resistant}]}":           true,
		"{trust_device: 30d, methods: [passkey], require: mfa, protect: [/keys]}":                                                false,
		"{trust_device: none, methods: [passkey], require: phishing-resistant, protect: [/x]}":                                   false,
		"{trust_device: unlimited, methods: [passkey, totp], require: none, protect: [{path: /k, require: phishing-resistant}]}": true,
	} {
		p := mustParse(t, "version: 1\ntenants:\n  a: "+text)
		if got := slices.ContainsFunc(p.Warnings(), func(w string) bool {
			return strings.HasPrefix(w, "policy.yaml:3:") && strings.Contains(w, "tenant a trusts devices")
		}); got != want {
			t.Errorf("%s: warned %v, %q", text, got, p.Warnings())
		}
	}
}

// TestDevice_OfAnotherKindThanIsAssigned: what a browser was trusted for has to be
// the person's to use still: since the company's provider was assigned, a phone is
// not.
func TestDevice_OfAnotherKindThanIsAssigned(t *testing.T) {
	p := mustParse(t, strings.Replace(suite, "defaults: {", "defaults: {trust_device: 30d, ", 1))
	link, phone := has("oidc.entra", "finteqx", "email"), has("totp", "finteqx", "email")
	for kind, want := range map[string]Reason{"totp": ReasonVerify, "oidc.entra": ReasonTrustedDevice} {
		f := known("finteqx.example", "/", as("bob@finteqx.tech"), link, phone, device(time.Hour, "finteqx", kind, "finteqx"))
		if d := p.Decide(&f); d.Reason != want {
			t.Errorf("by %s: %v, want %v", kind, d.Reason, want)
		}
	}
}
