package policy

import (
	"strings"
	"testing"
	"time"
)

const suite = `
version: 1
defaults: {require: mfa, protect: [/]}
tenants:
  finteqx:
    hosts: [finteqx.example]
    methods: [sms, totp, oidc]
    assign: {finteqx.tech: oidc.entra, finteqx.nl: oidc.entra}
  bakker: {hosts: [bakker.example], methods: [sms]}
`

func as(email string) func(*Facts) { return func(f *Facts) { f.Email = email } }

// TestS2_6_SideBySide: whose domain is assigned has the company's provider and
// nothing else; everybody else has the other methods and not the provider. S2.12:
// several domains in one tenant.
func TestS2_6_SideBySide(t *testing.T) {
	p := mustParse(t, suite)
	link, phone := has("oidc.entra", "finteqx", "email"), has("sms", "finteqx", "email")
	byLink := proven(time.Hour, "finteqx", "email", "oidc.entra")
	byPhone := proven(time.Hour, "finteqx", "email", "sms")
	interim := func(f *Facts) { f.Proof.Interim = true }
	for name, c := range map[string]struct {
		facts Facts
		want  Reason
	}{
		"ok/assigned, linked, proven":            {known("finteqx.example", "/", as("bob@finteqx.tech"), link, byLink), ReasonVerified},
		"ok/S2.12 assigned, another domain":      {known("finteqx.example", "/", as("bob@FinteqX.nl"), link, byLink), ReasonVerified},
		"ok/not assigned, phone":                 {known("finteqx.example", "/", as("eva@gmail.example"), phone, byPhone), ReasonVerified},
		"ok/S2.18 a session from before goes on": {known("finteqx.example", "/", as("bob@finteqx.tech"), phone, byPhone), ReasonVerified},
		"ok/S2.18 also after unlinking":          {known("finteqx.example", "/", as("bob@gmail.example"), link, byLink), ReasonVerified},
		"fail/assigned, linked, not proven":      {known("finteqx.example", "/", as("bob@finteqx.tech"), link), ReasonVerify},
		"fail/assigned, a phone alone":           {known("finteqx.example", "/", as("bob@finteqx.tech"), phone), ReasonEnroll},
		"fail/assigned, proven by phone anew":    {known("finteqx.example", "/", as("bob@finteqx.tech"), phone, byPhone, interim), ReasonEnroll},
		"fail/not assigned, linked":              {known("finteqx.example", "/", as("bob@gmail.example"), link), ReasonEnroll},
		"fail/not assigned, proven by it anew":   {known("finteqx.example", "/", as("bob@gmail.example"), link, byLink, interim), ReasonEnroll},
		"fail/half a domain":                     {known("finteqx.example", "/", as("bob@evilfinteqx.tech"), link), ReasonEnroll},
		"fail/a domain alone":                    {known("finteqx.example", "/", as("finteqx.tech"), link), ReasonEnroll},
		"fail/no address":                        {known("finteqx.example", "/", link), ReasonEnroll},
		"fail/another provider":                  {known("finteqx.example", "/", as("bob@finteqx.tech"), has("oidc.other", "finteqx", "email")), ReasonEnroll},
		"fail/a tenant without it":               {known("bakker.example", "/", as("bob@finteqx.tech"), has("oidc.entra", "bakker", "email"), proven(time.Hour, "bakker", "email", "oidc.entra")), ReasonEnroll},
	} {
		t.Run(name, func(t *testing.T) {
			if d := p.Decide(&c.facts); d.Reason != c.want || d.Ask != AskNothing {
				t.Errorf("%v (ask %d), want %v", d.Reason, d.Ask, c.want)
			}
		})
	}
}

