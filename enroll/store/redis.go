package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-mfa/caddy-mfa/internal/redisconn"
)

// RedisConfig is a store that many nodes share.
type RedisConfig struct {
	Target  *redisconn.Target
	Timeout time.Duration // of one call; 0: 250ms
	// Evicting says what to do with a server that throws records away where
	// memory is short. True: only Warn; false: Open refuses.
	Evicting bool
	// Memory is a file in which the node keeps how far it saw the store come;
	// "": it forgets that when it ends.
	Memory string
	Warn   func(string)     // nil: nobody hears
	Now    func() time.Time // nil: time.Now
}

// Redis keeps the records in a Redis server, a Sentinel group or a Cluster.
// Every Update is one script on one key and its partition's bookkeeping.
//
// A write that Redis has acknowledged can still be lost, at a failover or with
// a server that saves nothing. Each node therefore remembers how far every
// partition had come, and a store that is found behind that counts as down
// until Accept: a spent code must not be good again, nor somebody with a factor
// become new.
type Redis struct {
	cfg      RedisConfig
	settle   time.Duration
	circuit  *redisconn.Circuit
	memory   memory
	known    [partitions]known
	locks    [256]chan struct{} // so that one node's writers do not race each other
	echo     atomic.Uint64
	replicas [partitions]atomic.Int32 // when last told

	mu     sync.RWMutex // guards client
	client redis.UniversalClient
}

const (
	// redisTimeout is how long one call may take.
	redisTimeout = 250 * time.Millisecond
	// settling is how long a server that has just become the primary takes no
	// one-time act: the other nodes look at it meanwhile, and say where it
	// lacks what they saw written. They look twice a second, and a circuit is
	// open for one.
	settling = 3 * time.Second
	// updating bounds an Update with all its attempts, in time-outs of a call.
	updating = 8
	// late is how long redis keeps a record past its end: nodes' clocks differ.
	late = time.Hour
)

// Why the store cannot be used.
var (
	ErrOlder = errors.New("using redis: the store holds less than a node has seen in it, so it was emptied, replaced or failed over with writes lost; " +
		"bring the right data back, or take it as it is with `caddy mfa store accept`, after which spent codes may be good again and people enrolled of late are not")
	ErrSettling    = errors.New("using redis: the server is new in its role, and no code is taken for a few seconds")
	ErrUnreachable = errors.New("the server cannot be reached, or cannot serve, now")
	ErrMissing     = errors.New("using redis: a record is gone that was never deleted; the server evicts, or somebody removed it by hand; " +
		"whoever's it was begins anew, by a pass alone, after `caddy mfa user reset`")
	ErrLost = errors.New("using redis: entries of the index, or of the log of revocations, are gone that were never deleted: the server evicts, or somebody removed them by hand; " +
		"give it the memory it needs and bring the right data back, or take it as it is with `caddy mfa store accept`, after which whoever's record is gone is new, and what was revoked may be good again until it ends")
)

// NewRedis names the store. Nothing is dialled before Open.
func NewRedis(c RedisConfig) *Redis {
	if c.Timeout == 0 {
		c.Timeout = redisTimeout
	}
	if c.Warn == nil {
		c.Warn = func(string) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	r := &Redis{cfg: c, settle: settling, circuit: redisconn.NewCircuit(time.Now)}
	for i := range r.locks {
		r.locks[i] = make(chan struct{}, 1)
	}
	return r
}

// Alone is false: other nodes write as well.
func (r *Redis) Alone() bool { return false }

// Close lets go of the connections.
func (r *Redis) Close() error {
	r.remember(true)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.client == nil {
		return nil
	}
	err := r.client.Close()
	r.client = nil
	return err
}

// Get reads a live record.
func (r *Redis) Get(ctx context.Context, key string) (Record, error) {
	one, err := r.read(ctx, key)
	if err != nil {
		return Record{}, err
	}
	if one.Version == 0 || expired(one.Expires, r.cfg.Now()) {
		return Record{}, ErrNotFound
	}
	return one.Record, nil
}

// read reads what stands there, live or not.
func (r *Redis) read(ctx context.Context, key string) (envelope, error) {
	p := partitionOf(key)
	out, err := r.run(ctx, call{p, get, p.recordKeys(key), []any{key, r.cfg.Now().UnixMilli()}})
	if err != nil {
		return envelope{}, err
	}
	return out[0].record(key)
}

// Update reads, asks fn, and writes if nobody else wrote meanwhile; else again.
func (r *Redis) Update(ctx context.Context, key string, fn func(Record) (*Record, error)) error {
	return r.update(ctx, key, false, fn)
}

// Mend is Update where a record that was thrown away counts as none.
func (r *Redis) Mend(ctx context.Context, key string, fn func(Record) (*Record, error)) error {
	return r.update(ctx, key, true, fn)
}

func (r *Redis) update(ctx context.Context, key string, mend bool, fn func(Record) (*Record, error)) error {
	ctx, cancel := context.WithTimeout(ctx, updating*r.cfg.Timeout)
	defer cancel()
	unlock, err := r.lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	for {
		err := r.attempt(ctx, key, mend, fn)
		if !errors.Is(err, errChanged) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("using redis: others kept changing the record: %w", ctx.Err())
		case <-time.After(rand.N(5 * time.Millisecond)): // #nosec G404 -- keeps two writers apart, hides nothing
		}
	}
}

// errChanged says that another node was faster.
var errChanged = errors.New("using redis: the record was changed meanwhile")

func (r *Redis) attempt(ctx context.Context, key string, mend bool, fn func(Record) (*Record, error)) error {
	had, err := r.read(ctx, key)
	if mend && errors.Is(err, ErrMissing) {
		had, err = envelope{id: []byte{}}, nil
	}
	if err != nil {
		return err
	}
	now, old := r.cfg.Now(), had.Record
	if expired(old.Expires, now) {
		old = Record{}
	}
	next, err := fn(old)
	if err != nil || next == nil {
		return err
	}
	var value []byte
	var end any = ""
	keep := late
	if next.Value != nil {
		value = newEnvelope(key, Record{next.Value, old.Version + 1, next.Expires})
		if !next.Expires.IsZero() {
			end = next.Expires.UnixMilli()
			keep += max(0, next.Expires.Sub(now))
		}
	}
	p := partitionOf(key)
	_, err = r.run(ctx, call{p, update, p.recordKeys(key),
		[]any{had.id, value, key, end, now.UnixMilli(), keep.Milliseconds(), r.settle.Milliseconds()}})
	return err
}

// lock keeps this node's writers of one key apart.
func (r *Redis) lock(ctx context.Context, key string) (unlock func(), err error) {
	l := r.locks[hash(key)%uint32(len(r.locks))]
	select {
	case l <- struct{}{}:
		return func() { <-l }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

var _ Store = (*Redis)(nil)
