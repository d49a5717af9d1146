package enroll

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestMailedCode(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), silva()
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.ok(w.SendCode(ctx, v, p, r, func(l Letter) Mail {
		if l.To != "bob@example.com" || !l.Time.Equal(w.clock.now()) || l.Expires.Sub(l.Time) != 10*time.Minute {
			t.Errorf("got %+v", l)
		}
		m := write(l)
		m.To = "eve@evil.example" // whoever composes does not choose the reader
		return m
	}))
	first := w.post.letter(t)
	if first.To != "bob@example.com" || v.CodeSent.IsZero() || v.MailsLeft != 2 {
		t.Fatalf("got %+v, %+v", first, v)
	}
	// EM3: one live code a visit, bound to it, for ten minutes, once.
	w.ok(w.SendCode(ctx, v, p, r, write))
	w.refused(w.VerifyCode(ctx, v, p, r, mailedCode(t, first)), ErrBadCode)
	other, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.ok(w.SendCode(ctx, other, p, r, write))
	last := mailedCode(t, w.post.letter(t))
	w.refused(w.VerifyCode(ctx, v, p, r, last), ErrBadCode)
	w.restart()
	w.clock.add(10*time.Minute - time.Second)
	w.ok(w.VerifyCode(ctx, other, p, r, last[:4]+" "+last[4:]))
	w.refused(w.VerifyCode(ctx, other, p, r, last), ErrUsedCode)
	if !other.EmailVerified || other.Owed != "" || !other.CodeSent.IsZero() {
		t.Fatalf("got %+v", other)
	}
	w.clock.add(time.Second)
	w.refused(w.VerifyCode(ctx, v, p, r, mailedCode(t, w.post.all()[1])), ErrExpired)
	back, err := w.ResumeVisit(ctx, v.ID, p, r, nil)
	w.ok(err)
	if back.EmailVerified || !back.CodeSent.IsZero() {
		t.Fatalf("got %+v", back)
	}
	w.refused(w.SendCode(ctx, other, p, r, write), ErrWrongStep)
}

// EM1: a hundred requests at once send three mails, and ask for no more until a
// quarter of an hour is over.
func TestMailLimit(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), silva()
	nodes := []*Service{w.Service, w.node()}
	var sent, tooMany atomic.Int32
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			v, err := nodes[i%2].BeginVisit(ctx, p, r, nil)
			if err == nil {
				err = nodes[i%2].SendCode(ctx, v, p, r, write)
			}
			switch {
			case err == nil:
				sent.Add(1)
			case errors.Is(err, ErrTooMany):
				tooMany.Add(1)
			case !errors.Is(err, ErrExpired): // pushed out by a later visit
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(w.post.all()); n > 3 || n < 1 {
		t.Fatalf("%d mails", n)
	}
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	for v.MailsLeft > 0 {
		w.ok(w.SendCode(ctx, v, p, r, write))
	}
	if n := len(w.post.all()); n != 3 {
		t.Fatalf("%d mails", n)
	}
	err = w.SendCode(ctx, v, p, r, write)
	w.refused(err, ErrTooMany)
	if d := err.(*Error).RetryAfter; d != 15*time.Minute {
		t.Fatalf("wait %v", d)
	}
	v, err = w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	if v.MailsLeft != 0 || !v.MailAt.Equal(w.clock.now().Add(15*time.Minute)) {
		t.Fatalf("got %+v", v)
	}
	w.clock.add(14 * time.Minute)
	w.ok(w.ExtendVisit(ctx, v))
	w.refused(w.SendCode(ctx, v, p, r, write), ErrTooMany)
	w.clock.add(time.Minute)
	w.ok(w.SendCode(ctx, v, p, r, write))
	eve := person("eve")
	v, err = w.BeginVisit(ctx, eve, r, nil)
	w.ok(err)
	w.ok(w.SendCode(ctx, v, eve, r, write)) // another person's count is another
}

// A mail server that is down costs nothing, and leaves the code before it alive.
func TestMailDown(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.ok(w.SendCode(ctx, v, p, r, write))
	first := mailedCode(t, w.post.letter(t))
	w.post.refuse(errors.New("connection refused"))
	before := w.text(p)
	for range 10 {
		err := w.SendCode(ctx, v, p, r, write)
		w.refused(err, ErrMail)
		if !strings.Contains(err.Error(), "connection refused") || err.(*Error).Status != 503 {
			t.Fatalf("got %v", err)
		}
	}
	if after := w.text(p); after != before {
		t.Fatalf("something is half-saved: %s", after)
	}
	w.post.refuse(nil)
	w.ok(w.VerifyCode(ctx, v, p, r, first))

	bare, err := New(Config{Store: w.store, Keys: w.keys, Now: w.clock.now})
	w.ok(err)
	w.ok(bare.Start(ctx))
	defer bare.Close()
	eve := person("eve")
	v, err = bare.BeginVisit(ctx, eve, r, nil)
	w.ok(err)
	w.refused(bare.SendCode(ctx, v, eve, r, write), ErrMail)
}

