package enroll

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

func (w *world) flag(user string) Flag {
	return Flag{Realm: "default", User: user, Tenant: "silva", Session: "s1", First: "email",
		Methods: []string{"totp"}, AMR: []string{"otp", "mfa"}, At: w.clock.now()}
}

func TestFlag(t *testing.T) {
	w := newWorld(t)
	token, err := w.SignFlag(w.flag("bob"))
	w.ok(err)
	f, err := w.ReadFlag(token, "default", w.clock.now())
	w.ok(err)
	if f.User != "bob" || f.Realm != "default" || f.Tenant != "silva" || f.First != "email" || !f.Binds("s1") || !f.Binds("") || f.Binds("s2") ||
		!slices.Equal(f.AMR, []string{"otp", "mfa"}) || !f.At.Equal(w.clock.now().Truncate(time.Second)) || f.Expires.Sub(f.Issued) != FlagLife || f.ID == "" {
		t.Fatalf("got %+v", f)
	}
	if again, _ := w.ReadFlag(token, "default", w.clock.now()); again != f {
		t.Fatal("verified twice")
	}
	w.clock.add(FlagLife - time.Second)
	_, err = w.ReadFlag(token, "default", w.clock.now())
	w.ok(err)
	w.clock.add(time.Second)
	if _, err = w.ReadFlag(token, "default", w.clock.now()); err != ErrToken {
		t.Fatalf("an old flag, remembered: %v", err)
	}
	if _, err = w.node().ReadFlag(token, "default", w.clock.now()); err != ErrToken {
		t.Fatalf("an old flag: %v", err)
	}
	long := w.flag("bob")
	long.Session, long.Expires = strings.Repeat("x", 9000), w.clock.now().Add(1000*24*time.Hour)
	token, err = w.SignFlag(long)
	w.ok(err)
	f, err = w.ReadFlag(token, "default", w.clock.now())
	w.ok(err)
	if !f.Binds(long.Session) || f.Binds(long.Session+"x") || f.Expires.Sub(f.Issued) != MaxFlagLife {
		t.Fatalf("got %+v", f)
	}
	for name, change := range map[string]func(*Flag){
		"fail/nobody":     func(f *Flag) { f.User = "" },
		"fail/no proof":   func(f *Flag) { f.At = time.Time{} },
		"fail/not UTF-8":  func(f *Flag) { f.User = "\xff" }, // would be read as U+FFFD, another user's name
		"fail/too long":   func(f *Flag) { f.User = strings.Repeat("u", 4000) },
		"fail/too long 2": func(f *Flag) { f.Methods = []string{strings.Repeat("u", 4000)} },
	} {
		t.Run(name, func(t *testing.T) {
			f := w.flag("bob")
			change(&f)
			if token, err := w.SignFlag(f); err == nil {
				t.Fatalf("signed %d bytes", len(token))
			}
		})
	}
}

// TestDesign_M17: a flag of a node whose clock runs ahead counts up to a minute.
func TestDesign_M17_FlagFromAhead(t *testing.T) {
	w := newWorld(t)
	for ahead, want := range map[time.Duration]error{0: nil, skew: nil, skew + 2*time.Second: ErrToken} {
		f := w.flag("bob")
		f.Issued, f.At = w.clock.now().Add(ahead), w.clock.now().Add(ahead)
		token, err := w.SignFlag(f)
		w.ok(err)
		if _, err := w.ReadFlag(token, "default", w.clock.now()); err != want {
			t.Errorf("%v ahead: %v", ahead, err)
		}
		// Remembered while it counted, then the clock is set back.
		_, _ = w.ReadFlag(token, "default", f.Issued)
		if _, err := w.ReadFlag(token, "default", w.clock.now()); err != want {
			t.Errorf("%v ahead, remembered: %v", ahead, err)
		}
	}
}

