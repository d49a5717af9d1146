package enroll

import (
	"strings"
	"testing"
	"time"
)

func passing() Rules {
	r := silva()
	r.First = FirstPass
	return r
}

func TestPass(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), passing()
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	if v.Owed != FirstPass {
		t.Fatalf("owes %q", v.Owed)
	}
	w.refused(w.SendCode(ctx, v, p, r, write), ErrWrongStep)
	_, err = w.BeginTOTP(ctx, v, p, r, nil, "")
	w.refused(err, ErrWrongStep)
	if w.account(p).Pass("silva", w.clock.now()) {
		t.Error("there is a pass before one is issued")
	}
	code, expires, err := w.IssuePass(ctx, p, r, 0)
	w.ok(err)
	if len(strings.ReplaceAll(code, "-", "")) != passLength || !expires.Equal(w.clock.now().Add(time.Hour)) {
		t.Fatalf("%q until %s", code, expires)
	}
	if strings.Contains(w.text(p), strings.ReplaceAll(code, "-", "")) {
		t.Error("the store holds it")
	}
	if a := w.account(p); !a.Pass("silva", w.clock.now()) || a.Pass("lima", w.clock.now()) {
		t.Error("it is not known, or in another tenant")
	}
	w.told("temporary access pass")
	// Nobody else's, and of no other tenant.
	ann, err := w.BeginVisit(ctx, person("ann"), r, nil)
	w.ok(err)
	w.refused(w.VerifyPass(ctx, ann, person("ann"), r, code), ErrBadCode)
	there := passing()
	there.Tenant = "lima"
	w.refused(w.VerifyPass(ctx, v, p, there, code), ErrBadCode)
	w.refused(w.VerifyPass(ctx, v, p, r, "ABCD"), ErrBadCode) // no guess
	w.ok(w.VerifyPass(ctx, v, p, r, " "+strings.ToLower(code)+" "))
	if v.Owed != "" || v.First != FirstPass || v.EmailVerified {
		t.Errorf("got %+v", v)
	}
	// Once, also in another browser.
	other, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.refused(w.VerifyPass(ctx, other, p, r, code), ErrUsedCode)
	if _, err := w.BeginTOTP(ctx, v, p, there, nil, ""); err == nil {
		t.Error("one tenant's pass begins an enrolment in another")
	}
	setup, err := w.BeginTOTP(ctx, v, p, r, nil, "")
	w.ok(err)
	e, err := w.FinishTOTP(ctx, v, p, r, nil, newApp(t, setup.Secret).code(t, w.clock.now()), "")
	w.ok(err)
	if e.Method.First != FirstPass || e.Flag.First != FirstPass || e.Flag.Resistant {
		t.Errorf("got %+v", e)
	}
	w.refused(w.VerifyPass(ctx, v, p, r, code), ErrWrongStep)
	// C3: enrolled with one tenant's pass, another that asks for one owes its own.
	owed := w.account(p).Owes(there, &e.Flag)
	if owed != FirstPass {
		t.Errorf("in another tenant %q is owed", owed)
	}
	if owed = w.account(p).Owes(lima(), &e.Flag); owed != FirstEmail {
		t.Errorf("where the mailbox is asked for, %q is owed", owed)
	}
}

// TestPass_InPlaceOfTheMail: an administrator's word opens what the tenant asks
// the mailbox for, for who has lost that.
func TestPass_InPlaceOfTheMail(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	code, _, err := w.IssuePass(ctx, p, r, time.Minute)
	w.ok(err)
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.ok(w.VerifyPass(ctx, v, p, r, code))
	_, err = w.BeginTOTP(ctx, v, p, r, nil, "")
	w.ok(err)
}

func TestPass_Ends(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), passing()
	old, _, err := w.IssuePass(ctx, p, r, 0)
	w.ok(err)
	code, _, err := w.IssuePass(ctx, p, r, 100*time.Hour)
	w.ok(err)
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.refused(w.VerifyPass(ctx, v, p, r, old), ErrBadCode) // an earlier one stops working
	for range 4 {
		w.refused(w.VerifyPass(ctx, v, p, r, old), ErrBadCode)
	}
	w.refused(w.VerifyPass(ctx, v, p, r, code), ErrTooMany)
	again, _, err := w.IssuePass(ctx, p, r, 100*time.Hour) // whoever guessed keeps nobody out
	w.ok(err)
	w.clock.add(14 * time.Minute)
	w.refused(w.VerifyPass(ctx, v, p, r, code), ErrBadCode)
	w.clock.add(24*time.Hour - 13*time.Minute)
	v, err = w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.refused(w.VerifyPass(ctx, v, p, r, again), ErrExpired)
	w.clock.add(time.Hour)
	w.refused(w.VerifyPass(ctx, v, p, r, again), ErrExpired) // the visit's time, by now
	if n := len(w.account(p).passes); n != 0 && w.account(p).Pass("silva", w.clock.now()) {
		t.Error("it still counts")
	}
}

func TestReset(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), trustingRules()
	w.refused(w.Reset(ctx, p, r), ErrNotFound)
	e, app := w.enrol(p, r, nil)
	second, _ := w.enrol(p, lima(), &e.Flag)
	token, err := w.TrustDevice(ctx, p, r, &e.Flag, "x")
	w.ok(err)
	pass, _, err := w.IssuePass(ctx, p, r, 0)
	w.ok(err)
	here, there := w.sign(e.Flag), w.sign(second.Flag)

	// C3: one tenant's reset ends what counts there, and nothing else.
	w.ok(w.Reset(ctx, p, r))
	a := w.account(p)
	if len(a.Methods) != 1 || a.Methods[0].Tenant != "lima" || !a.Methods[0].Default || a.CodesLeft != 0 || w.trusts(p, token) {
		t.Fatalf("left: %+v", a)
	}
	if w.counts(w.Service, here) || !w.counts(w.Service, there) {
		t.Error("the wrong flags ended")
	}
	w.told("reset your second step")
	all := Rules{}
	w.ok(w.Reset(ctx, p, all))
	w.restart()
	if a := w.account(p); len(a.Methods) != 0 || !a.Had || w.counts(w.Service, there) {
		t.Fatalf("left: %+v", a)
	}
	// M20, EN3: no new beginning with the password alone.
	for _, first := range []string{FirstNone, FirstTyped, FirstEmail} {
		rules := silva()
		rules.First = first
		if owed := w.account(p).Owes(rules, &e.Flag); owed != FirstEmail {
			t.Errorf("with %s, %q is owed", first, owed)
		}
	}
	w.clock.add(time.Minute)
	_, err = w.ProveTOTP(ctx, p, r, app.code(t, w.clock.now()), false)
	w.refused(err, ErrWrongStep)
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.refused(w.VerifyPass(ctx, v, p, r, pass), ErrWrongStep)
}
