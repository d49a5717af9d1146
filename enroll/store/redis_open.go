package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-mfa/caddy-mfa/internal/redisconn"
)

// Passing tells whether an error is of a state that can end without a change of
// the configuration, by itself or by Accept, so that trying again is right.
func Passing(err error) bool {
	for _, state := range []error{ErrUnreachable, ErrOlder, ErrSettling, ErrMissing, ErrLost} {
		if errors.Is(err, state) {
			return true
		}
	}
	return redisconn.Refuses(err)
}

// Open dials, checks how the server is set, and waits until it has settled.
func (r *Redis) Open(ctx context.Context) error {
	client, isNew := r.connect()
	if !isNew {
		return nil
	}
	r.recall()
	err := r.check(ctx, client)
	if err == nil {
		err = r.await(ctx)
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("opening the store %s: %w", r.cfg.Target, errors.Join(err, r.Close()))
}

// connect makes the client where there is none.
func (r *Redis) connect() (client redis.UniversalClient, isNew bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.client != nil {
		return r.client, false
	}
	r.client = r.cfg.Target.Client(r.cfg.Timeout)
	return r.client, true
}

// check looks at every primary's settings.
func (r *Redis) check(ctx context.Context, client redis.UniversalClient) error {
	one := func(ctx context.Context, c *redis.Client) error {
		ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
		defer cancel()
		info, err := c.Info(ctx, "memory").Result()
		if err != nil {
			return err
		}
		if err := r.checkEviction(info); err != nil {
			return err
		}
		if info, err = c.Info(ctx, "persistence").Result(); err != nil {
			return err
		}
		r.checkPersistence(info)
		return nil
	}
	var err error
	switch c := client.(type) {
	case *redis.ClusterClient:
		err = c.ForEachMaster(ctx, one)
	case *redis.Client:
		err = one(ctx, c)
	}
	if errors.Is(err, errEvicting) {
		return err
	}
	return reach(err)
}

var errEvicting = errors.New("it throws away factors and spent codes where memory is short")

// checkEviction refuses a server that throws records away: an evicted lock-out
// or spent code is one that never was.
func (r *Redis) checkEviction(info string) error {
	_, after, found := strings.Cut(info, "maxmemory_policy:")
	policy, _, _ := strings.Cut(after, "\r\n")
	switch {
	case !found || policy == "noeviction":
		return nil
	case !r.cfg.Evicting:
		return fmt.Errorf("%w, by its maxmemory-policy %s: set `maxmemory-policy noeviction` in the server, or write `evicting warn` to live with it", errEvicting, policy)
	}
	r.cfg.Warn("the store's maxmemory-policy is " + policy + ": whoever's record is thrown away is locked out until it is reset")
	return nil
}

// checkPersistence warns of a server that brings back from a restart less than it
// has acknowledged.
func (r *Redis) checkPersistence(info string) {
	if strings.Contains(info, "aof_enabled:0") {
		r.cfg.Warn("the store's Redis keeps no file of its writes (appendonly no): what it has acknowledged it has lost after a restart, and then all that is protected is closed until `caddy mfa store accept`; set `appendonly yes` and `appendfsync always` in the server")
	}
}

// await looks at every partition, and waits where one has just got a new
// primary or was just made: the other nodes may know that it lacks something.
func (r *Redis) await(ctx context.Context) error {
	for {
		age, err := r.looks(ctx)
		if err != nil || age >= r.settle {
			return err
		}
		select {
		case <-ctx.Done():
			return ErrSettling
		case <-time.After(min(r.settle-age, 250*time.Millisecond)):
		}
	}
}

// onAll is one script for every partition.
func onAll(s *script, args ...any) []call {
	calls := make([]call, partitions)
	for p := range partition(partitions) {
		calls[p] = call{p, s, []string{p.mark(), p.key("index"), p.key("log")}, args}
	}
	return calls
}

// looks looks at every partition and returns the age of the youngest line.
func (r *Redis) looks(ctx context.Context) (age time.Duration, err error) {
	calls := onAll(look)
	for i := range calls {
		calls[i].keys = calls[i].keys[:1] // a slot on the move answers for keys that are all there
	}
	out, err := r.run(ctx, calls...)
	if err != nil {
		return 0, err
	}
	age = r.settle
	for i := range out {
		age = min(age, out[i].age)
	}
	return age, nil
}

// doubt tells all nodes that the store holds less than this one has seen. Where
// that does not arrive, this node says so again at its next call.
func (r *Redis) doubt(ctx context.Context, accepted uint64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.Timeout)
	defer cancel()
	_, _ = r.send(ctx, onAll(doubtMarks, accepted))
}

// Accept takes the store as it is, on every node, in spite of what they knew: also
// where that was accepted by a clock that was ahead of the server's. A store in
// doubt does not open, so this connects by itself.
func (r *Redis) Accept(ctx context.Context) error {
	if _, isNew := r.connect(); isNew {
		r.recall()
	}
	before := uint64(0)
	for p := range r.known {
		before = max(before, r.known[p].get().accepted)
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	if _, err := r.send(ctx, onAll(acceptMarks, before)); err != nil {
		return fmt.Errorf("accepting the store: %w", reach(err))
	}
	return nil
}
