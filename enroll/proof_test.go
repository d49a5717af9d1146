package enroll

import (
	"testing"
	"time"
)

func lima() Rules {
	r := silva()
	r.Tenant, r.TenantName = "lima", "Lima"
	return r
}

// TestDesign_C3: a user of one name in two realms is two people.
func TestDesign_C3_Realms(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	e, a := w.enrol(p, r, nil)
	q := p
	q.Realm = "b"
	w.clock.add(time.Minute)
	if acc := w.account(q); len(acc.Methods) != 0 || acc.Had || acc.CodesLeft != 0 {
		t.Fatalf("got %+v", acc)
	}
	_, err := w.ProveTOTP(ctx, q, r, a.code(t, w.clock.now()), false)
	w.refused(err, ErrWrongStep)
	_, err = w.ProveRecovery(ctx, q, r, e.RecoveryCodes[0], false)
	w.refused(err, ErrWrongStep)
	v, err := w.BeginVisit(ctx, q, r, &e.Flag)
	w.ok(err)
	if v.Proved || v.Owed == "" {
		t.Fatalf("got %+v", v)
	}
	w.refused(w.Rename(ctx, q, r, &e.Flag, e.Method.ID, "x"), ErrFreshProof)
	w.ok(w.RevokeUser(ctx, "b", "bob", ""))
	if !w.counts(w.Service, w.sign(e.Flag)) {
		t.Fatal("a revocation crosses realms")
	}
}

// TestDesign_C3_WeakestTenant: one enrolled where nothing is asked for first does
// not open a tenant that asks for the mailbox.
func TestDesign_C3_WeakestTenant(t *testing.T) {
	w, p := newWorld(t), person("bob")
	weak := lima()
	weak.First = "none"
	e, app := w.enrol(p, weak, nil)
	if e.Method.First != "none" || e.Flag.First != "none" || e.Flag.Tenant != "lima" {
		t.Fatalf("got %+v", e)
	}
	v, err := w.BeginVisit(ctx, p, silva(), &e.Flag)
	w.ok(err)
	if v.Owed == "" {
		t.Fatal("the weakest tenant decides")
	}
	_, err = w.BeginTOTP(ctx, v, p, silva(), &e.Flag, "")
	w.refused(err, ErrWrongStep)
	w.ok(w.SendCode(ctx, v, p, silva(), write))
	w.ok(w.VerifyCode(ctx, v, p, silva(), mailedCode(t, w.post.letter(t))))
	setup, err := w.BeginTOTP(ctx, v, p, silva(), &e.Flag, "")
	w.ok(err)
	second := newApp(t, setup.Secret)
	here, err := w.FinishTOTP(ctx, v, p, silva(), &e.Flag, second.code(t, w.clock.now()), "")
	w.ok(err)
	if here.Method.First != "email" || here.Method.Tenant != "silva" || here.Flag.Tenant != "silva" {
		t.Fatalf("got %+v", here)
	}
	// Each proof is of the enrolment that was proven, wherever it is asked for.
	w.clock.add(time.Minute)
	f, err := w.ProveTOTP(ctx, p, silva(), app.code(t, w.clock.now()), false)
	w.ok(err)
	if f.Tenant != "lima" || f.First != "none" {
		t.Fatalf("got %+v", f)
	}
	f, err = w.ProveTOTP(ctx, p, weak, second.code(t, w.clock.now()), false)
	w.ok(err)
	if f.Tenant != "silva" || f.First != "email" {
		t.Fatalf("got %+v", f)
	}
	f, err = w.ProveRecovery(ctx, p, silva(), e.RecoveryCodes[0], false)
	w.ok(err)
	if f.Tenant != "silva" || f.First != "email" {
		t.Fatalf("got %+v", f)
	}
}

// From a strict tenant to another: the proof is enough.
func TestSecondTenant(t *testing.T) {
	w, p := newWorld(t), person("bob")
	e, _ := w.enrol(p, silva(), nil)
	v, err := w.BeginVisit(ctx, p, lima(), &e.Flag)
	w.ok(err)
	if v.Owed != "" {
		t.Fatal("the mailbox is asked for again")
	}
	second, _ := w.enrol(p, lima(), &e.Flag)
	if second.Method.First != "email" || second.Method.Tenant != "lima" || second.Method.Default {
		t.Fatalf("got %+v", second.Method)
	}
}

// TestDesign_M20: after the last method is gone, a password alone enrols nothing,
// whatever the tenant asks for first.
func TestDesign_M20_AfterRemoval(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), lax()
	e, _ := w.enrol(p, r, nil)
	token := w.sign(e.Flag)
	w.ok(w.Remove(ctx, p, r, &e.Flag, e.Method.ID))
	if w.counts(w.Service, token) {
		t.Fatal("the flag outlives the last method") // S3.49
	}
	if acc := w.account(p); len(acc.Methods) != 0 || acc.CodesLeft != 0 || !acc.Had {
		t.Fatalf("got %+v", acc)
	}
	w.restart()
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	if v.Owed == "" {
		t.Fatal("first: none still counts")
	}
	_, err = w.BeginTOTP(ctx, v, p, r, nil, "")
	w.refused(err, ErrWrongStep)
	again, _ := w.enrol(p, r, nil)
	if again.Method.First != "email" || len(again.RecoveryCodes) != 10 {
		t.Fatalf("got %+v", again)
	}
	if !w.counts(w.Service, w.sign(again.Flag)) {
		t.Fatal("the new flag does not count")
	}
}

// TestDesign_H9: a proof is of one person, in one session, while it lasts.
func TestDesign_H9_ProofOfAnother(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	e, _ := w.enrol(p, r, nil)
	now := w.clock.now()
	for name, change := range map[string]func(*Person, *Flag){
		"fail/no flag":         func(_ *Person, f *Flag) { *f = Flag{} },
		"fail/other user":      func(_ *Person, f *Flag) { f.User = "Bob" },
		"fail/other realm":     func(_ *Person, f *Flag) { f.Realm = "b" },
		"fail/other session":   func(p *Person, _ *Flag) { p.Session = "another" },
		"fail/no session":      func(_ *Person, f *Flag) { f.Session = "" },
		"fail/over":            func(_ *Person, f *Flag) { f.Expires = now },
		"fail/from the future": func(_ *Person, f *Flag) { f.At = now.Add(2 * time.Minute) },
		"fail/without a time":  func(_ *Person, f *Flag) { f.At = time.Time{} },
		"fail/of no method":    func(_ *Person, f *Flag) { f.Methods = nil },
		"fail/stale":           func(_ *Person, f *Flag) { f.At = now.Add(-5*time.Minute - time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			q, f := p, e.Flag
			change(&q, &f)
			w := *w
			w.t = t
			w.refused(w.Rename(ctx, q, r, &f, e.Method.ID, "x"), ErrFreshProof)
			w.refused(w.SetDefault(ctx, q, r, &f, e.Method.ID), ErrFreshProof)
			w.refused(w.Remove(ctx, q, r, &f, e.Method.ID), ErrFreshProof)
			_, err := w.NewRecoveryCodes(ctx, q, r, &f)
			w.refused(err, ErrFreshProof)
		})
	}
	w.refused(w.Remove(ctx, p, r, nil, e.Method.ID), ErrFreshProof)
	q := p
	q.Session = "" // the identity has no sessions
	w.ok(w.Rename(ctx, q, r, &e.Flag, e.Method.ID, "x"))
}
