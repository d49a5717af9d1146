package store

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is the contract in its plainest form: the reference that the other
// stores are compared with, and the store of unit tests. It forgets everything
// at the end of the process, so it is not offered in a configuration.
type Memory struct {
	now     func() time.Time
	mu      sync.Mutex
	open    bool
	records map[string]Record
	log     []Entry
	seq     uint64
}

// NewMemory makes an empty store.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, records: map[string]Record{}}
}

// Open makes it usable; what a closed one held is still there.
func (m *Memory) Open(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open = true
	return nil
}

// Alone is false: tests let several services, as on several nodes, share one.
func (m *Memory) Alone() bool { return false }

// Close makes it unusable until the next Open.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open = false
	return nil
}

func (m *Memory) ready(ctx context.Context) error {
	if !m.open {
		return ErrClosed
	}
	return ctx.Err()
}

func (m *Memory) live(key string) (Record, bool) {
	r, ok := m.records[key]
	if !ok || expired(r.Expires, m.now()) {
		return Record{}, false
	}
	r.Value = slices.Clone(r.Value)
	return r, true
}

// Get reads a live record.
func (m *Memory) Get(ctx context.Context, key string) (Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(ctx); err != nil {
		return Record{}, err
	}
	r, ok := m.live(key)
	if !ok {
		return Record{}, ErrNotFound
	}
	return r, nil
}

// Update runs fn under the lock.
func (m *Memory) Update(ctx context.Context, key string, fn func(Record) (*Record, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(ctx); err != nil {
		return err
	}
	old, _ := m.live(key)
	next, err := fn(old)
	if err != nil || next == nil {
		return err
	}
	if next.Value == nil {
		delete(m.records, key)
		return nil
	}
	m.records[key] = Record{Value: slices.Clone(next.Value), Version: old.Version + 1, Expires: next.Expires}
	return nil
}

// List visits a copy, so that fn may use the store.
func (m *Memory) List(ctx context.Context, prefix, after string, fn func(string, Record) error) error {
	m.mu.Lock()
	if err := m.ready(ctx); err != nil {
		m.mu.Unlock()
		return err
	}
	live := map[string]Record{}
	var keys []string
	for key := range m.records {
		if r, ok := m.live(key); ok && strings.HasPrefix(key, prefix) && key > after {
			live[key] = r
			keys = append(keys, key)
		}
	}
	m.mu.Unlock()
	slices.Sort(keys)
	for _, key := range keys {
		if err := fn(key, live[key]); err != nil {
			return err
		}
	}
	return nil
}

// Revoke adds a line.
func (m *Memory) Revoke(ctx context.Context, value []byte, expires time.Time) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(ctx); err != nil {
		return 0, err
	}
	m.seq++
	m.log = append(m.log, Entry{Seq: m.seq, Value: slices.Clone(value), Expires: expires})
	return m.seq, nil
}

// Revoked reads the live lines after seq.
func (m *Memory) Revoked(ctx context.Context, after uint64) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(ctx); err != nil {
		return nil, err
	}
	var lines []Entry
	for _, e := range m.log {
		if e.Seq > after && !expired(e.Expires, m.now()) {
			lines = append(lines, e)
		}
	}
	return lines, nil
}

// expired tells whether a record with that end is over at now.
func expired(end, now time.Time) bool { return !end.IsZero() && !now.Before(end) }

var _ Store = (*Memory)(nil)
