package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/store"
	"github.com/caddy-mfa/caddy-mfa/internal/redisconn"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

const nodeKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// node is one Caddy's service on a shared Redis, as it runs in production but
// for its clock.
func node(t *testing.T, now func() time.Time, url string) *enroll.Service {
	t.Helper()
	target, err := redisconn.Parse(redisconn.Config{URLs: []string{url}, Password: redistest.Password})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := enroll.NewKeys(nodeKey)
	if err != nil {
		t.Fatal(err)
	}
	st := store.NewRedis(store.RedisConfig{Target: target, Now: now, Timeout: time.Second})
	s, err := enroll.New(enroll.Config{Store: st, Keys: keys, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), st.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

var (
	bob  = enroll.Person{Realm: "default", User: "bob", Tenant: "default"}
	asks = enroll.Rules{Tenant: "default", Required: true, Methods: []enroll.Kind{enroll.KindTOTP}, First: "none", Share: "tenant"}
)

// enrol gives bob an authenticator app, and returns its secret and his flag.
func enrol(t *testing.T, s *enroll.Service, now time.Time) (secret string, f *enroll.Flag) {
	t.Helper()
	ctx := context.Background()
	v, err := s.BeginVisit(ctx, bob, asks, nil)
	if err != nil {
		t.Fatal(err)
	}
	begun, err := s.BeginTOTP(ctx, v, bob, asks, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	done, err := s.FinishTOTP(ctx, v, bob, asks, nil, code(t, begun.Secret, now), "phone")
	if err != nil {
		t.Fatal(err)
	}
	return begun.Secret, &done.Flag
}

func code(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	c, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRedisOneCode: 200 codes, each submitted 50 times at once to two nodes,
// while the primary is frozen and thawed between, and killed in the middle. No
// code is ever taken twice.
func TestRedisOneCode(t *testing.T) {
	t.Parallel()
	ctx, g := context.Background(), redistest.StartGroup(t)
	var clock atomic.Int64
	clock.Store(time.Now().UnixNano())
	now := func() time.Time { return time.Unix(0, clock.Load()) }
	nodes := []*enroll.Service{node(t, now, g.URL()), node(t, now, g.URL())}
	secret, _ := enrol(t, nodes[0], now())

	taken, none := 0, 0
	for round := range 200 {
		clock.Add(int64(31 * time.Second))
		right := code(t, secret, now())
		switch {
		case round == 100:
			g.Primary.Kill(t)
		case round < 100 && round%20 == 10:
			g.Primary.Freeze(t)
			time.AfterFunc(50*time.Millisecond, func() { g.Primary.Thaw(t) })
		}
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				_, err := nodes[i%2].ProveTOTP(ctx, bob, asks, right, true)
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, enroll.ErrUsedCode) && !errors.Is(err, enroll.ErrStoreDown):
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		all.Wait()
		switch won.Load() {
		case 0:
			none++
		case 1:
			taken++
		default:
			t.Fatalf("round %d: the code was taken %d times", round, won.Load())
		}
		if round == 100 {
			// The spent ones stay spent on the server that takes over.
			redistest.Eventually(t, "the failover", func() bool {
				_, err := nodes[0].ProveTOTP(ctx, bob, asks, right, true)
				if err == nil && won.Load() == 1 {
					t.Fatal("a spent code was taken again")
				}
				return err == nil || errors.Is(err, enroll.ErrUsedCode)
			})
		}
	}
	t.Logf("%d codes taken once, %d never", taken, none)
	if taken < 150 {
		t.Fatalf("only %d of 200 codes were taken", taken)
	}
}

// TestRedisRevocation measures how long a flag lives on one node after another
// revoked it: 100 of them, one every 20 ms. That it is never more than two seconds
// a test with a clock of its own shows; here half of them must keep to it, since a
// busy machine may stand still for as long.
func TestRedisRevocation(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), redistest.Start(t).URL()
	here, there := node(t, time.Now, url), node(t, time.Now, url)
	_, first := enrol(t, here, time.Now())
	counts := func(s *enroll.Service, token string) bool {
		_, err := s.ReadFlag(token, bob.Realm, time.Now())
		return err == nil
	}
	ended := map[string]time.Time{} // by token: when it was revoked
	var took []time.Duration
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for i := 0; len(took) < 100; i++ {
		<-tick.C
		if i%20 == 0 && i < 100*20 {
			f := *first
			f.ID = fmt.Sprint("flag ", i)
			token, err := here.SignFlag(f)
			if err != nil {
				t.Fatal(err)
			}
			read, err := there.ReadFlag(token, bob.Realm, time.Now())
			if err != nil {
				t.Fatal("the flag does not count:", err)
			}
			ended[token] = time.Now()
			if err := here.RevokeFlag(ctx, read); err != nil || counts(here, token) {
				t.Fatal("it counts where it was revoked:", err)
			}
		}
		for token, since := range ended {
			if !counts(there, token) {
				took = append(took, time.Since(since))
				delete(ended, token)
			} else if time.Since(since) > 10*time.Second {
				t.Fatal("a flag goes on")
			}
		}
	}
	slices.Sort(took)
	t.Logf("revoked on the other node after: median %v, p99 %v, at most %v", took[50], took[98], took[99])
	if took[50] > 2*time.Second {
		t.Fatal("later than two seconds")
	}
}

// TestRedisPartition: a node that is cut off stops trusting flags, and knows what was revoked meanwhile once it hears again.
func TestRedisPartition(t *testing.T) {
	t.Parallel()
	ctx, server := context.Background(), redistest.Start(t)
	wire := redistest.StartProxy(t, server)
	here, away := node(t, time.Now, server.URL()), node(t, time.Now, wire.URL)
	_, f := enrol(t, here, time.Now())
	token, err := here.SignFlag(*f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := away.ReadFlag(token, bob.Realm, time.Now()); err != nil || !away.Current(time.Now()) {
		t.Fatal("the flag does not count:", err)
	}
	wire.Cut()
	if err := here.RevokeUser(ctx, bob.Realm, bob.User, ""); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, "the node to notice", func() bool { return !away.Current(time.Now()) })
	wire.Mend()
	redistest.Eventually(t, "the node to hear again", func() bool { return away.Current(time.Now()) })
	if _, err := away.ReadFlag(token, bob.Realm, time.Now()); err == nil {
		t.Fatal("what was revoked meanwhile counts")
	}
	if _, err := away.Account(ctx, bob.Realm, bob.User); err != nil {
		t.Fatal(err)
	}
}
