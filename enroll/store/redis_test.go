package store

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/redisconn"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// newRedis is a node that waits for nobody to settle.
func newRedis(t *testing.T, c *clock, urls ...string) *Redis {
	t.Helper()
	return newRedisTLS(t, c, nil, urls...)
}

func newRedisTLS(t *testing.T, c *clock, roots *x509.CertPool, urls ...string) *Redis {
	t.Helper()
	target, err := redisconn.Parse(redisconn.Config{URLs: urls, Password: redistest.Password, Roots: roots})
	must(t, err)
	// A busy machine is no fault: what fails is to fail by itself.
	r := NewRedis(RedisConfig{Target: target, Now: c.now, Timeout: 2 * time.Second})
	r.settle = 0
	return r
}

// opened is newRedis, open until the end of the test.
func opened(t *testing.T, c *clock, urls ...string) *Redis {
	t.Helper()
	r := newRedis(t, c, urls...)
	must(t, r.Open(context.Background()))
	t.Cleanup(func() { must(t, r.Close()) })
	return r
}

// spend is what takes a one-time code: one of all callers does it.
func spend(ctx context.Context, s Store, key string) error {
	return s.Update(ctx, key, func(old Record) (*Record, error) {
		if string(old.Value) != "unspent" {
			return nil, errSpent
		}
		return &Record{Value: []byte("spent")}, nil
	})
}

var errSpent = errors.New("spent")

func TestRedisDefaults(t *testing.T) {
	r := NewRedis(RedisConfig{})
	if r.cfg.Timeout != 250*time.Millisecond || r.settle != 3*time.Second || r.Alone() {
		t.Fatalf("%+v", r.cfg)
	}
}

func TestRedisTLS(t *testing.T) {
	ctx := context.Background()
	s, roots := redistest.StartTLS(t)
	url := "rediss://" + s.Addr
	r := newRedisTLS(t, newClock(), roots, url)
	must(t, r.Open(ctx))
	must(t, r.Update(ctx, "a", put("x", time.Time{})))
	must(t, r.Close())
	if err := newRedis(t, newClock(), url).Open(ctx); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Fatalf("a server that nobody vouches for: %v", err)
	}
}

// TestRedisRights: a user with the rights that the documentation gives can do all that
// the store does, in whatever kind of Redis, and one with fewer is told which it needs.
func TestRedisRights(t *testing.T) {
	ctx, c := context.Background(), newClock()
	docs, err := os.ReadFile("../../docs/caddyfile.md")
	if err != nil || !strings.Contains(string(docs), redisRights) {
		t.Errorf("they are not in the documentation: %v", err)
	}
	one, cluster := redistest.Start(t), redistest.StartCluster(t)
	grant := func(s *redistest.Server, rights string) {
		args := []any{"ACL", "SETUSER", "mfa", "reset", "on", ">" + redistest.Password}
		for word := range strings.FieldsSeq(rights) {
			args = append(args, word)
		}
		s.Do(t, args...)
	}
	for _, s := range append(cluster, one) {
		grant(s, redisRights)
	}
	user := func(s *redistest.Server) string { return "redis://mfa:" + redistest.Password + "@" + s.Addr }
	for name, urls := range map[string][]string{
		"one":              {user(one)},
		"another database": {user(one) + "/3"},
		"Cluster":          {user(cluster[0]), user(cluster[1])},
	} {
		r := node(t, c, urls...)
		must(t, r.Open(ctx))
		for i := range 40 { // in all partitions
			key := fmt.Sprint("a", i)
			must(t, r.Update(ctx, key, put("x", c.now().Add(time.Minute))))
			must(t, r.Update(ctx, key, put("y", time.Time{})))
			must(t, r.Update(ctx, key, func(Record) (*Record, error) { return &Record{}, nil }))
		}
		_, err := r.Revoke(ctx, []byte("line"), c.now().Add(time.Minute))
		must(t, err)
		_, err = r.Revoked(ctx, 0)
		must(t, err)
		must(t, r.List(ctx, "", "", func(string, Record) error { return nil }))
		r.doubt(ctx, 1<<53)
		if _, err := r.Get(ctx, "a"); !errors.Is(err, ErrOlder) {
			t.Errorf("%s: doubted, it reads as %v", name, err)
		}
		must(t, r.Accept(ctx))
		must(t, r.Close())
	}
	for _, right := range []string{"+time", "+evalsha", "~mfa:*"} {
		grant(one, strings.Replace(redisRights, right+" ", "", 1))
		if err := node(t, c, user(one)).Open(ctx); err == nil || Passing(err) || !strings.Contains(err.Error(), redisRights) {
			t.Errorf("without %s: %v", right, err)
		}
	}
}

