package enroll

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestDesign_C8_ChangedAddress: who has the password and changes the address in
// the app's open profile page does not get the first proof.
func TestDesign_C8_ChangedAddress(t *testing.T) {
	w, p, r := newBoltWorld(t), person("bob"), silva()
	w.ok(w.Notice(ctx, p, r))
	evil := p
	evil.Email = "bob@evil.example"
	send := func(q Person) string {
		t.Helper()
		v, err := w.BeginVisit(ctx, q, r, nil)
		w.ok(err)
		w.ok(w.SendCode(ctx, v, q, r, write))
		return w.post.letter(t).To
	}
	if to := send(evil); to != "bob@example.com" {
		t.Fatalf("mailed to %s", to)
	}
	w.restart() // waits for the notice
	notices := 0
	for _, m := range w.post.all() {
		if strings.Contains(m.Text, "Another e-mail address") {
			if notices++; m.To != "bob@example.com" {
				t.Fatalf("the notice went to %s", m.To)
			}
		}
	}
	if notices != 1 {
		t.Fatalf("%d notices", notices)
	}
	w.clock.add(7*24*time.Hour - time.Second)
	if to := send(evil); to != "bob@example.com" {
		t.Fatalf("before seven days: mailed to %s", to)
	}
	w.clock.add(time.Second)
	if to := send(evil); to != "bob@evil.example" {
		t.Fatalf("after seven days: mailed to %s", to)
	}
}

func TestAddressGoesBack(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	w.ok(w.Notice(ctx, p, r))
	other := p
	other.Email = "b2@example.com"
	see := func(q Person) {
		t.Helper()
		w.ok(w.Notice(ctx, q, r))
		w.mails.Wait()
	}
	see(other)
	w.clock.add(6 * 24 * time.Hour)
	back := p
	back.Email = "BOB@example.com" // the same mailbox
	see(back)
	w.clock.add(24 * time.Hour)
	see(other) // the seven days begin anew
	a, err := w.load(ctx, p.Realm, p.User)
	w.ok(err)
	if a.Address.Record != "bob@example.com" || !a.Address.Told.Equal(w.clock.now()) {
		t.Fatalf("got %+v", a.Address)
	}
	third := p
	third.Email = "b3@example.com"
	see(third)
	w.clock.add(7 * 24 * time.Hour)
	see(other)
	if a, _ = w.load(ctx, p.Realm, p.User); a.Address.Record != "bob@example.com" || a.Address.Next != "b2@example.com" {
		t.Fatalf("got %+v", a.Address)
	}
	gone := p
	gone.Email = ""
	see(gone)
	if a, _ = w.load(ctx, p.Realm, p.User); a.Address.Record != "bob@example.com" || a.Address.Next != "b2@example.com" {
		t.Fatalf("got %+v", a.Address)
	}
}

// Seven days run from when the old address was told, not from a try that failed.
func TestAddressNoticeMustBeTaken(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	w.ok(w.Notice(ctx, p, r))
	p.Email = "b2@example.com"
	w.post.refuse(errors.New("down"))
	w.ok(w.Notice(ctx, p, r))
	w.mails.Wait()
	if len(w.fails.errs) != 1 {
		t.Fatalf("got %v", w.fails.errs)
	}
	w.clock.add(8 * 24 * time.Hour)
	w.post.refuse(nil)
	w.ok(w.Notice(ctx, p, r))
	w.mails.Wait()
	if a, _ := w.load(ctx, p.Realm, p.User); a.Address.Record != "bob@example.com" || a.Address.Told.IsZero() {
		t.Fatalf("got %+v", a.Address)
	}
	w.clock.add(7 * 24 * time.Hour)
	w.ok(w.Notice(ctx, p, r))
	if a, _ := w.load(ctx, p.Realm, p.User); a.Address.Record != "b2@example.com" {
		t.Fatalf("got %+v", a.Address)
	}
}

func TestNoAddress(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	for _, email := range []string{"", "not an address", "a@b@c.example", "a@b.example\r\nBcc: x@y.example"} {
		p.Email = email
		v, err := w.BeginVisit(ctx, p, r, nil)
		w.ok(err)
		if v.Masked != "" || v.Owed == "" {
			t.Fatalf("%q: %+v", email, v)
		}
		w.refused(w.SendCode(ctx, v, p, r, write), ErrNoAddress)
		_, err = w.BeginTOTP(ctx, v, p, r, nil, "")
		w.refused(err, ErrWrongStep)
	}
	p.Email = "bob@example.com" // the first that is one
	w.begin(p, r, nil)
}

func TestMailable(t *testing.T) {
	for email, want := range map[string]bool{
		"bob@example.com": true, " bob@example.com ": true, "bob+tag@example.com": true, "josé@exämple.com": true, "o'neil@example.com": true,
		"": false, "bob": false, "bob@": false, "@example.com": false, "a@b@c.example": false, `"a@b"@c.example`: false,
		"Bob <bob@example.com>": false, "<bob@example.com>": false, "a@b.example, c@d.example": false, "bob@example.com (x)": false,
		"bob@example.com\r\nBcc: x@y.example": false, "bob@exa mple.com": false, "bob\x00@example.com": false, "b\xff@example.com": false,
		strings.Repeat("a", 250) + "@example.com": false,
	} {
		if got, ok := mailable(email); ok != want || ok && got != strings.TrimSpace(email) {
			t.Errorf("%q: %q, %v", email, got, ok)
		}
	}
}

func TestMasked(t *testing.T) {
	for email, want := range map[string]string{"bob@example.com": "b•••@example.com", "ébc@example.com": "é•••@example.com", "": "", "x": ""} {
		if got := masked(email); got != want {
			t.Errorf("%q: %q", email, got)
		}
	}
}
