package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/redisconn"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// refuses asks all there is of a store that cannot serve, and wants an error of
// each in a bounded time.
func refuses(t *testing.T, r *Redis) {
	t.Helper()
	ctx, begun := context.Background(), time.Now()
	_, get := r.Get(ctx, "a")
	_, revoked := r.Revoked(ctx, 0)
	for name, err := range map[string]error{"Get": get, "Revoked": revoked, "Update": r.Update(ctx, "a", put("lost", time.Time{}))} {
		if err == nil || errors.Is(err, ErrNotFound) {
			t.Fatalf("%s answers %v", name, err)
		}
	}
	if took := time.Since(begun); took > (2+updating)*r.cfg.Timeout {
		t.Fatalf("two calls of %v at most, and an Update of %d times that, took %v", r.cfg.Timeout, updating, took)
	}
}

// returns waits until the store serves again, and wants what was written.
func returns(t *testing.T, r *Redis, want string) {
	t.Helper()
	redistest.Eventually(t, "the store to return", func() bool {
		got, err := r.Get(context.Background(), "a")
		if err == nil && string(got.Value) != want {
			t.Fatalf("it holds %q", got.Value)
		}
		return err == nil
	})
	redistest.Eventually(t, "the store to take writes", func() bool {
		return r.Update(context.Background(), "a", put(want, time.Time{})) == nil
	})
}

// TestAdvisory_CVE_2025_29923_FO2_EveryFaultIsAnErrorInTime: whatever happens to the server, an error comes in time, and
// the store serves again by itself with all it had acknowledged.
func TestAdvisory_CVE_2025_29923_FO2_EveryFaultIsAnErrorInTime(t *testing.T) {
	for name, fault := range map[string]struct {
		begin, end func(t *testing.T, s *redistest.Server)
	}{
		"killed":    {func(t *testing.T, s *redistest.Server) { s.Kill(t) }, func(t *testing.T, s *redistest.Server) { s.Run(t) }},
		"frozen":    {func(t *testing.T, s *redistest.Server) { s.Freeze(t) }, func(t *testing.T, s *redistest.Server) { s.Thaw(t) }},
		"read-only": {func(t *testing.T, s *redistest.Server) { s.Do(t, "REPLICAOF", "127.0.0.1", "1") }, func(t *testing.T, s *redistest.Server) { s.Do(t, "REPLICAOF", "NO", "ONE") }},
	} {
		t.Run("ok/"+name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t)
			r := opened(t, newClock(), s.URL())
			must(t, r.Update(context.Background(), "a", put("x", time.Time{})))
			fault.begin(t, s)
			for range 3 {
				refuses(t, r)
			}
			fault.end(t, s)
			returns(t, r, "x")
		})
	}
}

// TestRedisSlow: a server that answers late is waited for as long as a call may
// take, and no longer; then it is as good as away, and no write is half.
func TestRedisSlow(t *testing.T) {
	t.Parallel()
	ctx, s := context.Background(), redistest.Start(t)
	wire := redistest.StartProxy(t, s)
	r := opened(t, newClock(), wire.URL)
	must(t, r.Update(ctx, "a", put("x", time.Time{})))
	wire.Slow(50 * time.Millisecond)
	if got, err := r.Get(ctx, "a"); err != nil || string(got.Value) != "x" {
		t.Fatalf("late, and in time: %q, %v", got.Value, err)
	}
	must(t, r.Update(ctx, "a", put("y", time.Time{})))
	wire.Slow(2 * r.cfg.Timeout)
	refuses(t, r)
	wire.Slow(0)
	redistest.Eventually(t, "the store to return", func() bool {
		got, err := r.Get(ctx, "a")
		if err == nil && string(got.Value) != "y" && string(got.Value) != "lost" {
			t.Fatalf("it holds %q", got.Value)
		}
		return err == nil
	})
}

