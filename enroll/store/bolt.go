package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Bolt keeps the records in one file that one process owns. Every Update is one
// transaction and is on the disk when it returns.
type Bolt struct {
	path string
	now  func() time.Time
	wait time.Duration // for the lock of another process
	Warn func(string)  // nil: nobody hears

	readOnly bool
	anew     bool // whatever is known of the file
	memory   boltMemory
	reads    *boltReads

	mu sync.RWMutex // guards db against Close
	db *bolt.DB
}

// NewBolt names the file. Nothing is read or made before Open, so that a
// configuration can be checked beside a running server.
func NewBolt(path string, now func() time.Time) *Bolt {
	return &Bolt{path: path, now: now, wait: 5 * time.Second, reads: newBoltReads()}
}

// NewBoltReader names a file that is only read, a backup for example.
func NewBoltReader(path string, now func() time.Time) *Bolt {
	b := NewBolt(path, now)
	b.readOnly = true
	return b
}

// NewBoltTarget names a file into which another store is copied. What is known of
// an earlier one there is of no account.
func NewBoltTarget(path string, now func() time.Time) *Bolt {
	b := NewBolt(path, now)
	b.anew = true
	return b
}

// The buckets. The index of ends holds, in the order of time, what to sweep.
var (
	records = []byte("records")
	log     = []byte("log")
	ends    = []byte("ends")
	meta    = []byte("meta")
	format  = []byte("format")
)

// formatNow is the layout of this file; a later one is not touched.
const formatNow = 1

// sweep is how many expired things one write removes on its way.
const sweep = 64

// use runs fn on the open database.
func (b *Bolt) use(ctx context.Context, fn func(*bolt.DB) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.db == nil {
		return ErrClosed
	}
	return fn(b.db)
}

// Get reads a live record.
func (b *Bolt) Get(ctx context.Context, key string) (r Record, err error) {
	err = b.use(ctx, func(db *bolt.DB) error {
		r, err = b.read(db, key)
		if err == nil && (r.Version == 0 || expired(r.Expires, b.now())) {
			err = ErrNotFound
		}
		return err
	})
	if err != nil {
		return Record{}, err
	}
	return r, nil
}

// read reads a record, live or not: out of memory where nothing was written since
// it was read last.
func (b *Bolt) read(db *bolt.DB, key string) (r Record, err error) {
	writes := b.reads.writes.Load()
	if r, ok := b.reads.get(key, writes); ok {
		return r, nil
	}
	err = db.View(func(tx *bolt.Tx) error {
		r, err = decode(tx.Bucket(records).Get([]byte(key)))
		return err
	})
	if err == nil {
		b.reads.put(key, r, writes, b.now())
	}
	return r, err
}

// Update reads, asks fn and writes in one transaction.
func (b *Bolt) Update(ctx context.Context, key string, fn func(Record) (*Record, error)) error {
	return b.use(ctx, func(db *bolt.DB) error {
		return b.write(db, func(tx *bolt.Tx) error { return b.update(tx, []byte(key), fn) })
	})
}

func (b *Bolt) update(tx *bolt.Tx, key []byte, fn func(Record) (*Record, error)) error {
	raw, err := decode(tx.Bucket(records).Get(key))
	if err != nil {
		return err
	}
	old := raw
	if expired(old.Expires, b.now()) {
		old = Record{}
	}
	next, err := fn(old)
	if err != nil {
		return err
	}
	if next == nil {
		return errUnchanged
	}
	if raw.Version != 0 && !raw.Expires.IsZero() {
		if err := tx.Bucket(ends).Delete(endKey(raw.Expires, 'r', key)); err != nil {
			return err
		}
	}
	if next.Value == nil {
		return tx.Bucket(records).Delete(key)
	}
	if !next.Expires.IsZero() {
		if err := tx.Bucket(ends).Put(endKey(next.Expires, 'r', key), nil); err != nil {
			return err
		}
	}
	return tx.Bucket(records).Put(key, encode(Record{next.Value, old.Version + 1, next.Expires}))
}

// errUnchanged ends a transaction that wrote nothing without a disk write.
var errUnchanged = errors.New("writing nothing")