// TestDesign_C9: no token is taken for another, nor one realm's or
// installation's for another's.
func TestDesign_C9_OneKeyManyTokens(t *testing.T) {
	w := newWorld(t)
	now := w.clock.now()
	flag, err := w.SignFlag(w.flag("bob"))
	w.ok(err)
	ticket, err := w.SignTicket(Ticket{Realm: "default", User: "bob"})
	w.ok(err)
	known, err := w.SignKnown("default", "bob")
	w.ok(err)
	if _, err := w.ReadTicket(ticket, "default", now); err != nil || !w.ReadKnown(known, "default", "bob", now) {
		t.Fatal("they do not count as what they are")
	}
	for name, token := range map[string]string{"ticket": ticket, "known": known} {
		if _, err := w.ReadFlag(token, "default", now); err != ErrToken {
			t.Errorf("%s counts as a flag", name)
		}
	}
	for name, token := range map[string]string{"flag": flag, "known": known} {
		if _, err := w.ReadTicket(token, "default", now); err != ErrToken {
			t.Errorf("%s counts as a ticket", name)
		}
	}
	for name, token := range map[string]string{"flag": flag, "ticket": ticket} {
		if w.ReadKnown(token, "default", "bob", now) {
			t.Errorf("%s counts as a known browser", name)
		}
	}
	if _, err := w.ReadFlag(flag, "default", now); err != nil {
		t.Fatal(err)
	}
	for _, realm := range []string{"other", "", "default/", "Default"} {
		if _, err := w.ReadFlag(flag, realm, now); err != ErrToken { // also where it is remembered
			t.Errorf("a flag of default counts in %q", realm)
		}
		if _, err := w.ReadTicket(ticket, realm, now); err != ErrToken {
			t.Errorf("a ticket of default counts in %q", realm)
		}
	}
	if w.ReadKnown(known, "default", "eve", now) || w.ReadKnown(known, "other", "bob", now) {
		t.Error("a browser known for one is known for another")
	}
	staging, err := New(Config{Store: w.store, Keys: w.keys, Now: w.clock.now, Installation: "staging"})
	w.ok(err)
	w.ok(staging.Start(ctx))
	defer staging.Close()
	if _, err := staging.ReadFlag(flag, "default", now); err != ErrToken {
		t.Error("a flag of one installation counts in another")
	}
	if audience("a/b", "c") == audience("a", "b/c") {
		t.Error("two pairs have one audience")
	}
}

func TestTicket(t *testing.T) {
	w := newWorld(t)
	in := Ticket{Realm: "default", User: "bob", Tenant: "silva", Email: "bob@example.com", Name: "Bob", To: "/documents?x=1",
		Method: "POST", Reason: "enroll", Session: "s1", Foreign: true, Expires: w.clock.now().Add(time.Hour)}
	token, err := w.SignTicket(in)
	w.ok(err)
	out, err := w.ReadTicket(token, "default", w.clock.now())
	w.ok(err)
	if out.ID == "" || !out.Expires.Equal(w.clock.now().Add(TicketLife).Truncate(time.Second)) {
		t.Fatalf("got %+v", out)
	}
	in.ID, in.Expires = out.ID, out.Expires
	if *out != in {
		t.Fatalf("got %+v", out)
	}
	if _, err := w.ReadTicket(token, "default", w.clock.now().Add(-skew-2*time.Second)); err != ErrToken {
		t.Fatalf("a ticket of a clock far ahead: %v", err)
	}
	w.clock.add(TicketLife)
	if _, err = w.ReadTicket(token, "default", w.clock.now()); err != ErrToken {
		t.Fatalf("got %v", err)
	}
	in.To, in.Expires = "/"+strings.Repeat("x", 8000), time.Time{}
	token, err = w.SignTicket(in)
	w.ok(err)
	if out, err := w.ReadTicket(token, "default", w.clock.now()); err != nil || out.To != "" || out.Name != "Bob" || len(token) >= 4096 {
		t.Fatalf("got %+v, %v", out, err)
	}
	in.Name = strings.Repeat("x", 8000)
	token, err = w.SignTicket(in)
	w.ok(err)
	if out, err := w.ReadTicket(token, "default", w.clock.now()); err != nil || out.Name != "" || len(token) >= 4096 {
		t.Fatalf("got %+v, %v", out, err)
	}
	for _, user := range []string{"", "\xff"} {
		if _, err := w.SignTicket(Ticket{Realm: "default", User: user}); err == nil {
			t.Errorf("a ticket for %q", user)
		}
	}
}