// TestAdvisory_FO5_AFullRedisKeepsWhatItHas: a full server takes nothing new; what is there can still be read, and who has
// proved goes on.
func TestAdvisory_FO5_AFullRedisKeepsWhatItHas(t *testing.T) {
	ctx, s := context.Background(), redistest.Start(t)
	r := opened(t, newClock(), s.URL())
	must(t, r.Update(ctx, "a", put("x", time.Time{})))
	s.Do(t, "CONFIG", "SET", "maxmemory", "1")
	for range 5 {
		if err := r.Update(ctx, "a", put("y", time.Time{})); err == nil {
			t.Fatal("a full server took a write")
		}
		if _, err := r.Revoked(ctx, 0); err != nil {
			t.Fatalf("a full server cannot be read: %v", err)
		}
	}
	s.Do(t, "CONFIG", "SET", "maxmemory", "0")
	returns(t, r, "x")
}

// TestAdvisory_FO4_NobodyIsNewInAnEmptiedStore: somebody with a factor must not become new, on any node,
// because the store was emptied.
func TestAdvisory_FO4_NobodyIsNewInAnEmptiedStore(t *testing.T) {
	for name, empty := range map[string]func(t *testing.T, s *redistest.Server){
		"flushed": func(t *testing.T, s *redistest.Server) { s.Do(t, "FLUSHALL") },
		"started anew": func(t *testing.T, s *redistest.Server) {
			s.Do(t, "FLUSHALL")
			s.Kill(t)
			s.Run(t)
		},
	} {
		t.Run("fail/"+name, func(t *testing.T) {
			t.Parallel()
			ctx, c, s := context.Background(), newClock(), redistest.Start(t)
			knows, learns := opened(t, c, s.URL()), opened(t, c, s.URL())
			must(t, knows.Update(ctx, "a", put("factor", time.Time{})))
			empty(t, s)
			redistest.Eventually(t, "the doubt", func() bool {
				_, err := knows.Revoked(ctx, 0)
				return errors.Is(err, ErrOlder)
			})
			for _, r := range []*Redis{knows, learns, opened2(t, c, s.URL())} {
				if _, err := r.Get(ctx, "a"); !errors.Is(err, ErrOlder) || !strings.Contains(err.Error(), "caddy mfa store accept") {
					t.Fatalf("reads %v", err)
				}
				if err := r.Update(ctx, "b", put("x", time.Time{})); !errors.Is(err, ErrOlder) {
					t.Fatalf("writes: %v", err)
				}
			}
			must(t, learns.Accept(ctx))
			for _, r := range []*Redis{knows, learns} {
				if _, err := r.Get(ctx, "a"); !errors.Is(err, ErrNotFound) {
					t.Fatalf("accepted, and reads %v", err)
				}
				must(t, r.Update(ctx, "b", put("x", time.Time{})))
			}
		})
	}
}

// opened2 is a node started while the store is in doubt: it has a client, and
// Open's error is that doubt.
func opened2(t *testing.T, c *clock, url string) *Redis {
	t.Helper()
	r := newRedis(t, c, url)
	if err := r.Open(context.Background()); !errors.Is(err, ErrOlder) || errors.Is(err, ErrUnreachable) {
		t.Fatalf("opens a store in doubt: %v", err)
	}
	r.connect()
	t.Cleanup(func() { must(t, r.Close()) })
	return r
}

// TestRedisSettles: a server that has just become the primary takes no
// one-time act until the others had time to look at it.
func TestRedisSettles(t *testing.T) {
	t.Parallel()
	ctx, c, s := context.Background(), newClock(), redistest.Start(t)
	r := newRedis(t, c, s.URL())
	r.settle = time.Second
	begun := time.Now()
	must(t, r.Open(ctx))
	defer r.Close()
	if took := time.Since(begun); took < time.Second {
		t.Fatalf("a new store was open after %v", took)
	}
	must(t, r.Update(ctx, "a", put("x", time.Time{})))
	s.Kill(t)
	s.Run(t)
	redistest.Eventually(t, "an answer", func() bool {
		err := r.Update(ctx, "a", put("y", time.Time{}))
		if err == nil {
			t.Fatal("a server that has just started took a code")
		}
		return errors.Is(err, ErrSettling)
	})
	if got, err := r.Get(ctx, "a"); err != nil || string(got.Value) != "x" {
		t.Fatalf("reads %q, %v", got.Value, err)
	}
	returns(t, r, "x")
}