func TestNewCodeIsFair(t *testing.T) {
	w := newWorld(t)
	var count [mailedDigits][10]int
	const n = 20000
	for range n {
		c := w.newCode()
		if len(c) != mailedDigits {
			t.Fatalf("got %q", c)
		}
		for i := range c {
			count[i][c[i]-'0']++
		}
	}
	for i, digits := range count {
		for d, c := range digits {
			if c < n/10*8/10 || c > n/10*12/10 {
				t.Errorf("place %d has %d %d times of %d", i, d, c, n)
			}
		}
	}
}

// TestDesign_C8: the mailed link is spent by its button, in the visit that asked
// for it, and nowhere else; a look spends nothing.
func TestDesign_C8_Link(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), silva()
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.ok(w.SendCode(ctx, v, p, r, write))
	older := mailedLink(t, w.post.letter(t))
	w.ok(w.SendCode(ctx, v, p, r, write))
	link := mailedLink(t, w.post.letter(t))
	for range 3 {
		info, err := w.PeekLink(ctx, link)
		w.ok(err)
		if !info.Live || info.Used || info.Visit != v.ID || info.Realm != "default" || !info.Expires.Equal(w.clock.now().Add(10*time.Minute)) {
			t.Fatalf("got %+v", info)
		}
	}
	if info, err := w.PeekLink(ctx, older); err != nil || info.Live {
		t.Fatalf("an older link: %+v, %v", info, err)
	}
	other, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.refused(w.VerifyLink(ctx, other, p, r, link), ErrNotHere)
	w.refused(w.VerifyLink(ctx, nil, p, r, link), ErrNotHere)
	eve := person("eve")
	hers, err := w.BeginVisit(ctx, eve, r, nil)
	w.ok(err)
	w.refused(w.VerifyLink(ctx, hers, eve, r, link), ErrNotHere)
	w.refused(w.VerifyLink(ctx, v, p, r, older), ErrExpired)
	for _, bad := range []string{"", "x", link + "x", strings.Repeat("x", 9000)} {
		w.refused(w.VerifyLink(ctx, v, p, r, bad), ErrExpired)
		_, err := w.PeekLink(ctx, bad)
		w.refused(err, ErrExpired)
	}
	w.restart()
	w.ok(w.VerifyLink(ctx, v, p, r, link))
	w.refused(w.VerifyLink(ctx, v, p, r, link), ErrUsedCode)
	w.refused(w.VerifyCode(ctx, v, p, r, mailedCode(t, w.post.letter(t))), ErrUsedCode)
	if info, err := w.PeekLink(ctx, link); err != nil || info.Live || !info.Used {
		t.Fatalf("got %+v, %v", info, err)
	}
	w.ok(w.SendCode(ctx, other, p, r, write))
	late := mailedLink(t, w.post.letter(t))
	w.clock.add(10 * time.Minute)
	w.refused(w.VerifyLink(ctx, other, p, r, late), ErrExpired)
}

// "This was not me" ends the visit that asked, also after the link was spent.
func TestDesign_C8_Disown(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	theirs := w.begin(p, r, nil)
	link := mailedLink(t, w.post.letter(t))
	setup, err := w.BeginTOTP(ctx, theirs, p, r, nil, "")
	w.ok(err)
	mine, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	w.clock.add(12 * time.Minute)
	w.ok(w.Disown(ctx, link, Person{}, Rules{}))
	_, err = w.FinishTOTP(ctx, theirs, p, r, nil, newApp(t, setup.Secret).code(t, w.clock.now()), "")
	w.refused(err, ErrExpired)
	_, err = w.ResumeVisit(ctx, mine.ID, p, r, nil)
	w.ok(err)
	w.ok(w.Disown(ctx, link, Person{}, Rules{}))
	w.refused(w.Disown(ctx, "none such", Person{}, Rules{}), ErrExpired)
	if info, err := w.PeekLink(ctx, link); err != nil || info.Live {
		t.Fatalf("got %+v, %v", info, err)
	}
}
