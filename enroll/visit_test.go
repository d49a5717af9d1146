package enroll

import (
	"errors"
	"testing"
	"time"
)

func TestVisitLife(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), silva()
	v := w.begin(p, r, nil)
	setup, err := w.BeginTOTP(ctx, v, p, r, nil, "")
	w.ok(err)
	w.restart()
	back, err := w.ResumeVisit(ctx, v.ID, p, r, nil)
	w.ok(err)
	if !back.EmailVerified || back.Owed != "" || back.Begun != KindTOTP || back.HasMethod || !back.Expires.Equal(v.Expires) {
		t.Fatalf("after a restart: %+v", back)
	}
	w.clock.add(VisitLife - time.Second)
	w.ok(w.ExtendVisit(ctx, back))
	w.clock.add(VisitLife - time.Second)
	again, err := w.BeginTOTP(ctx, back, p, r, nil, "")
	w.ok(err)
	if *again != *setup {
		t.Fatal("another key in the same visit")
	}
	// S3.39, EN8: over is over, and nothing is left of it.
	w.clock.add(time.Second)
	_, resume := w.ResumeVisit(ctx, v.ID, p, r, nil)
	_, begin := w.BeginTOTP(ctx, v, p, r, nil, "")
	_, finish := w.FinishTOTP(ctx, v, p, r, nil, newApp(t, setup.Secret).code(t, w.clock.now()), "")
	for i, err := range []error{resume, begin, finish, w.SendCode(ctx, v, p, r, write), w.VerifyCode(ctx, v, p, r, "12345678"), w.ExtendVisit(ctx, v)} {
		if !errors.Is(err, ErrExpired) {
			t.Errorf("call %d: %v", i, err)
		}
	}
	w.ok(w.EndVisit(ctx, v))
	w.ok(w.Notice(ctx, p, r))
	if a, err := w.load(ctx, p.Realm, p.User); err != nil || len(a.Methods) != 0 || a.Had {
		t.Fatalf("got %+v, %v", a, err)
	}
	fresh, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	if fresh.EmailVerified || fresh.Begun != "" {
		t.Fatal("a new visit begins with what an old one had reached") // C8 e
	}
}

func TestVisitIsNotForEver(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), lax()
	v := w.begin(p, r, nil)
	for range 30 {
		w.clock.add(10 * time.Minute)
		if err := w.ExtendVisit(ctx, v); err != nil {
			w.refused(err, ErrExpired)
			return
		}
		if v.Expires.After(w.clock.now().Add(VisitLife)) {
			t.Fatal("longer than 15 minutes ahead")
		}
	}
	t.Fatal("a visit lives for ever")
}

// TestAdvisory_CVE_2026_18963: a visit is of one person and one session.
func TestAdvisory_CVE_2026_18963_EN5_OtherVisitor(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	v := w.begin(p, r, nil)
	setup, err := w.BeginTOTP(ctx, v, p, r, nil, "")
	w.ok(err)
	code := newApp(t, setup.Secret).code(t, w.clock.now())
	eve, elsewhere := person("eve"), p
	elsewhere.Realm = "other"
	for _, q := range []Person{eve, elsewhere} {
		_, resume := w.ResumeVisit(ctx, v.ID, q, r, nil)
		_, begin := w.BeginTOTP(ctx, v, q, r, nil, "")
		_, finish := w.FinishTOTP(ctx, v, q, r, nil, code, "")
		for i, err := range []error{resume, begin, finish, w.SendCode(ctx, v, q, r, write), w.VerifyCode(ctx, v, q, r, "12345678"), w.VerifyLink(ctx, v, q, r, "x")} {
			if i < 5 && !errors.Is(err, ErrWrongAccount) || err == nil {
				t.Errorf("%s, call %d: %v", q.User, i, err)
			}
		}
	}
	again := p
	again.Session = "a later session"
	_, err = w.ResumeVisit(ctx, v.ID, again, r, nil)
	w.refused(err, ErrExpired)
	for _, id := range []string{"", "x", v.ID[:20], v.ID + "A", "../" + v.ID} {
		if _, err := w.ResumeVisit(ctx, id, p, r, nil); err == nil {
			t.Errorf("%q is a visit", id)
		}
	}
	none := *v
	none.ID = w.visitID(p)
	_, err = w.ResumeVisit(ctx, none.ID, p, r, nil)
	w.refused(err, ErrExpired)
	_, err = w.BeginTOTP(ctx, nil, p, r, nil, "")
	w.refused(err, ErrWrongAccount)
	_, err = w.FinishTOTP(ctx, v, p, r, nil, code, "")
	w.ok(err)
}

