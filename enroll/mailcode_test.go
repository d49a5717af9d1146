package enroll

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// mailing is a tenant that takes codes by mail as a method.
func mailing() Rules {
	r := silva()
	r.Methods = []Kind{KindTOTP, KindEmail}
	r.Limits = nil
	return r
}

// enrolMail sets up codes by mail.
func (w *world) enrolMail(p Person, r Rules) *Enrolled {
	w.t.Helper()
	v := w.begin(p, r, nil)
	setup, err := w.BeginEmail(ctx, v, p, r, nil, "", write)
	w.ok(err)
	if !setup.Proven || setup.Masked != masked(p.Email) {
		w.t.Fatalf("got %+v", setup)
	}
	e, err := w.FinishEmail(ctx, v, p, r, nil, "", "")
	w.ok(err)
	return e
}

// askMail has a code mailed and reads it.
func (w *world) askMail(p Person, r Rules, known bool) (id, code string) {
	w.t.Helper()
	asked, err := w.AskEmail(ctx, p, r, known, write)
	w.ok(err)
	return asked.ID, mailedCode(w.t, w.post.letter(w.t))
}

// TestEmailMethod: the mailbox that the first step proved needs no second mail,
// and what its codes prove is never called "mfa".
func TestEmailMethod(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), mailing()
	e := w.enrolMail(p, r)
	if m := e.Method; m.Kind != KindEmail || m.Masked != "b•••@example.com" || m.First != "email" || len(e.RecoveryCodes) != 10 {
		t.Errorf("got %+v", e)
	}
	letters := 0
	for _, m := range w.post.all() {
		if m.Subject == "Your code" {
			letters++
		}
	}
	if letters != 1 {
		t.Errorf("%d codes were mailed for one enrolment", letters)
	}
	if f := e.Flag; !slices.Equal(f.AMR, []string{"otp"}) || f.Resistant {
		t.Errorf("the flag says %v", f.AMR)
	}

	w.clock.add(time.Minute)
	id, code := w.askMail(p, r, false)
	w.restart()
	f, err := w.ProveEmail(ctx, p, r, id, code[:4]+"-"+code[4:], false)
	w.ok(err)
	if !slices.Equal(f.Methods, []string{"email"}) || !slices.Equal(f.AMR, []string{"otp"}) || f.Tenant != "silva" || f.First != "email" || f.Resistant {
		t.Errorf("got %+v", f)
	}
	_, err = w.ProveEmail(ctx, p, r, id, code, false)
	w.refused(err, ErrUsedCode)
	if m := w.account(p).Methods[0]; !m.LastUsed.Equal(w.clock.now()) {
		t.Errorf("last used %v", m.LastUsed)
	}
}

// TestEmailMethod_OneBrowser: a code counts in the browser that asked for it,
// for ten minutes, for this person, in this session and tenant.
func TestEmailMethod_OneBrowser(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), mailing()
	w.enrolMail(p, r)
	w.clock.add(time.Minute)
	id, code := w.askMail(p, r, false)
	other, _ := w.askMail(p, r, true)
	elsewhere, stranger, branch := p, person("eve"), r
	elsewhere.Session = "another session of bob"
	branch.Tenant = "branch"
	w.enrolMail(stranger, r)
	for name, try := range map[string]func() error{
		"no cookie":        func() error { _, err := w.ProveEmail(ctx, p, r, "", code, false); return err },
		"another session":  func() error { _, err := w.ProveEmail(ctx, elsewhere, r, id, code, false); return err },
		"another person":   func() error { _, err := w.ProveEmail(ctx, stranger, r, id, code, false); return err },
		"another tenant":   func() error { _, err := w.ProveEmail(ctx, p, branch, id, code, false); return err },
		"a made-up cookie": func() error { _, err := w.ProveEmail(ctx, p, r, "AAAA", code, false); return err },
	} {
		if err := try(); !errors.Is(err, ErrWrongStep) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := w.ProveEmail(ctx, p, r, other, code, true)
	w.refused(err, ErrBadCode)
	if a, err := w.FindAsked(ctx, p, r, KindEmail, id); err != nil || a == nil {
		t.Errorf("the browser does not wait: %v, %v", a, err)
	}
	if a, _ := w.FindAsked(ctx, elsewhere, r, KindEmail, id); a != nil {
		t.Error("another session is told that a code is under way")
	}
	w.clock.add(10 * time.Minute)
	_, err = w.ProveEmail(ctx, p, r, id, code, false)
	w.refused(err, ErrExpired)
	if e := (*Error)(nil); !errors.As(err, &e) || e.Detail != "code" {
		t.Errorf("got %#v", err)
	}
}

