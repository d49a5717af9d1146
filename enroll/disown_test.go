package enroll

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// noticed is a tenant whose mails can name the site.
func noticed() Rules {
	r := trustingRules()
	r.LinkBase = "https://portal.test/.mfa/link/"
	return r
}

var notMe = regexp.MustCompile(`https://portal\.test/\.mfa/link/(\S+)`)

// notMe is the token in the last mail to bob that says words.
func (w *world) notMe(words string) string {
	w.t.Helper()
	w.mails.Wait()
	all := w.post.all()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].To == "bob@example.com" && strings.Contains(all[i].Text, words) {
			if m := notMe.FindStringSubmatch(all[i].Text); m != nil {
				return m[1]
			}
			w.t.Fatalf("no link in %q", all[i].Text)
		}
	}
	w.t.Fatalf("nobody is told of %q", words)
	return ""
}

// TestNotMe_Added: a thief who passed a code on adds a method, makes new recovery
// codes and trusts a browser. The owner's one press takes all of it back, and
// leaves what was there before.
func TestNotMe_Added(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), noticed()
	owner, app := w.enrol(p, r, nil)
	w.clock.add(time.Minute)
	thief, err := w.ProveTOTP(ctx, p, r, app.code(t, w.clock.now()), false)
	w.ok(err)
	second, _ := w.enrol(p, r, thief)
	token := w.notMe("12:01 UTC") // mails come in any order
	w.clock.add(time.Minute)
	codes, err := w.NewRecoveryCodes(ctx, p, r, thief)
	w.ok(err)
	device, err := w.TrustDevice(ctx, p, r, thief, "x")
	w.ok(err)
	w.ok(w.SetDefault(ctx, p, r, thief, second.Method.ID))
	flags := []string{w.sign(*thief), w.sign(second.Flag), w.sign(owner.Flag)}

	before := w.text(p)
	info, err := w.PeekLink(ctx, token)
	w.ok(err)
	if info.Notice != "method-added" || !info.Live || w.text(p) != before {
		t.Fatalf("a look changes something: %+v", info)
	}
	w.restart()
	w.ok(w.Disown(ctx, token, Person{}, r))
	a := w.account(p)
	if len(a.Methods) != 1 || a.Methods[0].ID != owner.Method.ID || !a.Methods[0].Default || a.CodesLeft != 0 || w.trusts(p, device) {
		t.Fatalf("left: %+v", a)
	}
	for i, f := range flags {
		if w.counts(w.Service, f) {
			t.Errorf("flag %d still counts", i)
		}
	}
	_, err = w.ProveRecovery(ctx, p, r, codes[0], false)
	w.refused(err, ErrNotOffered)
	w.clock.add(time.Minute)
	_, err = w.ProveTOTP(ctx, p, r, app.code(t, w.clock.now()), false)
	w.ok(err)
	w.told("this was not me")
	w.refused(w.Disown(ctx, token, Person{}, r), ErrExpired) // once
}

// TestNotMe_AMailboxReaderGainsNothing: whoever reads the mailbox, with or
// without the password, can undo and sign out, and gets in nowhere by it: where
// no method is left, the mailbox alone sets none up again.
func TestNotMe_AMailboxReaderGainsNothing(t *testing.T) {
	for name, first := range map[string]string{"the mailbox": FirstEmail, "an address typed now": FirstTyped, "nothing": FirstNone} {
		t.Run(name, func(t *testing.T) {
			w, p, r := newWorld(t), person("bob"), noticed()
			w.enrol(p, r, nil)
			w.ok(w.Disown(ctx, w.notMe("was added"), Person{}, r))
			r.First = first
			if owed := w.account(p).Owes(r, nil); owed != FirstPass {
				t.Fatalf("%q is owed", owed)
			}
			v, err := w.BeginVisit(ctx, p, r, nil)
			w.ok(err)
			w.refused(w.SendCode(ctx, v, p, r, write), ErrWrongStep)
			w.refused(w.SendLink(ctx, v, p, r, "evil@evil.test", false, write), ErrWrongStep)
			_, err = w.BeginTOTP(ctx, v, p, r, nil, "")
			w.refused(err, ErrWrongStep)
			w.ok(w.Reset(ctx, p, r)) // an administrator who does not know why
			if owed := w.account(p).Owes(r, nil); owed != FirstPass {
				t.Fatalf("after a reset %q is owed", owed)
			}
			code, _, err := w.IssuePass(ctx, p, r, 0)
			w.ok(err)
			v, err = w.BeginVisit(ctx, p, r, nil)
			w.ok(err)
			w.ok(w.VerifyPass(ctx, v, p, r, code))
			setup, err := w.BeginTOTP(ctx, v, p, r, nil, "")
			w.ok(err)
			e, err := w.FinishTOTP(ctx, v, p, r, nil, newApp(t, setup.Secret).code(t, w.clock.now()), "")
			w.ok(err)
			w.ok(w.Remove(ctx, p, r, &e.Flag, e.Method.ID))
			r.First = FirstEmail
			if owed := w.account(p).Owes(r, nil); owed != FirstEmail {
				t.Errorf("once all is in order again, %q is owed", owed)
			}
		})
	}
}