// TestDesign_H12: an enrolment that was parked half-done is over once the person
// has a factor; and a second factor needs a proof of the first.
func TestDesign_H12_ParkedEnrolment(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), lax()
	parked := w.begin(p, r, nil) // who has the password
	setup, err := w.BeginTOTP(ctx, parked, p, r, nil, "")
	w.ok(err)
	e, _ := w.enrol(p, r, nil) // the person
	theirs := newApp(t, setup.Secret).code(t, w.clock.now())
	_, err = w.FinishTOTP(ctx, parked, p, r, nil, theirs, "")
	w.refused(err, ErrExpired)
	// With everything but the proof.
	_, err = w.BeginVisit(ctx, p, r, nil)
	w.refused(err, ErrFreshProof)
	mine, err := w.BeginVisit(ctx, p, r, &e.Flag)
	w.ok(err)
	stolen := *mine
	_, resume := w.ResumeVisit(ctx, mine.ID, p, r, nil)
	_, begin := w.BeginTOTP(ctx, &stolen, p, r, nil, "")
	w.refused(resume, ErrFreshProof)
	w.refused(begin, ErrFreshProof)
	setup, err = w.BeginTOTP(ctx, mine, p, r, &e.Flag, "")
	w.ok(err)
	code := newApp(t, setup.Secret).code(t, w.clock.now())
	_, err = w.FinishTOTP(ctx, mine, p, r, nil, code, "")
	w.refused(err, ErrFreshProof)
	other := e.Flag
	other.User = "eve"
	_, err = w.FinishTOTP(ctx, mine, p, r, &other, code, "")
	w.refused(err, ErrFreshProof)
	// S3.18, EN2: an old proof shows, a fresh one changes.
	w.clock.add(5*time.Minute + time.Second)
	_, err = w.ResumeVisit(ctx, mine.ID, p, r, &e.Flag)
	w.ok(err)
	_, err = w.FinishTOTP(ctx, mine, p, r, &e.Flag, newApp(t, setup.Secret).code(t, w.clock.now()), "")
	w.refused(err, ErrFreshProof)
	long := r
	long.Manage = 0
	done, err := w.FinishTOTP(ctx, mine, p, long, &e.Flag, newApp(t, setup.Secret).code(t, w.clock.now()), "")
	w.ok(err)
	if done.RecoveryCodes != nil || len(w.account(p).Methods) != 2 {
		t.Fatal("a second method makes new recovery codes, or is not there")
	}
}

// Rules that change while somebody is at it hold at the end too.
func TestFinishDecidesAfresh(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	e, _ := w.enrol(p, r, nil)
	v := w.begin(p, r, &e.Flag)
	setup, err := w.BeginTOTP(ctx, v, p, r, &e.Flag, "")
	w.ok(err)
	code := newApp(t, setup.Secret).code(t, w.clock.now())
	for name, tt := range map[string]struct {
		change func(*Rules)
		want   error
	}{
		"fail/no longer offered":  {func(r *Rules) { r.Methods = []Kind{"passkey"} }, ErrNotOffered},
		"fail/limit made smaller": {func(r *Rules) { r.Limits = map[Kind]int{KindTOTP: 1} }, ErrLimit},
		"fail/limit of none":      {func(r *Rules) { r.Limits = map[Kind]int{KindTOTP: 0} }, ErrLimit},
		"fail/another tenant":     {func(r *Rules) { r.Tenant = "lima" }, ErrWrongStep},
	} {
		t.Run(name, func(t *testing.T) {
			now := silva()
			tt.change(&now)
			if _, err := w.FinishTOTP(ctx, v, p, now, &e.Flag, code, ""); !errors.Is(err, tt.want) {
				t.Fatalf("got %v", err)
			}
		})
	}
	_, err = w.FinishTOTP(ctx, v, p, r, &e.Flag, code, "")
	w.ok(err)
}

