package enroll

import (
	"errors"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// What a service could not write goes to the next one of its keys, where it holds at
// once. One of other keys drops it: nobody there could read it, and so nobody would
// trust a proof again.
func TestInherit(t *testing.T) {
	mine, others := newKey(t), newKey(t)
	started := func(st store.Store, texts ...string) *Service {
		t.Helper()
		keys, err := NewKeys(texts...)
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(Config{Store: st, Keys: keys, Failed: func(error) {}})
		if err == nil {
			err = s.Start(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	st := &failing{Store: store.NewMemory(time.Now)}
	first := started(st, mine)
	token, err := first.SignFlag(Flag{Realm: "default", User: "bob", At: time.Now(), Methods: []string{"totp"}})
	if err != nil {
		t.Fatal(err)
	}
	flag, err := first.ReadFlag(token, "default", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	st.revoke.Store(true)
	if err := first.RevokeFlag(ctx, flag); !errors.Is(err, ErrStoreDown) && err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	left := first.Owed()
	if len(left) != 1 {
		t.Fatalf("%d lines are left", len(left))
	}
	stranger := started(store.NewMemory(time.Now), others)
	stranger.Inherit(left)
	if n := len(stranger.Owed()); n != 0 {
		t.Errorf("one of other keys keeps %d lines", n)
	}
	next := started(st, others, mine)
	next.Inherit(left)
	if _, err := next.ReadFlag(token, "default", time.Now()); !errors.Is(err, ErrToken) {
		t.Errorf("the flag counts with the next: %v", err)
	}
	if n := len(next.Owed()); n != 1 {
		t.Errorf("the next keeps %d lines", n)
	}
}