// TestEmailMethod_Limits: three mails in fifteen minutes, five wrong codes, and
// whoever has the password alone spends neither of a browser that proved before.
func TestEmailMethod_Limits(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), mailing()
	w.enrolMail(p, r)
	w.clock.add(time.Minute)
	id, _ := w.askMail(p, r, false)
	for i := range 5 {
		_, err := w.ProveEmail(ctx, p, r, id, "00000000", false)
		w.refused(err, ErrBadCode)
		if e := (*Error)(nil); errors.As(err, &e) && e.Left != 4-i {
			t.Errorf("%d left after %d", e.Left, i+1)
		}
	}
	_, err := w.ProveEmail(ctx, p, r, id, "00000000", false)
	w.refused(err, ErrTooMany)
	_, err = w.AskEmail(ctx, p, r, false, write)
	w.refused(err, ErrTooMany)
	good, code := w.askMail(p, r, true)
	_, err = w.ProveEmail(ctx, p, r, good, "not a code", true)
	w.refused(err, ErrBadCode)
	_, err = w.ProveEmail(ctx, p, r, good, code, true)
	w.ok(err)

	w.clock.add(24 * time.Hour)
	nodes := []*Service{w.Service, w.node()}
	var sent, slowed atomic.Int32
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			switch _, err := nodes[i%2].AskEmail(ctx, p, r, false, write); {
			case err == nil:
				sent.Add(1)
			case errors.Is(err, ErrTooMany):
				slowed.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if sent.Load() != 3 || slowed.Load() != 57 {
		t.Errorf("%d sent, %d slowed", sent.Load(), slowed.Load())
	}
	w.clock.add(15 * time.Minute)
	w.askMail(p, r, false)
}

// TestEmailMethod_OnceEvenAtOnce: a code that is sent many times at the same
// instant, to two nodes, proves once.
func TestEmailMethod_OnceEvenAtOnce(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), mailing()
	w.enrolMail(p, r)
	w.clock.add(time.Minute)
	id, code := w.askMail(p, r, false)
	nodes := []*Service{w.Service, w.node()}
	var proved, used atomic.Int32
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			switch _, err := nodes[i%2].ProveEmail(ctx, p, r, id, code, false); {
			case err == nil:
				proved.Add(1)
			case errors.Is(err, ErrUsedCode):
				used.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if proved.Load() != 1 || used.Load() != 39 {
		t.Errorf("%d proved, %d used", proved.Load(), used.Load())
	}
}

// TestEmailMethod_MailIsDown: what could not be sent is not counted, and leaves
// nothing behind.
func TestEmailMethod_MailIsDown(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), mailing()
	w.enrolMail(p, r)
	w.clock.add(time.Minute)
	before := w.text(p)
	w.post.refuse(errors.New("no"))
	for range 5 {
		_, err := w.AskEmail(ctx, p, r, false, write)
		w.refused(err, ErrMail)
	}
	if after := w.text(p); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	w.post.refuse(nil)
	w.askMail(p, r, false)
}

