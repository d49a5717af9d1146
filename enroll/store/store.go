// Package store keeps the records of the gate: a small key-value contract with
// one atomic step per key, which an embedded file and a shared server can both
// fulfil. What stands in a record is sealed by whoever writes it.
package store

import (
	"context"
	"errors"
	"time"
)

// ErrNotFound is the answer for a key that has no live record.
var ErrNotFound = errors.New("reading a record: there is none")

// ErrClosed is the answer of a store that is not open.
var ErrClosed = errors.New("using the store: it is not open")

// Record is a value with its version, which starts at 1 and grows by 1 with
// every write. Version 0: there is no such record. Expires zero: it stays.
type Record struct {
	Value   []byte
	Version uint64
	Expires time.Time
}

// Entry is one line of the revocation log.
type Entry struct {
	Seq     uint64 // grows from line to line
	Value   []byte
	Expires time.Time
}

// Mender is a store that can lose a record which nobody deleted, and tells so.
type Mender interface {
	// Mend is Update where such a record counts as none.
	Mend(ctx context.Context, key string, fn func(old Record) (*Record, error)) error
}

// Mend is Update for whoever may take a lost record for none.
func Mend(ctx context.Context, s Store, key string, fn func(old Record) (*Record, error)) error {
	if m, ok := s.(Mender); ok {
		return m.Mend(ctx, key, fn)
	}
	return s.Update(ctx, key, fn)
}

// Store is what every store fulfils; contract_test.go is the table that shows it.
type Store interface {
	// Open makes the store usable. It may be called again: an open store stays
	// as it is.
	Open(ctx context.Context) error
	// Get reads a live record, or ErrNotFound. Its Value is not to be written to:
	// others may have got the same.
	Get(ctx context.Context, key string) (Record, error)
	// Update is the one atomic step: fn sees the record (Version 0: none) and
	// returns what to write instead, nil to leave all as it is, or a Record
	// without Value to delete it. Version is set by the store. An error of fn is
	// returned as it is and writes nothing. fn may run more than once, so it
	// must set, not add to, what it shares. Update returns after the write is
	// durable.
	Update(ctx context.Context, key string, fn func(old Record) (*Record, error)) error
	// List visits live records whose key begins with prefix, in the order of
	// their keys, those after the key given (exclusive); it stops at fn's error.
	List(ctx context.Context, prefix, after string, fn func(key string, r Record) error) error
	// Revoke adds a line to the revocation log.
	Revoke(ctx context.Context, value []byte, expires time.Time) (seq uint64, err error)
	// Revoked reads the live lines after seq, oldest first.
	Revoked(ctx context.Context, after uint64) ([]Entry, error)
	// Alone tells that no other process can write to this store.
	Alone() bool
	// Close ends it. A closed store answers ErrClosed.
	Close() error
}
