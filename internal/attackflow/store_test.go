package attackflow

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/caddy-mfa/caddy-mfa/caddymodule"
	"github.com/caddy-mfa/caddy-mfa/enroll/store"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func init() { caddy.RegisterModule(spiedStore{}) }

// spiedStore is the store "spied": bolt, with a test looking on.
type spiedStore struct {
	File string `json:"file"`
}

func (spiedStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "mfa.stores.spied", New: func() caddy.Module { return new(spiedStore) }}
}

// UnmarshalCaddyfile reads: spied <file>
func (s *spiedStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if !d.Args(&s.File) {
		return d.ArgErr()
	}
	return nil
}

func (s *spiedStore) StoreKey() string { return "spied:" + s.File }
func (s *spiedStore) KeyFile() string  { return filepath.Join(filepath.Dir(s.File), "mfa.key") }

func (s *spiedStore) OpenStore() (store.Store, error) {
	v := &view{Store: store.NewBolt(s.File, clock)}
	if err := v.Open(context.Background()); err != nil {
		return nil, err
	}
	opened.Store(s.File, v)
	return v, nil
}

// opened holds the store of each file that is open.
var opened sync.Map

// view is an open store. While down, it answers nothing; while full, it takes
// nothing; while broken, it panics.
type view struct {
	store.Store
	down   atomic.Bool
	full   atomic.Bool
	broken atomic.Bool
	flaky  atomic.Bool // one call in twenty fails, before it does anything or after
	calls  atomic.Int64
	crowd  atomic.Pointer[crowdGate]
}

// crowdGate holds changes of the store until n of them have come, so that all
// of them were decided on what stood before the first.
type crowdGate struct {
	left atomic.Int64
	open chan struct{}
}

// gather holds the next n changes until all are there.
func (v *view) gather(n int) {
	g := &crowdGate{open: make(chan struct{})}
	g.left.Store(int64(n))
	v.crowd.Store(g)
}

func (v *view) arrive() {
	g := v.crowd.Load()
	if g == nil {
		return
	}
	if g.left.Add(-1) == 0 {
		v.crowd.Store(nil)
		close(g.open)
	}
	<-g.open
}

// fails tells whether this call is one in twenty, and whether what it asked is
// done all the same.
func (v *view) fails() (fails, done bool) {
	if !v.flaky.Load() {
		return false, false
	}
	n := v.calls.Add(1)
	return n%20 == 0, n%40 == 0
}

var errDown = errors.New("switched off by a test")

func (v *view) Get(ctx context.Context, key string) (store.Record, error) {
	if v.broken.Load() {
		panic("broken by a test")
	}
	if v.down.Load() {
		return store.Record{}, errDown
	}
	if fails, _ := v.fails(); fails {
		return store.Record{}, errDown
	}
	return v.Store.Get(ctx, key)
}

func (v *view) Update(ctx context.Context, key string, fn func(store.Record) (*store.Record, error)) error {
	if v.broken.Load() {
		panic("broken by a test")
	}
	if v.down.Load() || v.full.Load() {
		return errDown
	}
	v.arrive()
	if fails, done := v.fails(); fails {
		if done { // it happened, and nobody is told
			_ = v.Store.Update(ctx, key, fn)
		}
		return errDown
	}
	return v.Store.Update(ctx, key, fn)
}

var _ caddymodule.StoreModule = (*spiedStore)(nil)
