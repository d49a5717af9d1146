package store

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// TestAdvisory_FO4_ALostIndexMakesNobodyNew: a server that throws keys away may throw
// away the index of records, or the log of revocations, as well. Nobody is new then,
// nor is what was revoked good again, whatever is written after it, until the store is
// taken as it is.
func TestAdvisory_FO4_ALostIndexMakesNobodyNew(t *testing.T) {
	ctx, c := context.Background(), newClock()
	s := redistest.Start(t)
	r := newRedis(t, c, s.URL())
	must(t, r.Open(ctx))
	defer r.Close()
	var same []string // keys of one partition
	for i := 0; len(same) < 5; i++ {
		if key := fmt.Sprint("key ", i); partitionOf(key) == partitionOf("ana") {
			same = append(same, key)
		}
	}
	keys := partitionOf("ana").recordKeys("ana")
	reads := func(key string, want error) {
		t.Helper()
		if _, err := r.Get(ctx, key); !errors.Is(err, want) {
			t.Fatalf("%s reads as %v, not as %v", key, err, want)
		}
	}
	must(t, r.Update(ctx, "ana", put("x", time.Time{})))
	must(t, r.Update(ctx, same[0], put("x", time.Time{})))
	must(t, r.Update(ctx, same[1], put("x", c.now().Add(time.Minute))))
	must(t, r.Update(ctx, same[1], put("", time.Time{})))
	must(t, r.Update(ctx, same[2], func(Record) (*Record, error) { return &Record{}, nil }))
	must(t, r.Update(ctx, same[3], put("x", c.now().Add(time.Minute))))
	c.add(time.Minute)
	must(t, r.Update(ctx, same[1], put("x", time.Time{}))) // sweeps what has ended
	reads(same[4], ErrNotFound)

	s.Do(t, "DEL", keys[1], keys[2])
	reads("ana", ErrLost)
	reads(same[0], nil)
	must(t, r.Update(ctx, same[0], put("y", time.Time{}))) // is there, and comes into a new index
	reads("ana", ErrLost)
	if err := r.Update(ctx, "ana", put("new", time.Time{})); !errors.Is(err, ErrLost) {
		t.Fatalf("whose record is gone is written anew: %v", err)
	}
	reads("of another partition", ErrNotFound)
	must(t, r.Accept(ctx))
	reads("ana", ErrNotFound)
	must(t, r.Update(ctx, "ana", put("new", time.Time{})))

	for range 2 {
		_, err := r.Revoke(ctx, []byte("flag"), c.now().Add(time.Minute))
		must(t, err)
	}
	if lines, err := r.Revoked(ctx, 0); err != nil || len(lines) != 2 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	s.Do(t, "ZREMRANGEBYRANK", logPartition.key("log"), "0", "0")
	for range 2 {
		if _, err := r.Revoked(ctx, 0); !errors.Is(err, ErrLost) {
			t.Fatalf("a log that has lost a line reads as %v", err)
		}
		_, err := r.Revoke(ctx, []byte("another"), c.now().Add(time.Minute))
		must(t, err)
	}
	must(t, r.Accept(ctx))
	c.add(time.Hour)
	_, err := r.Revoke(ctx, []byte("last"), c.now().Add(time.Minute)) // and sweeps the others
	must(t, err)
	if lines, err := r.Revoked(ctx, 0); err != nil || len(lines) != 1 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
}

// Beside nodes of an earlier program, which do not count what they write, nothing is
// taken for lost.
func TestRedisLost_BesideAnEarlierProgram(t *testing.T) {
	ctx, c := context.Background(), newClock()
	s := redistest.Start(t)
	r := newRedis(t, c, s.URL())
	must(t, r.Open(ctx))
	defer r.Close()
	must(t, r.Update(ctx, "ana", put("x", time.Time{})))
	keys := partitionOf("ana").recordKeys("ana")
	s.Do(t, "HINCRBY", keys[0], "count", "1") // as one that swept what was over
	s.Do(t, "DEL", keys[1], keys[2])
	if _, err := r.Get(ctx, "ana"); !errors.Is(err, ErrNotFound) {
		t.Errorf("reads as %v", err)
	}
	must(t, r.Update(ctx, "ana", put("x", time.Time{})))
	s.Do(t, "DEL", keys[1], keys[2])
	if _, err := r.Get(ctx, "ana"); !errors.Is(err, ErrLost) {
		t.Errorf("after a write of this program it reads as %v", err)
	}
}
