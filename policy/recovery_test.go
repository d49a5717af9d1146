package policy

import (
	"strings"
	"testing"
	"time"
)

const recovering = `version: 1
defaults: {protect: [/documents, {path: /orders, fresh: 5m}], methods: [passkey, totp]}
tenants:
  both: {hosts: [both.example], require: mfa, methods: [passkey], recovery: {methods: [totp, codes], minimum: 2}}
  three: {hosts: [three.example], require: mfa, recovery: {methods: [totp], minimum: 3}}
  alone: {hosts: [alone.example], recovery: {methods: [totp], required: true}}
  two: {hosts: [two.example], recovery: {methods: [totp, codes], minimum: 2, required: true}, methods: [passkey]}
  mail: {hosts: [mail.example], recovery: {methods: [email], required: true}}
  soft: {hosts: [soft.example], recovery: {methods: [totp], required: true}, remind: {every: 1d, times: unlimited}}
  kept: {hosts: [kept.example], recovery: {methods: [totp], required: true}, on_disable: keep}
`

// S3.24, S3.25, S3.28, S3.46: ways of recovery are asked for beside methods, or
// alone, and only those that are missing.
func TestS3_24_RecoveryDecides(t *testing.T) {
	p := mustParse(t, recovering)
	of := func(tenant string, kinds ...string) func(*Facts) {
		return func(f *Facts) {
			for _, k := range kinds {
				has(k, tenant, "email")(f)
			}
		}
	}
	codes := func(f *Facts) { f.Account.Codes = true }
	mailed := func(f *Facts) { f.Account.Mailed = true }
	passkey := func(tenant string) func(*Facts) { return proven(time.Hour, tenant, "email", "passkey") }
	app := func(tenant string) func(*Facts) { return proven(time.Hour, tenant, "email", "totp") }
	for name, c := range map[string]struct {
		facts Facts
		want  Reason
	}{
		"fail/S3.28 has nothing":                        {known("both.example", "/documents"), ReasonEnroll},
		"fail/S3.28 a way of recovery is no method":     {known("both.example", "/documents", of("both", "totp"), app("both")), ReasonEnroll},
		"fail/S3.46 a method and nothing else":          {known("both.example", "/documents", of("both", "passkey"), passkey("both")), ReasonMoreMethods},
		"ok/S3.28 a method and a way of recovery":       {known("both.example", "/documents", of("both", "passkey", "totp"), passkey("both")), ReasonVerified},
		"ok/S3.28 a method and codes":                   {known("both.example", "/documents", of("both", "passkey"), codes, passkey("both")), ReasonVerified},
		"ok/S3.28 two methods":                          {known("both.example", "/documents", of("both", "passkey", "passkey"), passkey("both")), ReasonVerified},
		"fail/codes are no way here":                    {known("three.example", "/documents", of("three", "passkey", "totp"), codes, passkey("three")), ReasonMoreMethods},
		"ok/three of any kind":                          {known("three.example", "/documents", of("three", "passkey", "totp", "totp"), passkey("three")), ReasonVerified},
		"fail/S3.25 recovery alone, has nothing":        {known("alone.example", "/documents"), ReasonEnroll},
		"fail/S3.25 recovery alone, has another method": {known("alone.example", "/documents", of("alone", "passkey"), passkey("alone")), ReasonEnroll},
		"ok/S3.25 recovery alone, registered":           {known("alone.example", "/documents", of("alone", "totp")), ReasonNotRequired},
		"ok/S3.25 …and proven, without the store":       {known("alone.example", "/documents", store(AccountDown), app("alone")), ReasonVerified},
		"ok/S3.25 …where a requirement would be strict": {known("alone.example", "/orders", of("alone", "totp")), ReasonNotRequired},
		"fail/S3.25 the store cannot say":               {known("alone.example", "/documents", store(AccountDown)), ReasonStoreDown},
		"fail/two ways, has one":                        {known("two.example", "/documents", of("two", "totp")), ReasonMoreMethods},
		"fail/two ways, has one, proven":                {known("two.example", "/documents", of("two", "totp"), app("two")), ReasonMoreMethods},
		"ok/two ways":                                   {known("two.example", "/documents", of("two", "totp"), codes), ReasonNotRequired},
		"ok/by mail there is nothing to register":       {known("mail.example", "/documents", mailed), ReasonNotRequired},
		"fail/by mail without an address":               {known("mail.example", "/documents"), ReasonEnroll},
		"fail/it may be put off":                        {known("soft.example", "/orders", first("soft", 0, 0)), ReasonRemind},
		"fail/kept, who has one is asked":               {known("kept.example", "/documents", of("kept", "totp")), ReasonVerify},
		"fail/kept, who has none registers":             {known("kept.example", "/documents"), ReasonEnroll},
		"ok/kept, proven":                               {known("kept.example", "/documents", of("kept", "totp"), app("kept")), ReasonVerified},
	} {
		t.Run(name, func(t *testing.T) {
			d := p.Decide(&c.facts)
			if d.Reason != c.want || d.Ask != AskNothing {
				t.Errorf("%v (ask %v), want %v", d.Reason, d.Ask, c.want)
			}
			if strings.HasPrefix(name, "ok/") != (d.Verdict == Allow) {
				t.Errorf("%v", d.Verdict)
			}
		})
	}
}

func TestRecoveryThatCannotBe(t *testing.T) {
	for line, want := range map[string]string{
		"recovery: {minimum: 7}":                                              "recovery.minimum: 7, but methods, recovery and limits let a user have 6",
		"recovery: {methods: [codes], required: true}":                        "codes come with a method and nobody registers them alone",
		"recovery: {methods: [totp, codes], minimum: 7, required: true}":      "recovery.minimum: 7, but its methods and limits let a user have 6",
		"recovery: {methods: [totp], minimum: 0}":                             "minimum is a whole number",
		"recovery: {methods: [totp], required: yes}":                          "required is true or false",
		"methods: [passkey, totp], recovery: {methods: [email], minimum: 17}": "minimum is a whole number from 1 to 10",
	} {
		if _, err := parseText("version: 1\ntenants:\n  a: {"+line+"}\n", Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", line, err)
		}
	}
	p := mustParse(t, "version: 1\ndefaults: {recovery: {methods: [totp], minimum: 2, required: true}}\ntenants: {a: {}, b: {recovery: {methods: [codes]}}}\n")
	if a, b := p.Tenant("a"), p.Tenant("b"); !a.RecoveryRequired || a.RecoveryMinimum != 2 || b.RecoveryRequired || b.RecoveryMinimum != 1 {
		t.Errorf("%+v %+v", a.Terms, b.Terms)
	}
}