// TestEmailMethod_Enrolling: where nothing proved the mailbox yet, a code does;
// where there is a factor, a fresh proof of it comes first.
func TestEmailMethod_Enrolling(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), mailing()
	r.First = "none"
	v, err := w.BeginVisit(ctx, p, r, nil)
	w.ok(err)
	setup, err := w.BeginEmail(ctx, v, p, r, nil, "", write)
	w.ok(err)
	if setup.Proven || setup.Expires.IsZero() || v.Begun != KindEmail {
		t.Errorf("got %+v, %+v", setup, v)
	}
	_, err = w.FinishEmail(ctx, v, p, r, nil, "", "")
	w.refused(err, ErrBadCode)
	_, err = w.FinishEmail(ctx, v, p, r, nil, "11111111", "")
	w.refused(err, ErrBadCode)
	if len(w.account(p).Methods) != 0 {
		t.Fatal("half an enrolment is saved")
	}
	e, err := w.FinishEmail(ctx, v, p, r, nil, mailedCode(t, w.post.letter(t)), "work mail")
	w.ok(err)
	if e.Method.Name != "work mail" {
		t.Errorf("got %+v", e.Method)
	}
	_, err = w.FinishEmail(ctx, v, p, r, nil, mailedCode(t, w.post.letter(t)), "")
	w.refused(err, ErrUsedCode)

	// A second one of the same address is none.
	v, err = w.BeginVisit(ctx, p, r, &e.Flag)
	w.ok(err)
	_, err = w.BeginEmail(ctx, v, p, r, &e.Flag, "", write)
	w.refused(err, ErrLimit)
	w.clock.add(6 * time.Minute)
	_, err = w.BeginEmail(ctx, v, p, r, &e.Flag, "", write)
	w.refused(err, ErrFreshProof)
	_, err = w.BeginEmail(ctx, v, p, r, nil, "", write)
	w.refused(err, ErrFreshProof)

	// A tenant that does not name it does not take it, half begun or not.
	q := person("carol")
	v = w.begin(q, r, nil)
	_, err = w.BeginEmail(ctx, v, q, r, nil, "", write)
	w.ok(err)
	_, err = w.FinishEmail(ctx, v, q, silva(), nil, mailedCode(t, w.post.letter(t)), "")
	w.refused(err, ErrNotOffered)
	_, err = w.BeginEmail(ctx, v, q, silva(), nil, "", write)
	w.refused(err, ErrNotOffered)
}

// TestEmailMethod_StaysWithItsAddress: the attack is to change the address in the
// app with the stolen password, wait until it is of record, and get the codes.
func TestEmailMethod_StaysWithItsAddress(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), mailing()
	w.enrolMail(p, r)
	p.Email = "eve@evil.example"
	w.ok(w.Notice(ctx, p, r))
	w.mails.Wait()
	w.clock.add(8 * 24 * time.Hour)
	w.ok(w.Notice(ctx, p, r))
	_, err := w.AskEmail(ctx, p, r, false, write)
	w.ok(err)
	if m := w.post.letter(t); m.To != "bob@example.com" {
		t.Errorf("the code went to %s", m.To)
	}
}

// TestEmailMethod_Removed: a code of a method that is gone proves nothing.
func TestEmailMethod_Removed(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), mailing()
	mail := w.enrolMail(p, r)
	v, err := w.BeginVisit(ctx, p, r, &mail.Flag)
	w.ok(err)
	setup, err := w.BeginTOTP(ctx, v, p, r, &mail.Flag, "")
	w.ok(err)
	e, err := w.FinishTOTP(ctx, v, p, r, &mail.Flag, newApp(t, setup.Secret).code(t, w.clock.now()), "")
	w.ok(err)
	id, code := w.askMail(p, r, false)
	w.ok(w.Remove(ctx, p, r, &e.Flag, mail.Method.ID))
	_, err = w.ProveEmail(ctx, p, r, id, code, false)
	w.refused(err, ErrNotOffered)
	_, err = w.AskEmail(ctx, p, r, false, write)
	w.refused(err, ErrNotOffered)
}

// TestRecoveryByMail: where the tenant says so, the address of record lets in who
// lost every method; nobody sets it up, and nobody without a method uses it.
func TestRecoveryByMail(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	_, err := w.AskEmail(ctx, p, r, false, write)
	w.refused(err, ErrWrongStep)
	w.enrol(p, r, nil)
	_, err = w.AskEmail(ctx, p, r, false, write)
	w.refused(err, ErrNotOffered)
	saved := r
	saved.Recovery = []Kind{KindCodes, KindEmail}
	id, code := w.askMail(p, saved, false)
	_, err = w.ProveEmail(ctx, p, r, id, code, false)
	w.refused(err, ErrNotOffered) // taken back meanwhile
	f, err := w.ProveEmail(ctx, p, saved, id, code, false)
	w.ok(err)
	if !slices.Equal(f.Methods, []string{"email"}) || f.Tenant != "silva" || f.First != "email" || slices.Contains(f.AMR, "mfa") {
		t.Errorf("got %+v", f)
	}
	v, err := w.BeginVisit(ctx, p, saved, f)
	w.ok(err)
	_, err = w.BeginEmail(ctx, v, p, saved, f, "", write)
	w.refused(err, ErrNotOffered)
}
