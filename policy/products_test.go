package policy

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The language is wide enough for products as they are: each of these is one
// policy, and its tests say what it is for.
func TestProducts(t *testing.T) {
	files, err := filepath.Glob("testdata/products/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		p, err := Load(file, Options{Mail: MailYes})
		if err != nil {
			t.Error(err)
			continue
		}
		if len(p.Test()) < 6 || len(p.Untested()) > 0 {
			t.Errorf("%s: %d tests, and none for %v", file, len(p.Test()), p.Untested())
		}
	}
}

// S3.32: where factors and ways of recovery are both asked for, and the factor
// is not the one that is enforced, the loader says so.
func TestS3_32_RecoveryEnforcedAndTheFactorNot(t *testing.T) {
	for lines, warned := range map[string]bool{
		"require: mfa, recovery: {methods: [totp], required: true}, remind: {every: 1d, times: unlimited}": true,
		"require: mfa, recovery: {methods: [totp], required: true}, grace: 14d":                            true,
		"require: mfa, recovery: {methods: [totp], required: true}":                                        false,
		"require: none, recovery: {methods: [totp], required: true}, grace: 14d":                           false,
		"require: mfa, recovery: {methods: [totp], minimum: 2}, grace: 14d":                                false,
	} {
		p := mustParse(t, "version: 1\ntenants:\n  a: {protect: [/a], "+lines+"}\n")
		if got := strings.Contains(strings.Join(p.Warnings(), "\n"), "requires a factor and ways of recovery, and lets the factor wait"); got != warned {
			t.Errorf("%s: warned %v: %v", lines, got, p.Warnings())
		}
	}
}

// S3.20, S3.22, S3.23: one person, who has nothing yet, in the tenants of one file:
// whether they are interrupted, and with what, is what their tenant's policy says.
func TestS3_20_ThePolicyDecidesWhoIsInterrupted(t *testing.T) {
	p := mustParse(t, `version: 1
defaults: {require: mfa, methods: [passkey, totp]}
tenants:
  sign-in: {hosts: [in.example], protect: [/], allow: [/login]}
  resource: {hosts: [res.example], protect: [/admin], methods: [totp]}
  soft: {hosts: [soft.example], protect: [/], remind: {every: 1d, times: unlimited}}
  none: {hosts: [none.example], protect: [/], require: none}
`)
	for name, c := range map[string]struct {
		host, path string
		want       Reason
	}{
		"S3.22 the first page after the sign-in": {"in.example", "/", ReasonEnroll},
		"S3.22 any other":                        {"in.example", "/welcome", ReasonEnroll},
		"S3.22 the sign-in itself":               {"in.example", "/login", ReasonOpen},
		"S3.23 elsewhere":                        {"res.example", "/welcome", ReasonOpen},
		"S3.23 the resource":                     {"res.example", "/admin/users", ReasonEnroll},
		"S3.21 may be put off":                   {"soft.example", "/", ReasonRemind},
		"nothing is asked for":                   {"none.example", "/", ReasonNotRequired},
	} {
		t.Run(name, func(t *testing.T) {
			f := known(c.host, c.path)
			if c.want == ReasonRemind {
				f = known(c.host, c.path, first("soft", 0, 0))
			}
			if d := p.Decide(&f); d.Reason != c.want {
				t.Errorf("%v, want %v", d.Reason, c.want)
			}
		})
	}
	if got := p.Tenant("resource").Methods; !slices.Equal(got, []string{MethodTOTP}) || len(p.Tenant("sign-in").Methods) != 2 {
		t.Errorf("methods %v", got)
	}
}

// S2.1: two secrets that are both known are one kind of factor. Nothing that is
// known can be written as a method, nor as a way of recovery.
func TestS2_1_WhatIsKnownIsNoSecondFactor(t *testing.T) {
	for _, known := range []string{"password", "pin", "questions", "app-password", "pattern"} {
		for _, line := range []string{"methods: [" + known + "]", "methods: [totp, " + known + "]", "recovery: {methods: [" + known + "]}"} {
			if _, err := parseText("version: 1\ntenants:\n  a: {require: mfa, protect: [/], "+line+"}\n", Options{Mail: MailYes}); err == nil {
				t.Errorf("%s is taken", line)
			}
		}
	}
}
