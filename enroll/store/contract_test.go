package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// clock is a hand-set clock.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time      { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) add(d time.Duration) { c.at.Add(int64(d)) }

// stores are all that must pass the table. reopen gives the same data again
// after a Close, as a restart does.
var stores = map[string]func(t *testing.T, c *clock) (s Store, reopen func() Store){
	"memory": func(t *testing.T, c *clock) (Store, func() Store) {
		m := NewMemory(c.now)
		return m, func() Store { return m }
	},
	"bolt": func(t *testing.T, c *clock) (Store, func() Store) {
		path := filepath.Join(t.TempDir(), "deep", "er", "mfa.db")
		return NewBolt(path, c.now), func() Store { return NewBolt(path, c.now) }
	},
	"redis": func(t *testing.T, c *clock) (Store, func() Store) {
		url := redistest.Start(t).URL()
		return newRedis(t, c, url), func() Store { return newRedis(t, c, url) }
	},
	"redis cluster": func(t *testing.T, c *clock) (Store, func() Store) {
		var urls []string
		for _, s := range redistest.StartCluster(t) {
			urls = append(urls, s.URL())
		}
		return newRedis(t, c, urls...), func() Store { return newRedis(t, c, urls...) }
	},
}

// put writes a value as it stands.
func put(value string, expires time.Time) func(Record) (*Record, error) {
	return func(Record) (*Record, error) { return &Record{Value: []byte(value), Expires: expires}, nil }
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestContract(t *testing.T) {
	ctx := context.Background()
	table := []struct {
		name string
		run  func(t *testing.T, s Store, c *clock, reopen func() Store)
	}{
		{"ok/absent key", func(t *testing.T, s Store, c *clock, _ func() Store) {
			if _, err := s.Get(ctx, "a"); !errors.Is(err, ErrNotFound) {
				t.Fatalf("got %v", err)
			}
		}},
		{"ok/versions count writes", func(t *testing.T, s Store, c *clock, _ func() Store) {
			for i := range 3 {
				must(t, s.Update(ctx, "a", func(old Record) (*Record, error) {
					if old.Version != uint64(i) {
						t.Errorf("write %d sees version %d", i, old.Version)
					}
					return &Record{Value: fmt.Append(old.Value, i)}, nil
				}))
			}
			r, err := s.Get(ctx, "a")
			must(t, err)
			if string(r.Value) != "012" || r.Version != 3 {
				t.Fatalf("got %q version %d", r.Value, r.Version)
			}
		}},
		{"ok/empty value is a record", func(t *testing.T, s Store, c *clock, _ func() Store) {
			must(t, s.Update(ctx, "a", put("", time.Time{})))
			r, err := s.Get(ctx, "a")
			must(t, err)
			if r.Value == nil || r.Version != 1 {
				t.Fatalf("got %#v", r)
			}
		}},
		{"ok/nil leaves all as it is", func(t *testing.T, s Store, c *clock, _ func() Store) {
			must(t, s.Update(ctx, "a", put("x", time.Time{})))
			must(t, s.Update(ctx, "a", func(Record) (*Record, error) { return nil, nil }))
			if r, err := s.Get(ctx, "a"); err != nil || r.Version != 1 {
				t.Fatalf("got %v, %v", r, err)
			}
		}},
		{"fail/an error of fn writes nothing", func(t *testing.T, s Store, c *clock, _ func() Store) {
			mine := errors.New("mine")
			err := s.Update(ctx, "a", func(Record) (*Record, error) { return &Record{Value: []byte("x")}, mine })
			if err != mine {
				t.Fatalf("got %v", err)
			}
			if _, err := s.Get(ctx, "a"); !errors.Is(err, ErrNotFound) {
				t.Fatalf("got %v", err)
			}
		}},
		{"ok/delete", func(t *testing.T, s Store, c *clock, _ func() Store) {
			must(t, s.Update(ctx, "a", put("x", c.now().Add(time.Hour))))
			must(t, s.Update(ctx, "a", func(Record) (*Record, error) { return &Record{}, nil }))
			if _, err := s.Get(ctx, "a"); !errors.Is(err, ErrNotFound) {
				t.Fatalf("got %v", err)
			}
		}},
		{"ok/expiry", func(t *testing.T, s Store, c *clock, _ func() Store) {
			must(t, s.Update(ctx, "a", put("x", c.now().Add(time.Minute))))
			c.add(time.Minute - 1)
			r, err := s.Get(ctx, "a")
			must(t, err)
			if !r.Expires.Equal(c.now().Add(1)) {
				t.Fatalf("expires %v", r.Expires)
			}
			c.add(1)
			if _, err := s.Get(ctx, "a"); !errors.Is(err, ErrNotFound) {
				t.Fatalf("got %v", err)
			}
			must(t, s.Update(ctx, "a", func(old Record) (*Record, error) {
				if old.Version != 0 || old.Value != nil {
					t.Errorf("fn sees an expired record: %v", old)
				}
				return &Record{Value: []byte("new")}, nil
			}))
			c.add(time.Hour)
			if r, err := s.Get(ctx, "a"); err != nil || r.Version != 1 || string(r.Value) != "new" {
				t.Fatalf("got %v, %v", r, err)
			}
		}},
		{"ok/a later end replaces an earlier one", func(t *testing.T, s Store, c *clock, _ func() Store) {
			must(t, s.Update(ctx, "a", put("x", c.now().Add(time.Minute))))
			must(t, s.Update(ctx, "a", put("y", c.now().Add(time.Hour))))
			c.add(30 * time.Minute)
			must(t, s.Update(ctx, "b", put("sweeps", time.Time{})))
			if r, err := s.Get(ctx, "a"); err != nil || string(r.Value) != "y" {
				t.Fatalf("got %v, %v", r, err)
			}
		}},
		{"ok/list by prefix, in order, in pages", func(t *testing.T, s Store, c *clock, _ func() Store) {
			var want []string
			for i := range 600 {
				key := fmt.Sprintf("p/%04d", i)
				want = append(want, key)
				must(t, s.Update(ctx, key, put(key, time.Time{})))
			}
			must(t, s.Update(ctx, "p/0100x", put("x", c.now().Add(time.Second))))
			must(t, s.Update(ctx, "o/z", put("x", time.Time{})))
			must(t, s.Update(ctx, "q/a", put("x", time.Time{})))
			c.add(time.Second)
			var got []string
			must(t, s.List(ctx, "p/", "", func(key string, r Record) error {
				if string(r.Value) != key {
					t.Errorf("%s holds %q", key, r.Value)
				}
				got = append(got, key)
				_, err := s.Get(ctx, key) // fn may use the store
				return err
			}))
			if !slices.Equal(got, want) {
				t.Fatalf("got %d keys", len(got))
			}
			stop := errors.New("stop")
			var first string
			err := s.List(ctx, "p/", "p/0255", func(key string, _ Record) error { first = key; return stop })
			if err != stop || first != "p/0256" {
				t.Fatalf("got %v at %s", err, first)
			}
		}},
		{"ok/revocations are read on from where one stopped", func(t *testing.T, s Store, c *clock, _ func() Store) {
			var seqs []uint64
			for i := range 4 {
				seq, err := s.Revoke(ctx, fmt.Append(nil, i), c.now().Add(time.Duration(i)*time.Minute+time.Second))
				must(t, err)
				seqs = append(seqs, seq)
			}
			c.add(2 * time.Second) // the first is over
			lines, err := s.Revoked(ctx, 0)
			must(t, err)
			if len(lines) != 3 || string(lines[0].Value) != "1" || !slices.IsSorted(seqs) {
				t.Fatalf("got %v of %v", lines, seqs)
			}
			lines, err = s.Revoked(ctx, seqs[2])
			must(t, err)
			if len(lines) != 1 || lines[0].Seq != seqs[3] {
				t.Fatalf("got %v", lines)
			}
		}},
		{"ok/one of a hundred wins", func(t *testing.T, s Store, c *clock, _ func() Store) {
			must(t, s.Update(ctx, "code", put("unspent", time.Time{})))
			taken := errors.New("taken")
			var wins atomic.Int32
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					err := s.Update(ctx, "code", func(old Record) (*Record, error) {
						if string(old.Value) != "unspent" {
							return nil, taken
						}
						return &Record{Value: []byte("spent")}, nil
					})
					if err == nil {
						wins.Add(1)
					}
				})
			}
			wg.Wait()
			if wins.Load() != 1 {
				t.Fatalf("%d won", wins.Load())
			}
		}},
		{"ok/all is there after a restart", func(t *testing.T, s Store, c *clock, reopen func() Store) {
			must(t, s.Update(ctx, "a", put("x", c.now().Add(time.Hour))))
			must(t, s.Update(ctx, "a", put("y", c.now().Add(time.Hour))))
			seq, err := s.Revoke(ctx, []byte("r"), c.now().Add(time.Hour))
			must(t, err)
			must(t, s.Close())
			s = reopen()
			must(t, s.Open(ctx))
			defer s.Close()
			r, err := s.Get(ctx, "a")
			must(t, err)
			lines, err := s.Revoked(ctx, seq-1)
			must(t, err)
			if string(r.Value) != "y" || r.Version != 2 || len(lines) != 1 {
				t.Fatalf("got %v, %v", r, lines)
			}
			next, err := s.Revoke(ctx, []byte("s"), time.Time{})
			must(t, err)
			if next <= seq {
				t.Fatalf("after a restart line %d follows %d", next, seq)
			}
		}},
		{"ok/open twice", func(t *testing.T, s Store, c *clock, _ func() Store) {
			must(t, s.Open(ctx))
			must(t, s.Update(ctx, "a", put("x", time.Time{})))
		}},
		{"fail/closed", func(t *testing.T, s Store, c *clock, _ func() Store) {
			must(t, s.Close())
			_, get := s.Get(ctx, "a")
			_, revoke := s.Revoke(ctx, nil, time.Time{})
			_, revoked := s.Revoked(ctx, 0)
			list := s.List(ctx, "", "", func(string, Record) error { return nil })
			for _, err := range []error{get, revoke, revoked, list, s.Update(ctx, "a", put("", time.Time{}))} {
				if !errors.Is(err, ErrClosed) {
					t.Fatalf("got %v", err)
				}
			}
			must(t, s.Close())
		}},
		{"fail/context over", func(t *testing.T, s Store, c *clock, _ func() Store) {
			over, cancel := context.WithCancel(ctx)
			cancel()
			if err := s.Update(over, "a", put("", time.Time{})); !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v", err)
			}
		}},
	}
	for name, make := range stores {
		for _, tt := range table {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				c := newClock()
				s, reopen := make(t, c)
				must(t, s.Open(ctx))
				defer s.Close()
				tt.run(t, s, c, reopen)
			})
		}
	}
}
