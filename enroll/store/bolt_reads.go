package store

import (
	"sync/atomic"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/recent"
)

// Bounds of what is kept of records that were read.
const (
	maxReads    = 512
	maxReadSize = 8 << 10 // bytes of a record
	readLife    = time.Minute
)

// boltReads keeps records as they were read last. The process alone writes to the
// file, so that what was read holds until the next write has ended. A block asks
// for the same person's record again and again.
type boltReads struct {
	writes atomic.Uint64 // that have ended
	table  *recent.Table[struct{}, boltRead]
}

// boltRead is a record that was read after so many writes.
type boltRead struct {
	record Record
	writes uint64
}

func newBoltReads() *boltReads {
	return &boltReads{table: recent.New[struct{}, boltRead](maxReads)}
}

// wrote makes all that was read until now useless.
func (r *boltReads) wrote() { r.writes.Add(1) }

// get returns what was read of a key after so many writes.
func (r *boltReads) get(key string, writes uint64) (Record, bool) {
	e := r.table.Get(key, &struct{}{})
	if e == nil || e.Value.writes != writes {
		return Record{}, false
	}
	return e.Value.record, true
}

// put keeps what was read of a key, by a read that began after so many writes.
func (r *boltReads) put(key string, record Record, writes uint64, now time.Time) {
	if len(record.Value) <= maxReadSize {
		r.table.Put(&recent.Entry[struct{}, boltRead]{Text: key, Until: now.Add(readLife), Value: boltRead{record, writes}}, now)
	}
}
