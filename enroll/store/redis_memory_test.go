package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// TestRedisRemembers: a store that was emptied while the only node was down is
// not a new one to it.
func TestRedisRemembers(t *testing.T) {
	ctx, c, s := context.Background(), newClock(), redistest.Start(t)
	file := filepath.Join(t.TempDir(), "mfa", "redis.known")
	var warned string
	start := func() (*Redis, error) {
		r := newRedis(t, c, s.URL())
		r.cfg.Memory, r.cfg.Warn = file, func(text string) { warned = text }
		t.Cleanup(func() { must(t, r.Close()) })
		return r, r.Open(ctx)
	}
	r, err := start()
	must(t, err)
	must(t, r.Update(ctx, "a", put("factor", time.Time{})))
	must(t, r.Close())
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}

	r, err = start()
	must(t, err)
	if got, err := r.Get(ctx, "a"); err != nil || string(got.Value) != "factor" || warned != "" {
		t.Fatalf("%q, %v, warned of %q", got.Value, err, warned)
	}
	must(t, r.Close())

	s.Do(t, "FLUSHALL")
	if _, err := start(); !errors.Is(err, ErrOlder) || !Passing(err) {
		t.Fatalf("an emptied store: %v", err)
	}
	must(t, r.Accept(ctx))
	r, err = start()
	must(t, err)
	must(t, r.Update(ctx, "b", put("x", time.Time{})))
	must(t, r.Close())

	for _, text := range []string{"{", `{"Partitions":[]}`} {
		must(t, os.WriteFile(file, []byte(text), 0o600))
		warned = ""
		if _, err := start(); err != nil || !strings.Contains(warned, "cannot be read") {
			t.Fatalf("%q: %v, warned of %q", text, err, warned)
		}
	}
	file = filepath.Join(file, "no folder")
	if r, err = start(); err != nil {
		t.Fatal(err)
	}
	must(t, r.Close())
	if !strings.Contains(warned, "cannot be written") {
		t.Fatalf("warned of %q", warned)
	}
}
