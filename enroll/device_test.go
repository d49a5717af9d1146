package enroll

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func trustingRules() Rules {
	r := silva()
	r.TrustDevice = 30 * 24 * time.Hour
	return r
}

// trusts reports whether the token is that of a browser which the account still
// trusts.
func (w *world) trusts(p Person, token string) bool {
	w.t.Helper()
	id, _ := w.ReadDevice(token, p.Realm, p.User, w.clock.now())
	return w.account(p).Device(id) != nil
}

func TestTrustDevice(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), trustingRules()
	e, _ := w.enrol(p, r, nil)
	token, err := w.TrustDevice(ctx, p, r, &e.Flag, "Fire\u202efox\non Linux")
	w.ok(err)
	d := w.account(p).Devices
	if len(d) != 1 || d[0].Name != "Firefoxon Linux" || d[0].Tenant != "silva" || d[0].Proven.Kind != KindTOTP || d[0].Proven.Tenant != "silva" || d[0].Proven.First != "email" || !d[0].Created.Equal(e.Flag.At) {
		t.Fatalf("got %+v", d)
	}
	if !w.trusts(p, token) {
		t.Error("it is not trusted")
	}
	w.told("A browser was trusted")
	// AD2: of nobody else, in no other realm, and no other kind of token.
	for _, q := range []Person{{Realm: "default", User: "ann"}, {Realm: "b", User: "bob"}, {Realm: "default"}} {
		if id, _ := w.ReadDevice(token, q.Realm, q.User, w.clock.now()); id != "" {
			t.Errorf("%+v has it", q)
		}
	}
	known, err := w.SignKnown(p.Realm, p.User)
	w.ok(err)
	for _, other := range []string{w.sign(e.Flag), known, token + "x", "", strings.Repeat("x", 5000)} {
		if id, _ := w.ReadDevice(other, p.Realm, p.User, w.clock.now()); id != "" {
			t.Errorf("%.20s… is taken for one", other)
		}
	}
	if _, err := w.ReadFlag(token, p.Realm, w.clock.now()); err == nil {
		t.Error("it is taken for a flag")
	}
	for range 2 * maxDevices {
		_, err := w.TrustDevice(ctx, p, r, &e.Flag, "x")
		w.ok(err)
	}
	if n := len(w.account(p).Devices); n != maxDevices || w.trusts(p, token) {
		t.Errorf("%d are kept", n)
	}
}

// TestDesign_H13_WhatMakesNoTrust: only a whole second factor, given just now,
// where the rules let it.
func TestDesign_H13_WhatMakesNoTrust(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), trustingRules()
	e, _ := w.enrol(p, r, nil)
	_, err := w.TrustDevice(ctx, p, silva(), &e.Flag, "x")
	w.refused(err, ErrNotOffered)
	_, err = w.TrustDevice(ctx, p, r, nil, "x")
	w.refused(err, ErrFreshProof)
	_, err = w.TrustDevice(ctx, person("ann"), r, &e.Flag, "x")
	w.refused(err, ErrFreshProof)
	mail := e.Flag
	mail.Methods, mail.AMR = []string{"email"}, []string{"otp"}
	_, err = w.TrustDevice(ctx, p, r, &mail, "x")
	w.refused(err, ErrNotOffered)
	f, err := w.ProveRecovery(ctx, p, r, e.RecoveryCodes[0], false)
	w.ok(err)
	_, err = w.TrustDevice(ctx, p, r, f, "x")
	w.refused(err, ErrNotOffered)
	w.ok(w.RevokeUser(ctx, p.Realm, p.User, ""))
	_, err = w.TrustDevice(ctx, p, r, &e.Flag, "x")
	w.refused(err, ErrFreshProof)
	if n := len(w.account(p).Devices); n != 0 {
		t.Errorf("%d are trusted", n)
	}
}

// TestDesign_H13_WhatEndsTrust: all that says something was lost.
func TestDesign_H13_WhatEndsTrust(t *testing.T) {
	for name, end := range map[string]func(w *world, p Person, r Rules, e *Enrolled) error{
		"recovery code": func(w *world, p Person, r Rules, e *Enrolled) error {
			_, err := w.ProveRecovery(ctx, p, r, e.RecoveryCodes[0], false)
			return err
		},
		"sign-out everywhere": func(w *world, p Person, _ Rules, e *Enrolled) error { return w.SignOutEverywhere(ctx, p, &e.Flag) },
		"a removed method":    func(w *world, p Person, r Rules, e *Enrolled) error { return w.Remove(ctx, p, r, &e.Flag, e.Method.ID) },
		"a revocation":        func(w *world, p Person, _ Rules, _ *Enrolled) error { return w.RevokeUser(ctx, p.Realm, p.User, "") },
		"a revocation here": func(w *world, p Person, _ Rules, _ *Enrolled) error {
			return w.RevokeUser(ctx, p.Realm, p.User, "silva")
		},
		"by its id": func(w *world, p Person, r Rules, e *Enrolled) error {
			return w.EndDevice(ctx, p, r, &e.Flag, w.account(p).Devices[0].ID)
		},
		"all of them": func(w *world, p Person, r Rules, e *Enrolled) error { return w.EndDevice(ctx, p, r, &e.Flag, "") },
	} {
		t.Run(name, func(t *testing.T) {
			w, p, r := newBoltWorld(t), person("bob"), trustingRules()
			e, _ := w.enrol(p, r, nil)
			token, err := w.TrustDevice(ctx, p, r, &e.Flag, "x")
			w.ok(err)
			w.restart()
			if !w.trusts(p, token) {
				t.Fatal("a restart ends it")
			}
			w.ok(w.RevokeUser(ctx, p.Realm, p.User, "elsewhere"))
			if !w.trusts(p, token) {
				t.Fatal("another tenant's revocation ends it")
			}
			w.ok(end(w, p, r, e))
			if w.trusts(p, token) {
				t.Error("it is still trusted")
			}
		})
	}
}

func TestEndDevice(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), trustingRules()
	e, _ := w.enrol(p, r, nil)
	for i := range 3 {
		_, err := w.TrustDevice(ctx, p, r, &e.Flag, strconv.Itoa(i))
		w.ok(err)
	}
	id := w.account(p).Devices[1].ID
	w.refused(w.EndDevice(ctx, p, r, nil, id), ErrFreshProof)
	w.refused(w.EndDevice(ctx, p, r, &e.Flag, "no such"), ErrNotFound)
	other := trustingRules()
	other.Tenant = "lima"
	w.refused(w.EndDevice(ctx, p, other, &e.Flag, id), ErrNotFound)
	w.ok(w.EndDevice(ctx, p, other, &e.Flag, ""))
	w.ok(w.EndDevice(ctx, p, r, &e.Flag, id))
	if d := w.account(p).Devices; len(d) != 2 || d[0].Name != "0" || d[1].Name != "2" {
		t.Errorf("left are %+v", d)
	}
}