func TestAssign(t *testing.T) {
	for line, want := range map[string]string{
		"methods: [oidc], assign: {a.example: oidc.entra}":             "",
		"methods: [oidc.entra, totp], assign: {a.example: oidc.entra}": "",
		"methods: [totp, sms], assign: {a.example: sms}":               "",
		"methods: [totp, oidc]":                                        "",
		"methods: [totp], assign: {a.example: oidc.entra}":             "3:32: assign: a.example gets oidc.entra, which methods do not name",
		"methods: [oidc], assign: {a.example: oidc}":                   "names no provider: write oidc.<name>",
		"methods: [oidc], assign: {a.example: oidc.nobody}":            "there is no provider oidc.nobody: write `oidc nobody {",
		"methods: [oidc.nobody], assign: {a.example: oidc.nobody}":     "there is no provider oidc.nobody",
		"methods: [oidc], assign: {a.example: entra}":                  "is one of methods, such as oidc.entra",
		"methods: [oidc], assign: {'*.example': oidc.entra}":           "*.example is no domain of mail addresses",
		"methods: [oidc], assign: {Example.com: oidc.entra}":           "is no domain of mail addresses",
		"methods: [oidc], assign: {'bob@a.example': oidc.entra}":       "is no domain of mail addresses",
		"methods: [oidc]": "nothing but oidc, and assign gives it to no domain",
		"methods: [oidc.Entra], assign: {a.example: oidc.entra}":                                 "an item of methods is",
		"methods: [oidc], minimum: 2, assign: {a.example: oidc.entra}":                           "methods and limits let a user have 1",
		"methods: [totp, oidc], assign: {a.example: oidc.entra}, first: none, limits: {oidc: 1}": "",
	} {
		_, err := parseText("version: 1\ntenants:\n  a: {"+line+"}\n", Options{Providers: []string{"entra"}})
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", line, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
	if _, err := parseText("version: 1\ntenants:\n  a: {methods: [totp, oidc]}\n", Options{Providers: []string{}}); err == nil || !strings.Contains(err.Error(), "oidc needs a provider") {
		t.Errorf("%v", err)
	}
}

// TestQuestionsAboutProviders: tests of a policy can ask for whom it is assigned.
func TestQuestionsAboutProviders(t *testing.T) {
	mustParse(t, suite+`
tests:
  - {as: {user: bob, tenant: finteqx, email: bob@finteqx.tech, methods: [oidc.entra], proven: 2m}, get: /, want: verified}
  - {as: {user: bob, tenant: finteqx, email: bob@finteqx.tech, methods: [sms]}, get: /, want: enroll}
  - {as: {user: eva, tenant: finteqx, email: eva@gmail.example, methods: [sms]}, get: /, want: verify}
`)
	var q Question
	if err := q.As("user=bob,email=bob@finteqx.tech,methods=oidc.entra"); err != nil || q.Email != "bob@finteqx.tech" {
		t.Errorf("%v, %+v", err, q)
	}
	if err := q.As("user=bob,methods=oidc"); err == nil {
		t.Error("a provider without its name is taken")
	}
}

// TestFinanceSuite: a product whose customers choose between texts and their own
// identity provider, in this policy's words.
func TestFinanceSuite(t *testing.T) {
	p, err := parseText(`
version: 1
defaults:
  activate: next-session
  prove: session
  share: tenant
  on_disable: release
  first: email
  trust_device: none
  limits: {sms: 1}
  language: nl
  protect: [/]
  allow: [{path: /inloggen, method: [GET, POST]}, /wachtwoord-vergeten, /assets]
  brand: {password: /wachtwoord-vergeten}
tenants:
  bakker: {name: Bakker BV, require: mfa, methods: [sms]}
  finteqx:
    name: FinteQX
    require: mfa
    methods: [sms, totp, oidc]
    assign: {finteqx.tech: oidc.entra, finteqx.nl: oidc.entra}
`, Options{Mail: MailYes, SMS: MailYes, Providers: []string{"entra"}})
	if err != nil {
		t.Fatal(err)
	}
	if b := p.Tenant("bakker"); len(b.Methods) != 1 || b.Methods[0] != MethodSMS || b.Limits[MethodSMS] != 1 {
		t.Errorf("S2.3: %+v", b.Terms)
	}
	if got := p.Tenant("finteqx").AssignedDomains("oidc.entra"); len(got) != 2 {
		t.Errorf("S2.12: %v", got)
	}
}

// TestS2_3_TextsAreMandatory: where texts are the one method, everybody needs a
// number, whatever else they have.
func TestS2_3_TextsAreMandatory(t *testing.T) {
	p := mustParse(t, suite)
	for name, c := range map[string]struct {
		facts Facts
		want  Reason
	}{
		"fail/has nothing":             {known("bakker.example", "/"), ReasonEnroll},
		"fail/has an app":              {known("bakker.example", "/", has("totp", "bakker", "email")), ReasonEnroll},
		"fail/has an app, proven":      {known("bakker.example", "/", has("totp", "bakker", "email"), proven(time.Hour, "bakker", "email", "totp"), func(f *Facts) { f.Proof.Interim = true }), ReasonEnroll},
		"fail/has a number":            {known("bakker.example", "/", has("sms", "bakker", "email")), ReasonVerify},
		"ok/has a number, proven":      {known("bakker.example", "/", has("sms", "bakker", "email"), proven(time.Hour, "bakker", "email", "sms")), ReasonVerified},
		"ok/another tenant takes apps": {known("finteqx.example", "/", as("eva@gmail.example"), has("totp", "finteqx", "email"), proven(time.Hour, "finteqx", "email", "totp")), ReasonVerified},
	} {
		t.Run(name, func(t *testing.T) {
			if d := p.Decide(&c.facts); d.Reason != c.want {
				t.Errorf("%v, want %v", d.Reason, c.want)
			}
		})
	}
}
