package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// What was read is read again out of memory, until something is written: then
// whoever asks after that write gets what it wrote.
func TestBoltReads(t *testing.T) {
	ctx, c := context.Background(), newClock()
	b := NewBolt(filepath.Join(t.TempDir(), "mfa.db"), c.now)
	must(t, b.Open(ctx))
	defer b.Close()
	read := func(key, want string) {
		t.Helper()
		r, err := b.Get(ctx, key)
		if want == "" {
			if !errors.Is(err, ErrNotFound) {
				t.Fatalf("%s is %q, %v", key, r.Value, err)
			}
			return
		}
		if err != nil || string(r.Value) != want {
			t.Fatalf("%s is %q, %v, not %q", key, r.Value, err, want)
		}
	}
	// behind writes to the file without the store's knowing, to tell what is read
	// from it and what is not.
	behind := func(key, value string) {
		must(t, b.db.Update(func(tx *bolt.Tx) error {
			return tx.Bucket(records).Put([]byte(key), encode(Record{Value: []byte(value), Version: 9}))
		}))
	}
	must(t, b.Update(ctx, "a", put("one", time.Time{})))
	must(t, b.Update(ctx, "ends", put("soon", c.now().Add(time.Second))))
	read("a", "one")
	read("ends", "soon")
	read("none", "")
	behind("a", "two")
	behind("none", "some")
	read("a", "one")
	read("none", "")
	c.add(time.Second)
	read("ends", "")
	must(t, b.Update(ctx, "d", put("first", time.Time{})))
	read("none", "some")
	for name, write := range map[string]func() error{
		"a write":    func() error { return b.Update(ctx, "b", put("x", time.Time{})) },
		"a line":     func() error { _, err := b.Revoke(ctx, []byte("x"), time.Time{}); return err },
		"a copy":     func() error { return b.Load(ctx, []Keyed{{"c", Record{Value: []byte("x"), Version: 1}}}) },
		"a new file": func() error { return errors.Join(b.Close(), b.Open(ctx)) },
	} {
		read("a", "two")
		behind("a", "two of "+name)
		must(t, write())
		read("a", "two of "+name)
		behind("a", "two")
		must(t, b.Update(ctx, "d", put(name, time.Time{})))
	}
	long := string(make([]byte, maxReadSize+1))
	must(t, b.Update(ctx, "long", put(long, time.Time{})))
	read("long", long)
	behind("long", "short")
	read("long", "short") // was not kept
}

// Nobody reads what was before a write that has ended, however many write and
// read side by side.
func TestBoltReads_AtOnce(t *testing.T) {
	ctx, c := context.Background(), newClock()
	b := NewBolt(filepath.Join(t.TempDir(), "mfa.db"), c.now)
	must(t, b.Open(ctx))
	defer b.Close()
	b.db.NoSync = true
	var all sync.WaitGroup
	for i := range 4 {
		key := fmt.Sprint("key ", i%2)
		all.Go(func() {
			for n := range 500 {
				var is uint64
				if err := b.Update(ctx, key, func(old Record) (*Record, error) {
					is = old.Version + 1
					return &Record{Value: fmt.Append(nil, n)}, nil
				}); err != nil {
					t.Error(err)
					return
				}
				for range 3 {
					if r, err := b.Get(ctx, key); err != nil || r.Version < is {
						t.Errorf("%s is of version %d, %v, after %d was written", key, r.Version, err, is)
						return
					}
				}
			}
		})
	}
	all.Wait()
}
