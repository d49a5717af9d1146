package enroll

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// silentNode is a service whose store can be silenced, and another on the same
// store.
func silentNode(t *testing.T) (s, other *Service, st *failing) {
	t.Helper()
	st = &failing{Store: store.NewMemory(time.Now)}
	keys, err := NewKeys(newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err = New(Config{Store: st, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	other, err = New(Config{Store: st.Store, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Start(ctx), other.Start(ctx)); err != nil {
		t.Fatal(err)
	}
	return s, other, st
}

// A flag goes on for ten minutes of silence, one that was given before it, and
// none at a node that has never heard.
func TestLastKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other, st := silentNode(t)
		flag := func() *Flag {
			t.Helper()
			token, err := s.SignFlag(Flag{Realm: "default", User: "bob", At: time.Now(), Methods: []string{"totp"}})
			if err != nil {
				t.Fatal(err)
			}
			f, err := s.ReadFlag(token, "default", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		f := flag()
		time.Sleep(time.Second)
		st.silent.Store(true)
		time.Sleep(3 * time.Second)
		late := flag()
		if s.Current(time.Now()) || !s.LastKnown(f, time.Now()) {
			t.Fatal("who proved before the silence does not go on")
		}
		if s.LastKnown(late, time.Now()) {
			t.Fatal("who proved since goes on")
		}
		time.Sleep(lastKnown - 5*time.Second)
		if !s.LastKnown(f, time.Now()) {
			t.Fatal("it ends before ten minutes")
		}
		time.Sleep(5 * time.Second)
		if s.LastKnown(f, time.Now()) {
			t.Fatal("it goes on beyond ten minutes")
		}
		never, err := New(Config{Store: st, KeyFile: "none"})
		if err != nil {
			t.Fatal(err)
		}
		if never.LastKnown(f, time.Now()) || never.Current(time.Now()) {
			t.Fatal("a node that has never heard knows something")
		}
		if err := errors.Join(s.Close(), other.Close()); err != nil {
			t.Fatal(err)
		}
	})
}

// A store that has lost writes may have lost a revocation that this node was
// about to hear of: nothing is trusted from the look that finds it out, until one
// finds it whole again. A silence between the two changes nothing.
func TestLostWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other, st := silentNode(t)
		token, err := s.SignFlag(Flag{Realm: "default", User: "bob", At: time.Now(), Methods: []string{"totp"}})
		if err != nil {
			t.Fatal(err)
		}
		f, err := s.ReadFlag(token, "default", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		st.older.Store(true)
		if err := s.Poll(ctx); !errors.Is(err, store.ErrOlder) || s.Current(time.Now()) {
			t.Fatalf("%v, and the node trusts what it heard before", err)
		}
		if !s.LastKnown(f, time.Now()) {
			t.Fatal("who proved before does not go on where an area says so")
		}
		st.silent.Store(true)
		if err := s.Poll(ctx); !errors.Is(err, errGone) || s.Current(time.Now()) {
			t.Fatalf("%v, and the node trusts what it heard before", err)
		}
		st.silent.Store(false)
		st.older.Store(false)
		if err := s.Poll(ctx); err != nil || !s.Current(time.Now()) {
			t.Fatalf("%v, or it does not come back", err)
		}
		if err := errors.Join(s.Close(), other.Close()); err != nil {
			t.Fatal(err)
		}
	})
}

// A clock that is set back must not lengthen a node's trust (the attack: whoever
// sets clocks by NTP, and has stolen a flag that was revoked); one that jumps
// ahead, as after a sleep, ends it.
func TestSince(t *testing.T) {
	then := time.Now()
	later := then.Add(3 * time.Second)
	wall := func(d time.Duration) time.Time { return then.Round(0).Add(d) }
	for name, c := range map[string]struct {
		now, then time.Time
		want      time.Duration
	}{
		"ok/as it goes":          {later, then, 3 * time.Second},
		"ok/walls alone":         {wall(3 * time.Second), wall(0), 3 * time.Second},
		"ok/asked while it came": {then, later, -3 * time.Second},
		"fail/wall runs ahead":   {wall(time.Hour), then, time.Hour},
	} {
		if got := since(c.then, c.now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// What was revoked while the store was away is told once it is back: a copy of
// the flag counts on no other node.
func TestOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other, st := silentNode(t)
		var flags []*Flag
		var tokens []string
		for i := range 3 {
			token, err := s.SignFlag(Flag{Realm: "default", User: fmt.Sprint("bob", i), At: time.Now(), Methods: []string{"totp"}})
			if err != nil {
				t.Fatal(err)
			}
			f, err := other.ReadFlag(token, "default", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			flags, tokens = append(flags, f), append(tokens, token)
		}
		st.silent.Store(true)
		st.revoke.Store(true)
		for _, f := range flags {
			if err := s.RevokeFlag(ctx, f); !errors.Is(err, ErrStoreDown) {
				t.Fatal(err)
			}
		}
		time.Sleep(10 * time.Second)
		if _, err := other.ReadFlag(tokens[0], "default", time.Now()); err != nil {
			t.Fatalf("nobody can know yet, and it says %v", err)
		}
		st.silent.Store(false)
		time.Sleep(time.Second)
		st.revoke.Store(false)
		time.Sleep(2 * time.Second)
		for _, token := range tokens {
			if _, err := other.ReadFlag(token, "default", time.Now()); err != ErrToken {
				t.Fatalf("another node says %v", err)
			}
		}
		if len(s.owed.lines) != 0 {
			t.Errorf("%d lines still wait", len(s.owed.lines))
		}
		if err := errors.Join(s.Close(), other.Close()); err != nil {
			t.Fatal(err)
		}
	})
}
