package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// filled is a store with records of several versions and ends, and a log.
func filled(t *testing.T, c *clock, s Store) Store {
	t.Helper()
	ctx := context.Background()
	for i := range 300 {
		key := fmt.Sprintf("account/default/%d \u00e9 / x", i)
		for range i%3 + 1 {
			must(t, s.Update(ctx, key, put(fmt.Sprint("value ", i), time.Time{})))
		}
	}
	must(t, s.Update(ctx, "link/soon", put("x", c.now().Add(time.Hour+time.Nanosecond))))
	must(t, s.Update(ctx, "link/over", put("x", c.now().Add(time.Minute))))
	must(t, s.Update(ctx, "gone", put("x", time.Time{})))
	must(t, s.Update(ctx, "gone", func(Record) (*Record, error) { return &Record{}, nil }))
	for i := range 30 {
		_, err := s.Revoke(ctx, []byte(fmt.Sprint("line ", i)), c.now().Add(time.Duration(i+1)*time.Minute))
		must(t, err)
	}
	c.add(2 * time.Minute)
	return s
}

// TestCopy: from the file to Redis and back to a file, all of it arrives, with
// its versions and ends, and a copy into what holds something is refused.
func TestCopy(t *testing.T) {
	ctx, c, dir := context.Background(), newClock(), t.TempDir()
	file := func(name string) *Bolt {
		t.Helper()
		b := NewBolt(filepath.Join(dir, name), c.now)
		must(t, b.Open(ctx))
		t.Cleanup(func() { must(t, b.Close()) })
		return b
	}
	source := file("source")
	filled(t, c, source)
	redis := opened(t, c, redistest.Start(t).URL())
	there, err := Copy(ctx, source, redis)
	must(t, err)
	if there.Records != 301 || there.Lines != 28 {
		t.Fatalf("%+v", there)
	}
	target := file("target")
	back, err := Copy(ctx, redis, target)
	must(t, err)
	if back != there {
		t.Fatalf("%+v there, %+v back", there, back)
	}
	// Each write waits for the disk: a hundred thousand people must not be as many.
	if is, err := come(target.db); err != nil || is.Count > uint64(there.Lines)+10 {
		t.Errorf("%d writes, %v", is.Count, err)
	}
	err = source.List(ctx, "", "", func(key string, r Record) error {
		got, err := target.Get(ctx, key)
		if err != nil || got.Version != r.Version || !got.Expires.Equal(r.Expires) || !bytes.Equal(got.Value, r.Value) {
			t.Errorf("%q: %+v became %+v, %v", key, r, got, err)
		}
		return nil
	})
	must(t, err)
	for _, to := range []Loader{redis, target} {
		if _, err := Copy(ctx, source, to); !errors.Is(err, errNotEmpty) {
			t.Errorf("into what holds something: %v", err)
		}
		if err := to.Load(ctx, []Keyed{{"link/soon", Record{Value: []byte("y"), Version: 1}}}); !errors.Is(err, errTaken) {
			t.Errorf("over what is there: %v", err)
		}
	}
	// What is loaded can be changed, and ends.
	must(t, target.Update(ctx, "account/default/2 \u00e9 / x", put("new", time.Time{})))
	if r, err := target.Get(ctx, "account/default/2 \u00e9 / x"); err != nil || r.Version != 4 {
		t.Errorf("%+v, %v", r, err)
	}
	c.add(2 * time.Hour)
	must(t, redis.Update(ctx, "sweeps", put("x", time.Time{})))
	for _, s := range []Store{redis, target} {
		if _, err := s.Get(ctx, "link/soon"); !errors.Is(err, ErrNotFound) {
			t.Errorf("it does not end: %v", err)
		}
	}
}

// moving is a source that somebody writes to while it is copied.
type moving struct {
	Store
	writes func()
}

func (m *moving) List(ctx context.Context, prefix, after string, fn func(string, Record) error) error {
	defer m.writes()
	return m.Store.List(ctx, prefix, after, fn)
}

// lossy is a target that drops a record.
type lossy struct{ *Bolt }

func (l lossy) Load(ctx context.Context, page []Keyed) error {
	return l.Bolt.Load(ctx, slices.DeleteFunc(page, func(r Keyed) bool { return r.Key == "b" }))
}

func TestCopyNotices(t *testing.T) {
	ctx, c := context.Background(), newClock()
	fresh := func() *Bolt {
		t.Helper()
		b := NewBolt(filepath.Join(t.TempDir(), "x"), c.now)
		must(t, b.Open(ctx))
		t.Cleanup(func() { must(t, b.Close()) })
		return b
	}
	source := NewMemory(c.now)
	must(t, source.Open(ctx))
	for _, key := range []string{"a", "b", "c"} {
		must(t, source.Update(ctx, key, put("x", time.Time{})))
	}
	if _, err := Copy(ctx, source, lossy{fresh()}); !errors.Is(err, errDiffers) {
		t.Errorf("a record that did not arrive: %v", err)
	}
	busy := &moving{source, func() { must(t, source.Update(ctx, "a", put("y", time.Time{}))) }}
	if _, err := Copy(ctx, busy, fresh()); !errors.Is(err, errMoving) {
		t.Errorf("a source in use: %v", err)
	}
}