func TestKeyRotation(t *testing.T) {
	c := newClock()
	old, newer := newKey(t), newKey(t)
	one, _ := NewKeys(old)
	w := startWorld(t, c, store.NewMemory(c.now), one)
	token, err := w.SignFlag(w.flag("bob"))
	w.ok(err)
	known, err := w.SignKnown("default", "bob")
	w.ok(err)
	e, _ := w.enrol(person("bob"), silva(), nil)
	v, err := w.BeginVisit(ctx, person("bob"), silva(), &e.Flag)
	w.ok(err)

	w.keys, _ = NewKeys(newer, old)
	both := w.node()
	_, err = both.ReadFlag(token, "default", c.now())
	w.ok(err)
	_, err = both.ResumeVisit(ctx, v.ID, person("bob"), silva(), &e.Flag)
	w.ok(err)
	_, err = both.ProveRecovery(ctx, person("bob"), silva(), e.RecoveryCodes[0], false)
	w.ok(err)
	fresh, err := both.SignFlag(w.flag("bob"))
	w.ok(err)
	if !both.ReadKnown(known, "default", "bob", c.now()) {
		t.Error("a browser is forgotten with the key that comes second")
	}

	w.keys, _ = NewKeys(newer)
	alone := w.node()
	_, err = alone.ReadFlag(fresh, "default", c.now())
	w.ok(err)
	if _, err = alone.ReadFlag(token, "default", c.now()); err != ErrToken {
		t.Fatalf("a key that is gone still signs: %v", err)
	}
	if alone.ReadKnown(known, "default", "bob", c.now()) {
		t.Error("a key that is gone still marks a browser")
	}
}

func TestNoFlagBeforeStart(t *testing.T) {
	w := newWorld(t)
	token, err := w.SignFlag(w.flag("bob"))
	w.ok(err)
	s, err := New(Config{Store: w.store, Keys: w.keys, Now: w.clock.now})
	w.ok(err)
	if _, err := s.ReadFlag(token, "default", w.clock.now()); !errors.Is(err, ErrStoreDown) {
		t.Fatalf("a node that knows no revocations yet says %v", err)
	}
	if s.Current(w.clock.now()) {
		t.Fatal("it is current")
	}
	bare, err := New(Config{Store: w.store, KeyFile: "never made"})
	w.ok(err)
	_, sign := bare.SignFlag(w.flag("bob"))
	_, ticket := bare.SignTicket(Ticket{User: "bob"})
	_, read := bare.ReadTicket(token, "default", w.clock.now())
	_, begin := bare.BeginVisit(ctx, person("bob"), silva(), nil)
	for _, err := range []error{sign, ticket, read, begin, bare.RevokeFlag(ctx, &Flag{ID: "x"}), bare.Poll(ctx)} {
		if !errors.Is(err, ErrStoreDown) {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := New(Config{Keys: w.keys}); err == nil {
		t.Error("no store")
	}
	if _, err := New(Config{Store: w.store}); err == nil {
		t.Error("no key")
	}
}

func BenchmarkReadFlag(b *testing.B) {
	w := newWorld(b)
	token, err := w.SignFlag(w.flag("bob"))
	if err != nil {
		b.Fatal(err)
	}
	now := w.clock.now()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.ReadFlag(token, "default", now); err != nil {
			b.Fatal(err)
		}
	}
}