// write runs fn and a little sweeping in one durable transaction.
func (b *Bolt) write(db *bolt.DB, fn func(*bolt.Tx) error) error {
	defer b.reads.wrote()
	err := db.Update(func(tx *bolt.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return sweepEnds(tx, b.now())
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// sweepEnds removes what ended longest ago, a bounded number at a time, so that
// nobody's request pays for a large backlog.
func sweepEnds(tx *bolt.Tx, now time.Time) error {
	var over [][]byte
	c := tx.Bucket(ends).Cursor()
	for k, _ := c.First(); k != nil && len(over) < sweep; k, _ = c.Next() {
		if binary.BigEndian.Uint64(k) > uint64(now.UnixNano()) {
			break
		}
		over = append(over, bytes.Clone(k))
	}
	for _, k := range over {
		bucket := records
		if k[8] == 'l' {
			bucket = log
		}
		if err := tx.Bucket(bucket).Delete(k[9:]); err != nil {
			return err
		}
		if err := tx.Bucket(ends).Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// listPage is how many records one read transaction of List copies, so that a
// slow reader never keeps old pages of the file alive.
const listPage = 256

// List visits records a page at a time; fn may use the store.
func (b *Bolt) List(ctx context.Context, prefix, after string, fn func(string, Record) error) error {
	for {
		keys, recs, last, err := b.page(ctx, prefix, after)
		if err != nil {
			return err
		}
		for i, key := range keys {
			if err := fn(key, recs[i]); err != nil {
				return err
			}
		}
		if last == "" {
			return nil
		}
		after = last
	}
}

func (b *Bolt) page(ctx context.Context, prefix, after string) (keys []string, recs []Record, last string, err error) {
	err = b.use(ctx, func(db *bolt.DB) error {
		return db.View(func(tx *bolt.Tx) error {
			c := tx.Bucket(records).Cursor()
			k, v := c.Seek([]byte(max(prefix, after)))
			for seen := 0; k != nil && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Next() {
				if string(k) == after {
					continue
				}
				if seen++; seen > listPage {
					return nil
				}
				last = string(k)
				r, err := decode(v)
				if err != nil {
					return err
				}
				if !expired(r.Expires, b.now()) {
					keys, recs = append(keys, string(k)), append(recs, r)
				}
			}
			last = ""
			return nil
		})
	})
	return keys, recs, last, err
}

// Revoke adds a line to the log.
func (b *Bolt) Revoke(ctx context.Context, value []byte, expires time.Time) (seq uint64, err error) {
	err = b.use(ctx, func(db *bolt.DB) error {
		return b.write(db, func(tx *bolt.Tx) error {
			if seq, err = tx.Bucket(log).NextSequence(); err != nil {
				return err
			}
			key := binary.BigEndian.AppendUint64(nil, seq)
			if !expires.IsZero() {
				if err := tx.Bucket(ends).Put(endKey(expires, 'l', key), nil); err != nil {
					return err
				}
			}
			return tx.Bucket(log).Put(key, encode(Record{value, 1, expires}))
		})
	})
	return seq, err
}

// Revoked reads the live lines after seq. It is called twice a second: on its way
// it writes down how far the file has come.
func (b *Bolt) Revoked(ctx context.Context, after uint64) (lines []Entry, err error) {
	err = b.use(ctx, func(db *bolt.DB) error {
		defer b.remember(false)
		return db.View(func(tx *bolt.Tx) error {
			c := tx.Bucket(log).Cursor()
			for k, v := c.Seek(binary.BigEndian.AppendUint64(nil, after+1)); k != nil; k, v = c.Next() {
				r, err := decode(v)
				if err != nil {
					return err
				}
				if !expired(r.Expires, b.now()) {
					lines = append(lines, Entry{binary.BigEndian.Uint64(k), r.Value, r.Expires})
				}
			}
			return nil
		})
	})
	return lines, err
}

// encode lays a record out as version, end (Unix nanoseconds, 0: none), value.
func encode(r Record) []byte {
	b := binary.BigEndian.AppendUint64(nil, r.Version)
	var end uint64
	if !r.Expires.IsZero() {
		end = uint64(r.Expires.UnixNano())
	}
	return append(binary.BigEndian.AppendUint64(b, end), r.Value...)
}

// decode copies a record out of the file's memory. No bytes: Version 0.
func decode(b []byte) (Record, error) {
	if b == nil {
		return Record{}, nil
	}
	if len(b) < 16 {
		return Record{}, fmt.Errorf("reading a record: %d bytes, too few", len(b))
	}
	r := Record{Version: binary.BigEndian.Uint64(b), Value: append([]byte{}, b[16:]...)}
	if end := binary.BigEndian.Uint64(b[8:]); end != 0 {
		r.Expires = time.Unix(0, int64(end)).UTC() // #nosec G115 -- written from an int64
	}
	return r, nil
}

// endKey orders by time; kind says which bucket the rest is a key of.
func endKey(end time.Time, kind byte, key []byte) []byte {
	k := binary.BigEndian.AppendUint64(nil, uint64(end.UnixNano()))
	return append(append(k, kind), key...)
}

var _ Store = (*Bolt)(nil)