// TestAdvisory_FO3_SpentCodesStaySpent: codes spent before the primary dies stay spent, and the
// store serves on.
func TestAdvisory_FO3_SpentCodesStaySpent(t *testing.T) {
	t.Parallel()
	ctx, c, g := context.Background(), newClock(), redistest.StartGroup(t)
	r := opened(t, c, g.URL())
	for i := range 20 {
		key := fmt.Sprint("code", i)
		must(t, r.Update(ctx, key, put("unspent", time.Time{})))
		must(t, spend(ctx, r, key))
	}
	g.Primary.Kill(t)
	refuses(t, r)
	redistest.Eventually(t, "the replica to take over", func() bool {
		err := spend(ctx, r, "code0")
		if err == nil {
			t.Fatal("a spent code is good again")
		}
		return errors.Is(err, errSpent)
	})
	for i := range 20 {
		if err := spend(ctx, r, fmt.Sprint("code", i)); !errors.Is(err, errSpent) {
			t.Fatalf("code %d: %v", i, err)
		}
	}
	must(t, r.Update(ctx, "new", put("x", time.Time{})))
}

// TestAdvisory_FO3_ALostWriteStopsTheStore: a failover that loses an acknowledged write stops the
// store, on the node that knows and on the others, rather than give the code
// back.
func TestAdvisory_FO3_ALostWriteStopsTheStore(t *testing.T) {
	t.Parallel()
	ctx, c, g := context.Background(), newClock(), redistest.StartGroup(t)
	knows, learns := opened(t, c, g.URL()), opened(t, c, g.URL())
	must(t, knows.Update(ctx, "code", put("unspent", time.Time{})))
	_, err := learns.Revoked(ctx, 0)
	must(t, err)
	g.Replica.Do(t, "CONFIG", "SET", "masterauth", "wrong") // so it does not get the next write
	g.Replica.Do(t, "CLIENT", "KILL", "TYPE", "master")
	redistest.Eventually(t, "the replica to be cut off", func() bool {
		return strings.Contains(fmt.Sprint(g.Primary.Do(t, "INFO", "replication")), "connected_slaves:0")
	})
	must(t, spend(ctx, knows, "code"))
	g.Primary.Kill(t)
	redistest.Eventually(t, "the doubt", func() bool {
		_, err := knows.Revoked(ctx, 0)
		return errors.Is(err, ErrOlder)
	})
	for _, r := range []*Redis{knows, learns} {
		if err := spend(ctx, r, "code"); !errors.Is(err, ErrOlder) {
			t.Fatalf("the code: %v", err)
		}
	}
	must(t, knows.Accept(ctx))
	must(t, learns.Update(ctx, "other", put("x", time.Time{})))
}

// TestRedisUnreachable: an address where nobody is, and a wrong password, are
// told apart: only the first can end by itself.
func TestRedisUnreachable(t *testing.T) {
	ctx, c, s := context.Background(), newClock(), redistest.Start(t)
	wrong, err := redisconn.Parse(redisconn.Config{URLs: []string{s.URL()}, Password: "wrong"})
	must(t, err)
	if err := NewRedis(RedisConfig{Target: wrong, Now: c.now}).Open(ctx); err == nil || errors.Is(err, ErrUnreachable) || strings.Contains(err.Error(), redistest.Password) {
		t.Fatalf("a wrong password: %v", err)
	}
	s.Kill(t)
	r := newRedis(t, c, s.URL())
	if err := r.Open(ctx); !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), s.Addr) {
		t.Fatalf("nobody there: %v", err)
	}
	s.Run(t)
	must(t, r.Open(ctx))
	must(t, r.Close())
}

// TestRedisTurnedAway: a server that takes the password no more, or never allowed what a
// script does, is not out of reach, and the error says what it said.
func TestRedisTurnedAway(t *testing.T) {
	ctx, s := context.Background(), redistest.Start(t)
	r := opened(t, newClock(), s.URL())
	s.Do(t, "CONFIG", "SET", "requirepass", "another")
	s.Do(t, "CLIENT", "KILL", "TYPE", "normal")
	for range 5 {
		if _, err := r.Revoked(ctx, 0); err == nil || errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "WRONGPASS") {
			t.Errorf("%v", err)
		}
	}
}