func TestLimitOfMethods(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	r.Limits = nil
	e, _ := w.enrol(p, r, nil)
	for range defaultLimit - 1 {
		w.enrol(p, r, &e.Flag)
	}
	v := w.begin(p, r, &e.Flag)
	_, err := w.BeginTOTP(ctx, v, p, r, &e.Flag, "")
	w.refused(err, ErrLimit)
	// One that takes another's place is still possible.
	id := w.account(p).Methods[0].ID
	setup, err := w.BeginTOTP(ctx, v, p, r, &e.Flag, id)
	w.ok(err)
	other := w.sign(e.Flag)
	done, err := w.FinishTOTP(ctx, v, p, r, &e.Flag, newApp(t, setup.Secret).code(t, w.clock.now()), "new")
	w.ok(err)
	a := w.account(p)
	if len(a.Methods) != defaultLimit || a.Methods[0].ID != done.Method.ID || !done.Method.Default || a.Methods[0].Name != "new" {
		t.Fatalf("got %+v", a.Methods)
	}
	if w.counts(w.Service, other) || !w.counts(w.Service, w.sign(done.Flag)) {
		t.Fatal("the flags of the method that went still count, or the new one's does not")
	}
	_, err = w.BeginTOTP(ctx, v, p, r, &done.Flag, "no such method")
	w.refused(err, ErrNotFound)
}

// EN6: every illegal move of the wizard changes nothing.
func TestWizardIllegalMoves(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	moves := map[string]func() error{
		"verify before send": func() error { return w.VerifyCode(ctx, v, p, r, "12345678") },
		"empty code":         func() error { return w.VerifyCode(ctx, v, p, r, "") },
		"begin before proof": func() error { _, err := w.BeginTOTP(ctx, v, p, r, nil, ""); return err },
		"finish before begin": func() error {
			_, err := w.FinishTOTP(ctx, v, p, r, nil, "000000", "")
			return err
		},
		"empty finish": func() error { _, err := w.FinishTOTP(ctx, v, p, r, nil, "", ""); return err },
		"prove without a method": func() error {
			_, err := w.ProveTOTP(ctx, p, r, "000000", false)
			return err
		},
		"recover without a method": func() error {
			_, err := w.ProveRecovery(ctx, p, r, "0000-0000-0000-0000", false)
			return err
		},
		"new codes without a method": func() error {
			f := w.flag("bob")
			f.Session, f.Expires = p.Session, w.clock.now().Add(time.Hour)
			_, err := w.NewRecoveryCodes(ctx, p, r, &f)
			return err
		},
	}
	try := func() {
		t.Helper()
		before := w.text(p)
		for name, move := range moves {
			if err := move(); !errors.Is(err, ErrWrongStep) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if after := w.text(p); after != before {
			t.Fatalf("something changed: %s", after)
		}
	}
	try()
	w.ok(w.SendCode(ctx, v, p, r, write))
	delete(moves, "verify before send")
	delete(moves, "empty code")
	try()
	w.refused(w.VerifyCode(ctx, v, p, r, ""), ErrBadCode)
	w.ok(w.VerifyCode(ctx, v, p, r, mailedCode(t, w.post.letter(t))))
	delete(moves, "begin before proof")
	try()
	w.refused(w.SendCode(ctx, v, p, r, write), ErrWrongStep)
}

// TestAdvisory_PR7_VisitsOfOnePersonAreBounded: a script opens them without end, and
// still whoever has the password alone cannot push out a visit of who has the mailbox.
func TestAdvisory_PR7_VisitsOfOnePersonAreBounded(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	mine := w.begin(p, r, nil)
	for range 100 {
		_, err := w.BeginVisit(ctx, p, r, nil)
		w.ok(err)
	}
	_, err := w.ResumeVisit(ctx, mine.ID, p, r, nil)
	w.ok(err)
	if a, _ := w.load(ctx, p.Realm, p.User); len(a.Visits) > maxVisits {
		t.Fatalf("%d visits", len(a.Visits))
	}
}
