package enroll

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestRevocationsEnd(t *testing.T) {
	w := newWorld(t)
	for i := range 10 {
		f := w.flag(fmt.Sprint("u", i))
		f.ID, f.Expires = fmt.Sprint(i), w.clock.now().Add(time.Hour)
		w.ok(w.RevokeFlag(ctx, &f))
		w.ok(w.RevokeUser(ctx, "default", f.User, ""))
	}
	w.clock.add(2 * time.Hour)
	w.ok(w.Poll(ctx))
	if len(w.revoked.flags) != 0 || len(w.revoked.users) != 10 {
		t.Fatalf("%d flags, %d users", len(w.revoked.flags), len(w.revoked.users))
	}
	w.clock.add(MaxFlagLife)
	w.ok(w.Poll(ctx))
	if len(w.revoked.users) != 0 {
		t.Fatalf("%d users", len(w.revoked.users))
	}
}

// One line that nobody can read does not end every flag, and is told.
func TestRevocationUnreadable(t *testing.T) {
	w := newWorld(t)
	f := w.flag("bob")
	f.ID, f.Expires = "x", w.clock.now().Add(time.Hour)
	token := w.sign(f)
	_, err := w.store.Revoke(ctx, []byte("garbage"), w.clock.now().Add(time.Hour))
	w.ok(err)
	s := w.node()
	w.ok(s.RevokeFlag(ctx, &f))
	w.ok(w.Poll(ctx))
	if w.counts(w.Service, token) || w.counts(s, token) {
		t.Fatal("lines after it are not read")
	}
	if len(w.fails.errs) == 0 || !strings.Contains(w.fails.errs[0].Error(), "1 of 1 lines do not open") {
		t.Fatalf("got %v", w.fails.errs)
	}
}

// The memory of verified flags stays bounded, and forgets none that counts.
func TestSeenIsBounded(t *testing.T) {
	c := newSeen()
	for i := range 4 * seenShards * seenLimit {
		c.put(fmt.Sprint(i), &seenFlag{flag: &Flag{}})
	}
	if n := c.len(); n > 2*seenShards*seenLimit {
		t.Fatalf("%d remembered", n)
	}
}