// node is a store whose addresses hold user and password.
func node(t *testing.T, c *clock, urls ...string) *Redis {
	t.Helper()
	target, err := redisconn.Parse(redisconn.Config{URLs: urls})
	must(t, err)
	r := NewRedis(RedisConfig{Target: target, Now: c.now, Timeout: 2 * time.Second})
	r.settle = 0
	return r
}

// TestRedisRaces: whatever nodes submit a code at once, one of them has it.
func TestRedisRaces(t *testing.T) {
	ctx, c := context.Background(), newClock()
	url := redistest.Start(t).URL()
	nodes := []*Redis{opened(t, c, url), opened(t, c, url), opened(t, c, url)}
	for round := range 10 {
		key := fmt.Sprint("code", round)
		must(t, nodes[0].Update(ctx, key, put("unspent", time.Time{})))
		var won, lost atomic.Int32
		var all sync.WaitGroup
		for i := range 30 {
			all.Go(func() {
				switch err := spend(ctx, nodes[i%len(nodes)], key); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, errSpent):
					lost.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 || lost.Load() != 29 {
			t.Fatalf("round %d: %d had the code, %d did not", round, won.Load(), lost.Load())
		}
	}
}

// TestRedisSameVersion: after a write was lost, another may carry its version.
// A node that read the lost one must not write over it (the attack: a spent
// code comes back with what is written next).
func TestRedisSameVersion(t *testing.T) {
	ctx, c := context.Background(), newClock()
	r := opened(t, c, redistest.Start(t).URL())
	must(t, r.Update(ctx, "a", put("one", time.Time{})))
	runs := 0
	must(t, r.Update(ctx, "a", func(old Record) (*Record, error) {
		if runs++; runs == 1 {
			p := partitionOf("a")
			_, err := r.run(ctx, call{p, update, p.recordKeys("a"),
				[]any{mustRead(t, r, "a").id, newEnvelope("a", Record{[]byte("other"), old.Version, time.Time{}}), "a", "", 0, 1000, 0}})
			must(t, err)
		}
		return &Record{Value: append(old.Value, '+')}, nil
	}))
	got, err := r.Get(ctx, "a")
	must(t, err)
	if runs != 2 || string(got.Value) != "other+" {
		t.Fatalf("after %d runs it holds %q", runs, got.Value)
	}
}

func mustRead(t *testing.T, r *Redis, key string) envelope {
	t.Helper()
	e, err := r.read(context.Background(), key)
	must(t, err)
	return e
}

// TestAdvisory_FO4_AnEvictingServerIsRefused: one that throws records away makes people
// new; where that is accepted, it is said, and a record that is gone is missing and none.
func TestAdvisory_FO4_AnEvictingServerIsRefused(t *testing.T) {
	ctx, c := context.Background(), newClock()
	s := redistest.Start(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	err := newRedis(t, c, s.URL()).Open(ctx)
	if err == nil || !strings.Contains(err.Error(), "allkeys-lru") || !strings.Contains(err.Error(), "noeviction") || errors.Is(err, ErrUnreachable) {
		t.Fatalf("refused with %v", err)
	}
	r := newRedis(t, c, s.URL())
	var warned string
	r.cfg.Evicting, r.cfg.Warn = true, func(text string) { warned = text }
	must(t, r.Open(ctx))
	defer r.Close()
	if !strings.Contains(warned, "allkeys-lru") {
		t.Fatalf("warned with %q", warned)
	}
	// Nobody becomes new by eviction.
	must(t, r.Update(ctx, "a", put("x", time.Time{})))
	must(t, r.Update(ctx, "b", put("x", c.now().Add(time.Minute))))
	for _, key := range []string{"a", "b"} {
		s.Do(t, "DEL", partitionOf(key).recordKeys(key)[1])
		if _, err := r.Get(ctx, key); !errors.Is(err, ErrMissing) {
			t.Errorf("an evicted record reads as %v", err)
		}
		if err := r.Update(ctx, key, put("new", time.Time{})); !errors.Is(err, ErrMissing) {
			t.Errorf("an evicted record is written anew: %v", err)
		}
	}
	c.add(time.Minute)
	if _, err := r.Get(ctx, "b"); !errors.Is(err, ErrNotFound) {
		t.Errorf("one that is over reads as %v", err)
	}
}

// A server that forgets at a restart what it has acknowledged is warned of, and one
// that does not is not.
func TestRedisWarnsOfAServerThatForgets(t *testing.T) {
	for appendonly, want := range map[string]string{"no": "appendonly yes", "yes": ""} {
		s := redistest.Start(t, "--appendonly", appendonly)
		r := newRedis(t, newClock(), s.URL())
		warned := ""
		r.cfg.Warn = func(text string) { warned += text }
		must(t, r.Open(context.Background()))
		must(t, r.Close())
		if (warned != "") != (want != "") || !strings.Contains(warned, want) {
			t.Errorf("with appendonly %s, warned with %q", appendonly, warned)
		}
	}
}

// TestAdvisory_CVE_2025_29923_FO2_NothingUnderAnothersKey: what others wrote, or what stands under another's key, is
// no record.
func TestAdvisory_CVE_2025_29923_FO2_NothingUnderAnothersKey(t *testing.T) {
	ctx, c := context.Background(), newClock()
	s := redistest.Start(t)
	r := opened(t, c, s.URL())
	at := func(key string) string { return partitionOf(key).recordKeys(key)[1] }
	must(t, r.Update(ctx, "mine", put("x", time.Time{})))
	s.Do(t, "COPY", at("mine"), at("yours"))
	s.Do(t, "SET", at("text"), "some other program's")
	s.Do(t, "SET", at("short"), "a")
	for _, key := range []string{"yours", "text", "short"} {
		if _, err := r.Get(ctx, key); !errors.Is(err, errEnvelope) {
			t.Errorf("%s reads as %v", key, err)
		}
	}
}

// TestRedisSweeps: what is over leaves the indexes too.
func TestRedisSweeps(t *testing.T) {
	ctx, c := context.Background(), newClock()
	s := redistest.Start(t)
	r := opened(t, c, s.URL())
	p := partitionOf("stays")
	for i := range 200 {
		must(t, r.Update(ctx, fmt.Sprint("k", i), put("x", c.now().Add(time.Minute))))
		_, err := r.Revoke(ctx, []byte("x"), c.now().Add(time.Minute))
		must(t, err)
	}
	c.add(time.Minute)
	must(t, r.Update(ctx, "stays", put("x", time.Time{})))
	for range 4 {
		_, err := r.Revoke(ctx, []byte("y"), time.Time{})
		must(t, err)
	}
	for key, want := range map[string]int64{p.key("index"): 1, p.key("ends"): 0, logPartition.key("log"): 4, logPartition.key("log.ends"): 0} {
		if n := s.Do(t, "ZCARD", key); n != want {
			t.Errorf("%s holds %v, want %d", key, n, want)
		}
	}
	must(t, r.List(ctx, "", "", func(key string, _ Record) error {
		if key != "stays" {
			t.Errorf("lists %s", key)
		}
		return nil
	}))
}

// TestRedisCost counts the commands: reading writes nothing, and a look at all
// partitions is one round trip.
func TestRedisCost(t *testing.T) {
	ctx, c := context.Background(), newClock()
	s := redistest.Start(t)
	r := opened(t, c, s.URL())
	must(t, r.Update(ctx, "a", put("x", time.Time{})))
	for range 2 { // the first loads the scripts
		_, err := r.Get(ctx, "a")
		must(t, err)
		_, err = r.Revoked(ctx, 0)
		must(t, err)
	}
	before := map[string]int{}
	names := []string{"evalsha", "eval", "set", "hset", "zadd", "get"}
	for _, n := range names {
		before[n] = s.Commands(t, n)
	}
	for range 100 {
		_, err := r.Get(ctx, "a")
		must(t, err)
	}
	_, err := r.Revoked(ctx, 0)
	must(t, err)
	for i, want := range []int{100 + partitions + 1, 0, 0, 0, 0, 100} {
		if n := s.Commands(t, names[i]) - before[names[i]]; n != want {
			t.Errorf("%d times %s, want %d", n, names[i], want)
		}
	}
}
