package enroll

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestAdvisory_CVE_2026_78655_TO3_BruteForce: the count is of the account, whatever
// session, node or process the guesses come by.
func TestAdvisory_CVE_2026_78655_TO3_BruteForce(t *testing.T) {
	w, r := newBoltWorld(t), silva()
	p := person("bob")
	e, a := w.enrol(p, r, nil)
	w.clock.add(time.Hour)
	guess := func(i int) error {
		q := p
		q.Session = fmt.Sprint("session ", i)
		_, err := w.ProveTOTP(ctx, q, r, a.wrong(t, w.clock.now(), i), false)
		return err
	}
	for i := range 5 {
		err := guess(i)
		w.refused(err, ErrBadCode)
		if left := err.(*Error).Left; left != 4-i {
			t.Fatalf("after %d: %d left", i+1, left)
		}
	}
	err := guess(5)
	w.refused(err, ErrTooMany)
	if d := err.(*Error).RetryAfter; d != 15*time.Minute {
		t.Fatalf("wait %v", d)
	}
	// TO5: while it lasts, the right code is not looked at, nor spent.
	w.restart()
	_, err = w.ProveTOTP(ctx, p, r, a.code(t, w.clock.now()), false)
	w.refused(err, ErrTooMany)

	// TestDesign_H4: a wait is of one factor and of new proofs.
	_, err = w.ProveRecovery(ctx, p, r, e.RecoveryCodes[0], false)
	w.ok(err)
	_, err = w.ProveTOTP(ctx, p, r, a.code(t, w.clock.now()), true)
	w.ok(err) // a browser that proved this account before
	token := w.sign(e.Flag)
	if !w.counts(w.Service, token) {
		t.Fatal("a valid flag does not go on")
	}

	// Waits grow: 15, 30, 60 … minutes, to a day.
	want := 15 * time.Minute
	for i := range 10 {
		w.clock.add(want - time.Second)
		w.refused(guess(i), ErrTooMany)
		w.clock.add(time.Second)
		w.refused(guess(i), ErrBadCode)
		if want *= 2; want > maxWait {
			want = maxWait
		}
		err := guess(i)
		w.refused(err, ErrTooMany)
		if d := err.(*Error).RetryAfter; d != want {
			t.Fatalf("wait %d is %v, not %v", i+2, d, want)
		}
	}
	// The right code ends them.
	w.clock.add(want)
	_, err = w.ProveTOTP(ctx, p, r, a.code(t, w.clock.now()), false)
	w.ok(err)
	w.clock.add(time.Hour)
	for i := range 5 {
		w.refused(guess(i), ErrBadCode)
	}
	w.refused(guess(5), ErrTooMany)
}

// Ten thousand guesses at once, from two nodes: five are checked.
func TestBruteForceAtOnce(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	_, a := w.enrol(p, r, nil)
	w.clock.add(time.Hour)
	nodes := []*Service{w.Service, w.node()}
	wrong := a.wrong(t, w.clock.now(), 0)
	var checked atomic.Int32
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			for range 100 {
				if _, err := nodes[i%2].ProveTOTP(ctx, p, r, wrong, false); errors.Is(err, ErrBadCode) {
					checked.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if checked.Load() != maxWrong {
		t.Fatalf("%d were checked", checked.Load())
	}
}

func TestWrongCodesInFifteenMinutes(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	e, a := w.enrol(p, r, nil)
	w.clock.add(time.Hour)
	prove := func(code string) error { _, err := w.ProveTOTP(ctx, p, r, code, false); return err }
	// A right code between does not give whoever guesses new tries.
	for i := range 4 {
		w.refused(prove(a.wrong(t, w.clock.now(), i)), ErrBadCode)
	}
	w.ok(prove(a.code(t, w.clock.now())))
	w.refused(prove(a.wrong(t, w.clock.now(), 0)), ErrBadCode)
	w.refused(prove(a.wrong(t, w.clock.now(), 0)), ErrTooMany)
	// Slowly, nobody has to wait.
	w.clock.add(48 * time.Hour)
	for i := range 20 {
		w.refused(prove(a.wrong(t, w.clock.now(), i)), ErrBadCode)
		w.clock.add(4 * time.Minute)
	}
	// What is no code at all is no guess; neither is a used one.
	w.clock.add(time.Hour)
	used := a.code(t, w.clock.now())
	w.ok(prove(used))
	for range 20 {
		for _, typed := range []string{"", "12345", "abcdef", strings.Repeat("1", 7)} {
			w.refused(prove(typed), ErrBadCode)
		}
		w.refused(prove(used), ErrUsedCode)
	}
	for range 5 {
		_, err := w.ProveRecovery(ctx, p, r, "0000-0000-0000-0000", false)
		w.refused(err, ErrBadCode)
	}
	_, err := w.ProveRecovery(ctx, p, r, e.RecoveryCodes[0], false)
	w.refused(err, ErrTooMany)
	_, err = w.ProveRecovery(ctx, p, r, e.RecoveryCodes[0], true)
	w.ok(err)
	w.clock.add(30 * time.Second)
	w.ok(prove(a.code(t, w.clock.now()))) // another factor goes on
}

// TestAdvisory_FO7_AJumpMakesNoWaitLonger: a clock that jumps does not make a wait longer than any can be.
func TestAdvisory_FO7_AJumpMakesNoWaitLonger(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var tr tries
	for range 30 {
		tr.wrong(now)
	}
	if got := tr.wait(now.Add(-1000 * time.Hour)); got != maxWait {
		t.Fatalf("got %v", got)
	}
	if tr.over(now.Add(47*time.Hour)) || !tr.over(now.Add(48*time.Hour)) {
		t.Fatal("the count is not kept for a day after the wait")
	}
}

// Wrong set-up codes are counted in the visit, and clock-off is told there too.
func TestFinishLimit(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), lax()
	v := w.begin(p, r, nil)
	setup, err := w.BeginTOTP(ctx, v, p, r, nil, "")
	w.ok(err)
	a := newApp(t, setup.Secret)
	_, err = w.FinishTOTP(ctx, v, p, r, nil, a.code(t, w.clock.now().Add(-2*time.Minute)), "")
	w.refused(err, ErrClockOff)
	if e := err.(*Error); e.Offset != -2*time.Minute || e.Left != 4 {
		t.Fatalf("got %+v", e)
	}
	for i := range 4 {
		_, err = w.FinishTOTP(ctx, v, p, r, nil, a.wrong(t, w.clock.now(), i), "")
		w.refused(err, ErrBadCode)
	}
	_, err = w.FinishTOTP(ctx, v, p, r, nil, a.code(t, w.clock.now()), "")
	w.refused(err, ErrTooMany)
	if len(w.account(p).Methods) != 0 {
		t.Fatal("something was saved")
	}
}

// TestDesign_H4: somebody else's wrong mailed codes make codes wait, and the link
// of the person's own mail still works.
func TestDesign_H4_MailedLinkGoesOn(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	theirs, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.ok(w.SendCode(ctx, theirs, p, r, write))
	for i := range 5 {
		w.refused(w.VerifyCode(ctx, theirs, p, r, fmt.Sprintf("0000000%d", i)), ErrBadCode)
	}
	mine, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.ok(w.SendCode(ctx, mine, p, r, write))
	w.refused(w.VerifyCode(ctx, mine, p, r, mailedCode(t, w.post.letter(t))), ErrTooMany)
	w.ok(w.VerifyLink(ctx, mine, p, r, mailedLink(t, w.post.letter(t))))
}
