package policy

import (
	"path/filepath"
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