// TestNotMe_Every: each change is told of with a link, and each link ends what is
// signed in and under way.
func TestNotMe_Every(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), noticed()
	e, _ := w.enrol(p, r, nil)
	w.clock.add(time.Second)
	second, _ := w.enrol(p, r, &e.Flag)
	for _, c := range []struct {
		words string
		do    func() error
	}{
		{"got another name", func() error { return w.Rename(ctx, p, r, &e.Flag, second.Method.ID, "work phone") }},
		{"is now asked for first", func() error { return w.SetDefault(ctx, p, r, &e.Flag, second.Method.ID) }},
		{"New recovery codes", func() error { _, err := w.NewRecoveryCodes(ctx, p, r, &e.Flag); return err }},
		{"A browser was trusted", func() error { _, err := w.TrustDevice(ctx, p, r, &e.Flag, "x"); return err }},
		{"temporary access pass", func() error { _, _, err := w.IssuePass(ctx, p, r, 0); return err }},
		{"was removed", func() error { return w.Remove(ctx, p, r, &e.Flag, second.Method.ID) }},
	} {
		w.clock.add(time.Second)
		w.ok(c.do())
		token := w.notMe(c.words)
		if c.words == "was removed" {
			w.ok(w.Disown(ctx, token, Person{}, r))
		}
	}
	n := len(w.post.all())
	w.clock.add(time.Second)
	w.refused(w.Rename(ctx, p, r, &e.Flag, e.Method.ID, "x"), ErrFreshProof) // its flag has ended
	w.mails.Wait()
	if a := w.account(p); len(a.Methods) != 1 || a.CodesLeft == 0 || a.Pass("silva", w.clock.now()) || len(a.Devices) != 0 {
		t.Errorf("left: %+v", a)
	}
	if got := len(w.post.all()); got < n || strings.Contains(w.post.all()[got-1].Text, "https://") {
		t.Error("what was stopped is told of with a link of its own")
	}
}

// TestNotMe_Address: an address that its owner disowned never counts, another one
// does in its time.
func TestNotMe_Address(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), noticed()
	e, _ := w.enrol(p, r, nil)
	evil := p
	evil.Email = "evil@evil.test"
	w.ok(w.Notice(ctx, evil, r))
	token := w.notMe("Another e-mail address")
	w.ok(w.Disown(ctx, token, Person{}, r))
	if a := w.account(p); len(a.Methods) != 1 || a.Methods[0].ID != e.Method.ID || a.CodesLeft == 0 {
		t.Fatalf("left: %+v", a)
	}
	record := func() string {
		a, err := w.load(ctx, p.Realm, p.User)
		w.ok(err)
		return a.Address.Record
	}
	for range 10 {
		w.clock.add(24 * time.Hour)
		w.ok(w.Notice(ctx, evil, r))
		w.mails.Wait()
	}
	if record() != "bob@example.com" {
		t.Errorf("the address of record is %s", record())
	}
	moved := p
	moved.Email = "bob@new.test"
	for range 10 {
		w.clock.add(24 * time.Hour)
		w.ok(w.Notice(ctx, moved, r))
		w.mails.Wait()
	}
	if record() != "bob@new.test" {
		t.Errorf("the address of record is %s", record())
	}
}

func TestNotMe_SevenDays(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), noticed()
	w.enrol(p, r, nil)
	token := w.notMe("was added")
	w.clock.add(noticeLife)
	if info, err := w.PeekLink(ctx, token); err == nil && info.Live {
		t.Error("it is live")
	}
	w.refused(w.Disown(ctx, token, Person{}, r), ErrExpired)
	if a := w.account(p); len(a.Methods) != 1 {
		t.Error("an old link took a method away")
	}
}
