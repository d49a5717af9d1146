package policy

import (
	"strings"
	"testing"
	"time"
)

const clubs = `
version: 1
defaults: {require: mfa, protect: [/]}
tenants:
  plain: {hosts: [plain.example]}
  mailed: {hosts: [mailed.example], methods: [totp, email]}
  rescued: {hosts: [rescued.example], recovery: {methods: [codes, email]}}
  spare: {hosts: [spare.example], methods: [passkey], recovery: {methods: [codes, totp]}}
`

// TestEmail_OnlyWhereItIsNamed: a mailed code satisfies a tenant that names it,
// and no other; as a way of recovery it lets in and is no method.
func TestEmail_OnlyWhereItIsNamed(t *testing.T) {
	p := mustParse(t, clubs)
	mail := func(tenant string) func(*Facts) { return has("email", tenant, "email") }
	byMail := func(tenant string) func(*Facts) { return proven(time.Hour, tenant, "email", "email") }
	for name, c := range map[string]struct {
		facts Facts
		want  Reason
	}{
		"ok/named and proven":               {known("mailed.example", "/", mail("mailed"), byMail("mailed")), ReasonVerified},
		"ok/named and not proven":           {known("mailed.example", "/", mail("mailed")), ReasonVerify},
		"ok/recovery, a method is left":     {known("rescued.example", "/", has("totp", "rescued", "email"), byMail("rescued")), ReasonVerified},
		"fail/recovery, no method is left":  {known("rescued.example", "/", byMail("rescued")), ReasonEnroll},
		"fail/recovery, the store is down":  {known("rescued.example", "/", byMail("rescued"), store(AccountDown)), ReasonStoreDown},
		"fail/not named":                    {known("plain.example", "/", has("totp", "plain", "email"), byMail("plain")), ReasonVerify},
		"fail/registered and not named":     {known("plain.example", "/", mail("plain"), byMail("plain")), ReasonEnroll},
		"fail/an app for recovery alone":    {known("spare.example", "/", has("totp", "spare", "email"), proven(time.Hour, "spare", "email", "totp")), ReasonEnroll},
		"ok/an app for recovery, a passkey": {known("spare.example", "/", has("totp", "spare", "email"), has("passkey", "spare", "email"), proven(time.Hour, "spare", "email", "totp")), ReasonVerified},
	} {
		t.Run(name, func(t *testing.T) {
			if d := p.Decide(&c.facts); d.Reason != c.want || d.Ask != AskNothing {
				t.Errorf("%v (ask %d), want %v", d.Reason, d.Ask, c.want)
			}
		})
	}
}

// TestWeakIsWarnedOf: what a mailbox gives away is said when the file is loaded.
func TestWeakIsWarnedOf(t *testing.T) {
	for text, want := range map[string]string{
		"methods: [totp, email]":                "methods: email: a mailed code is weak",
		"methods: [email]":                      "one mailbox is both",
		"recovery: {methods: [codes, email]}":   "recovery: email: whoever knows a password",
		"methods: [email], first: none":         "!one mailbox is both",
		"methods: [passkey, totp]":              "!weak",
		"recovery: {methods: [codes]}":          "!recovery",
		"methods: [totp, email], require: none": "methods: email",
		"methods: [sms, email]":                 "beside it; methods: sms: a text message",
		"methods: [sms]":                        "methods: sms: a text message is weak",
	} {
		p := mustParse(t, "version: 1\ntenants:\n  a: {"+text+"}\n")
		got := strings.Join(p.Warnings(), "\n")
		words, unwanted := strings.CutPrefix(want, "!")
		if strings.Contains(got, words) == unwanted {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// TestSendingNeedsASender: a method that nobody could ever use is refused where it is
// written.
func TestSendingNeedsASender(t *testing.T) {
	for text, want := range map[string]string{
		"methods: [totp, sms]":                "3:29: methods: sms needs a gateway",
		"recovery: {methods: [codes, sms]}":   "3:30: recovery: sms needs a gateway",
		"methods: [totp, email]":              "3:29: methods: email needs mail",
		"recovery: {methods: [codes, email]}": "3:30: recovery: email needs mail",
		"methods: [totp]":                     "",
	} {
		_, err := parseText("version: 1\ntenants:\n  a: {first: none, "+text+"}\n", Options{Mail: MailNo, SMS: MailNo})
		switch {
		case want == "" && err != nil:
			t.Error(err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
