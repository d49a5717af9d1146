package enroll

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestAdvisory_RC1_EachCodeOnce(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), silva()
	e, a := w.enrol(p, r, nil)
	form := regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`) // 16 of 32: 80 bits
	seen := map[string]bool{}
	for _, c := range e.RecoveryCodes {
		if !form.MatchString(c) || seen[c] {
			t.Fatalf("got %q", c)
		}
		seen[c] = true
	}
	if n := w.account(p).CodesLeft; n != 10 {
		t.Fatalf("%d left", n)
	}
	f, err := w.ProveRecovery(ctx, p, r, e.RecoveryCodes[0], false)
	w.ok(err)
	if f.Methods[0] != "codes" || f.Tenant != "silva" || f.First != "email" || f.Resistant {
		t.Fatalf("got %+v", f)
	}
	// RC1: each once, in every spelling, after a restart, for its owner alone.
	for _, again := range []string{e.RecoveryCodes[0], strings.ToLower(e.RecoveryCodes[0]), strings.ReplaceAll(e.RecoveryCodes[0], "-", " ")} {
		_, err = w.ProveRecovery(ctx, p, r, again, false)
		w.refused(err, ErrUsedCode)
	}
	w.restart()
	_, err = w.ProveRecovery(ctx, p, r, e.RecoveryCodes[0], false)
	w.refused(err, ErrUsedCode)
	w.enrol(person("eve"), r, nil)
	_, err = w.ProveRecovery(ctx, person("eve"), r, e.RecoveryCodes[1], false)
	w.refused(err, ErrBadCode)
	_, err = w.ProveRecovery(ctx, p, r, e.RecoveryCodes[1], false)
	w.ok(err)
	if n := w.account(p).CodesLeft; n != 8 {
		t.Fatalf("%d left", n)
	}
	w.told("recovery code was used")

	w.restart()
	w.clock.add(time.Minute)
	f, err = w.ProveTOTP(ctx, p, r, a.code(t, w.clock.now()), false)
	w.ok(err)
	renewed, err := w.NewRecoveryCodes(ctx, p, r, f)
	w.ok(err)
	_, err = w.ProveRecovery(ctx, p, r, e.RecoveryCodes[2], false)
	w.refused(err, ErrBadCode)
	_, err = w.ProveRecovery(ctx, p, r, renewed[2], false)
	w.ok(err)
	if n := w.account(p).CodesLeft; n != 9 {
		t.Fatalf("%d left", n)
	}
}

func TestReadRecovery(t *testing.T) {
	const code = "0123456789ABCDEF"
	for name, tt := range map[string]struct {
		typed string
		ok    bool
	}{
		"ok/as shown":        {"0123-4567-89AB-CDEF", true},
		"ok/lower case":      {"0123-4567-89ab-cdef", true},
		"ok/spaces":          {" 0123 4567\u00a089AB\u200bCDEF\n", true},
		"ok/in one":          {code, true},
		"ok/letters for 0 1": {"OI23-4567-89AB-CDEF", true},
		"ok/l for 1":         {"ol23-4567-89AB-CDEF", true},
		"ok/full-width":      {"０１２３-４５６７-８９ＡＢ-ｃｄｅｆ", true},
		"ok/Arabic digits":   {"٠١٢٣-٤٥٦٧-٨٩AB-CDEF", true},
		"fail/empty":         {"", false},
		"fail/short":         {"0123-4567-89AB-CDE", false},
		"fail/long":          {"0123-4567-89AB-CDEF0", false},
		"fail/U":             {"U123-4567-89AB-CDEF", false},
		"fail/sign":          {"0123.4567.89AB.CDEF", false},
		"fail/between Z, a":  {"[123-4567-89AB-CDEF", false},
		"fail/not UTF-8":     {"0123-4567-89AB-CDE\xff", false},
		"fail/very long":     {strings.Repeat("-", 300) + code, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := readRecovery(tt.typed)
			if ok != tt.ok || ok && got != code {
				t.Fatalf("got %q, %v", got, ok)
			}
		})
	}
}

func FuzzReadRecovery(f *testing.F) {
	f.Add("0123-4567-89AB-CDEF")
	f.Add("ｏｌ２３ 4567 89ab cdef")
	f.Fuzz(func(t *testing.T, typed string) {
		got, ok := readRecovery(typed)
		if ok && (len(got) != recoveryLength || strings.Trim(got, crockford) != "") {
			t.Fatalf("%q is read as %q", typed, got)
		}
		if again, _ := readRecovery(grouped(got)); ok && again != got {
			t.Fatalf("%q is read as %q", got, again)
		}
	})
}

// A stolen database gives neither codes nor secrets nor addresses, and the
// account's own text, opened, holds no recovery code.
func TestAdvisory_EN7_AStolenStoreGivesNoSecret(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	v := w.begin(p, r, nil)
	setup, err := w.BeginTOTP(ctx, v, p, r, nil, "")
	w.ok(err)
	a := newApp(t, setup.Secret)
	e, err := w.FinishTOTP(ctx, v, p, r, nil, a.code(t, w.clock.now()), "Bob's phone")
	w.ok(err)
	key, err := accountKey(p.Realm, p.User)
	w.ok(err)
	rec, err := w.store.Get(ctx, key)
	w.ok(err)
	for _, plain := range []string{"bob@example.com", "phone", "methods", string(a.key)} {
		if bytes.Contains(rec.Value, []byte(plain)) {
			t.Errorf("the store holds %q", plain)
		}
	}
	acc, err := w.load(ctx, p.Realm, p.User)
	w.ok(err)
	text, err := json.Marshal(acc)
	w.ok(err)
	for _, c := range e.RecoveryCodes {
		if bytes.Contains(text, []byte(c)) || bytes.Contains(text, []byte(strings.ReplaceAll(c, "-", ""))) {
			t.Errorf("the account holds the code %s", c)
		}
	}
}
