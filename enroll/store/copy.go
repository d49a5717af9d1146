package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Loader is a store into which another's records can be put with the versions
// that they have: their seals are bound to them.
type Loader interface {
	Store
	// Load puts records where there are none.
	Load(ctx context.Context, page []Keyed) error
}

// Keyed is a record with its key.
type Keyed struct {
	Key string
	Record
}

// loadPage is how many records are loaded at a time: with an embedded store each
// time waits for the disk.
const loadPage = 500

// Copied is what a store holds: how much, and a digest over all of it.
type Copied struct {
	Records int    `json:"records"`
	Lines   int    `json:"revocations"`
	Digest  string `json:"digest"`
}

var (
	errNotEmpty = errors.New("copying a store: there is something in the target: name an empty one, or move that one away")
	errMoving   = errors.New("copying a store: the source changed meanwhile: stop every server that uses it, empty the target, and begin again")
	errDiffers  = errors.New("copying a store: the copy is not what was copied: empty the target, and begin again")
	errTaken    = errors.New("copying a record: there is one already")
)

// Copy puts all of one open store into another, empty one, and compares the two.
// Nobody may write to either meanwhile; where somebody does, it is noticed, and
// the copy is none.
func Copy(ctx context.Context, from Store, to Loader) (Copied, error) {
	had, err := Digest(ctx, to)
	if err == nil && had.Records+had.Lines > 0 {
		err = errNotEmpty
	}
	if err != nil {
		return Copied{}, err
	}
	before, err := Digest(ctx, from)
	if err != nil {
		return Copied{}, err
	}
	var page []Keyed
	err = from.List(ctx, "", "", func(key string, r Record) (err error) {
		if page = append(page, Keyed{key, r}); len(page) == loadPage {
			err, page = to.Load(ctx, page), page[:0]
		}
		return err
	})
	if err == nil {
		err = to.Load(ctx, page)
	}
	if err != nil {
		return Copied{}, fmt.Errorf("copying a store: %w", err)
	}
	lines, err := from.Revoked(ctx, 0)
	if err != nil {
		return Copied{}, err
	}
	for _, e := range lines {
		if _, err := to.Revoke(ctx, e.Value, e.Expires); err != nil {
			return Copied{}, fmt.Errorf("copying a revocation: %w", err)
		}
	}
	after, err := Digest(ctx, from)
	if err == nil && after != before {
		err = errMoving
	}
	if err != nil {
		return Copied{}, err
	}
	got, err := Digest(ctx, to)
	if err == nil && got != before {
		err = errDiffers
	}
	return got, err
}

// Digest counts what an open store holds and sums it up: keys, versions, ends
// and values of all live records, and the log but for its numbers.
func Digest(ctx context.Context, s Store) (c Copied, err error) {
	sum := sha256.New()
	err = s.List(ctx, "", "", func(key string, r Record) error {
		c.Records++
		add(sum, []byte(key), encode(r))
		return nil
	})
	if err != nil {
		return Copied{}, fmt.Errorf("reading a store: %w", err)
	}
	lines, err := s.Revoked(ctx, 0)
	if err != nil {
		return Copied{}, fmt.Errorf("reading a store: %w", err)
	}
	c.Lines = len(lines)
	for _, e := range lines {
		add(sum, encode(Record{e.Value, 1, e.Expires}))
	}
	c.Digest = hex.EncodeToString(sum.Sum(nil)[:16])
	return c, nil
}

func add(sum io.Writer, parts ...[]byte) {
	for _, p := range parts {
		_, _ = sum.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p)))) // #nosec G115 -- records are far shorter than 4 GiB
		_, _ = sum.Write(p)
	}
}

// Load puts records where there are none, in one transaction.
func (b *Bolt) Load(ctx context.Context, page []Keyed) error {
	return b.use(ctx, func(db *bolt.DB) error {
		defer b.reads.wrote()
		return db.Update(func(tx *bolt.Tx) error {
			for _, r := range page {
				key := []byte(r.Key)
				if tx.Bucket(records).Get(key) != nil {
					return errTaken
				}
				if !r.Expires.IsZero() {
					if err := tx.Bucket(ends).Put(endKey(r.Expires, 'r', key), nil); err != nil {
						return err
					}
				}
				if err := tx.Bucket(records).Put(key, encode(r.Record)); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// Load puts records where there are none, one after the other.
func (r *Redis) Load(ctx context.Context, page []Keyed) error {
	for _, one := range page {
		if err := r.load(ctx, one.Key, one.Record); err != nil {
			return err
		}
	}
	return nil
}

func (r *Redis) load(ctx context.Context, key string, record Record) error {
	var end any = ""
	now, keep := r.cfg.Now(), late
	if !record.Expires.IsZero() {
		end = record.Expires.UnixMilli()
		keep += max(0, record.Expires.Sub(now))
	}
	p := partitionOf(key)
	record.Value = slices.Clip(record.Value)
	for {
		_, err := r.run(ctx, call{p, update, p.recordKeys(key),
			[]any{[]byte{}, newEnvelope(key, record), key, end, now.UnixMilli(), keep.Milliseconds(), r.settle.Milliseconds()}})
		switch {
		case errors.Is(err, errChanged):
			return errTaken
		case !errors.Is(err, ErrSettling):
			return err
		}
		select { // a server that is new in its role takes nothing for a moment
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

var (
	_ Loader = (*Bolt)(nil)
	_ Loader = (*Redis)(nil)
)
