package caddymodule

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// TestSMTPProvision holds a mailer given as JSON to what the Caddyfile is held
// to, once its secrets are read; nothing is dialled.
func TestSMTPProvision(t *testing.T) {
	t.Setenv("MFA_TEST_URL", "smtps://mx.example.com:465\n")
	t.Setenv("MFA_TEST_CLEAR", "smtp://mx.example.com:25")
	t.Setenv("MFA_TEST_USERINFO", "smtps://u:planted@mx.example.com")
	tests := []struct {
		name string
		m    SMTPMailer
		err  string
	}{
		{name: "ok/plain", m: SMTPMailer{URL: "smtp+starttls://mx.example.com:587", From: "Portal <a@example.com>"}},
		{name: "ok/from a variable", m: SMTPMailer{URL: "{env.MFA_TEST_URL}", From: "a@example.com"}},
		{name: "fail/no URL", m: SMTPMailer{From: "a@example.com"}, err: "there is none: write smtp+starttls://"},
		{name: "fail/no sender", m: SMTPMailer{URL: "smtps://mx.example.com"}, err: "write `from security@example.com`"},
		{name: "fail/in clear, from a variable", m: SMTPMailer{URL: "{env.MFA_TEST_CLEAR}", From: "a@example.com"}, err: "in clear"},
		{name: "fail/a name in the URL", m: SMTPMailer{URL: "{env.MFA_TEST_USERINFO}", From: "a@example.com"}, err: "write them as `username` and `password`"},
		{name: "fail/password not set", m: SMTPMailer{URL: "smtps://mx.example.com", From: "a@example.com", Username: "u", Password: "{env.MFA_TEST_UNSET}"}, err: "{env.MFA_TEST_UNSET}"},
		{name: "fail/line break in the sender", m: SMTPMailer{URL: "smtps://mx.example.com", From: "a@example.com\r\nBcc: b@example.com"}, err: "sender"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.m.Provision(caddy.Context{})
			switch {
			case test.err == "" && err != nil:
				t.Fatal(err)
			case test.err == "" && test.m.Mailer() == nil:
				t.Fatal("no mailer")
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "planted")):
				t.Fatalf("error: %v\nwant:  %s", err, test.err)
			}
		})
	}
}
