package caddymodule

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/store"
	"github.com/prometheus/client_golang/prometheus"
)

var (
	storeDuration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: "caddy", Subsystem: "mfa", Name: "store_duration_seconds",
		Help:    "How long calls to the store took, by operation.",
		Buckets: []float64{.00001, .00005, .0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
	}, []string{"op"})
	storeErrors = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "caddy", Subsystem: "mfa", Name: "store_errors_total",
		Help: "Calls to the store that failed, by operation.",
	}, []string{"op"})
)

// measured is a store whose calls are counted.
type measured struct{ store.Store }

// ops are the operations, so that each is there from the start, with 0.
var ops = func() map[string]prometheus.Observer {
	m := map[string]prometheus.Observer{}
	for _, op := range []string{"open", "get", "update", "list", "revoke", "revoked"} {
		m[op] = storeDuration.WithLabelValues(op)
		storeErrors.WithLabelValues(op)
	}
	return m
}()

// done counts a call. That there is no record, or that what was asked of it was
// refused, is no failure of the store.
func done(op string, begun time.Time, err error) error {
	ops[op].Observe(time.Since(begun).Seconds())
	var refused *enroll.Error
	switch {
	case err == nil, errors.Is(err, store.ErrNotFound), errors.Is(err, context.Canceled):
	case errors.As(err, &refused) && !errors.Is(err, enroll.ErrStoreDown):
	default:
		storeErrors.WithLabelValues(op).Inc()
	}
	return err
}

// Open opens it.
func (m measured) Open(ctx context.Context) error {
	return done("open", time.Now(), m.Store.Open(ctx))
}

// Get reads a record.
func (m measured) Get(ctx context.Context, key string) (store.Record, error) {
	begun := time.Now()
	r, err := m.Store.Get(ctx, key)
	return r, done("get", begun, err)
}

// Update changes a record.
func (m measured) Update(ctx context.Context, key string, fn func(store.Record) (*store.Record, error)) error {
	begun := time.Now()
	return done("update", begun, m.Store.Update(ctx, key, fn))
}

// Mend changes a record, or makes one that was lost anew.
func (m measured) Mend(ctx context.Context, key string, fn func(store.Record) (*store.Record, error)) error {
	begun := time.Now()
	return done("update", begun, store.Mend(ctx, m.Store, key, fn))
}

// List visits records.
func (m measured) List(ctx context.Context, prefix, after string, fn func(string, store.Record) error) error {
	begun := time.Now()
	return done("list", begun, m.Store.List(ctx, prefix, after, fn))
}

// Revoke adds to the log.
func (m measured) Revoke(ctx context.Context, value []byte, expires time.Time) (uint64, error) {
	begun := time.Now()
	seq, err := m.Store.Revoke(ctx, value, expires)
	return seq, done("revoke", begun, err)
}

// Revoked reads the log.
func (m measured) Revoked(ctx context.Context, after uint64) ([]store.Entry, error) {
	begun := time.Now()
	lines, err := m.Store.Revoked(ctx, after)
	return lines, done("revoked", begun, err)
}

// Snapshot copies it, where it can be copied.
func (m measured) Snapshot(ctx context.Context, begin func(size int64) io.Writer) error {
	st, ok := m.Store.(store.Snapshotter)
	if !ok {
		return enroll.ErrNoSnapshot
	}
	return st.Snapshot(ctx, begin)
}
