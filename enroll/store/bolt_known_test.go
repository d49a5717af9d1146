package store

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// snapshot writes a copy of an open store to a file.
func snapshot(t *testing.T, b *Bolt, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	must(t, err)
	defer f.Close()
	var size int64
	must(t, b.Snapshot(context.Background(), func(n int64) io.Writer { size = n; return f }))
	if info, err := f.Stat(); err != nil || info.Size() != size {
		t.Fatalf("%v bytes, %d were promised: %v", info.Size(), size, err)
	}
}

// TestBoltRestored: a backup put in the store's place is noticed, for it brings
// back what was spent and revoked since (the attack: whoever can get an old
// file restored knows a code that was good then).
func TestBoltRestored(t *testing.T) {
	ctx, c, dir := context.Background(), newClock(), t.TempDir()
	path, backup := filepath.Join(dir, "mfa.db"), filepath.Join(dir, "backup")
	open := func() error { b := NewBolt(path, c.now); err := b.Open(ctx); return errors.Join(err, b.Close()) }
	b := NewBolt(path, c.now)
	must(t, b.Open(ctx))
	must(t, b.Update(ctx, "code", put("unspent", time.Time{})))
	must(t, b.Update(ctx, "installation", put("name", time.Time{})))
	snapshot(t, b, backup)
	must(t, spend(ctx, b, "code"))
	must(t, b.Close())
	must(t, open())
	must(t, open())

	old, err := os.ReadFile(backup)
	must(t, err)
	must(t, os.WriteFile(path, old, 0o600))
	for range 3 {
		if err := open(); !errors.Is(err, ErrRestored) || !strings.Contains(err.Error(), "caddy mfa store accept") {
			t.Fatalf("a backup in its place: %v", err)
		}
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(old) {
		t.Error("a store that was not accepted was written to")
	}
	must(t, NewBolt(path, c.now).Accept("installation"))
	must(t, open())
	b = NewBolt(path, c.now)
	must(t, b.Open(ctx))
	defer b.Close()
	if _, err := b.Get(ctx, "installation"); !errors.Is(err, ErrNotFound) {
		t.Errorf("what was to go is there: %v", err)
	}
	if r, err := b.Get(ctx, "code"); err != nil || string(r.Value) != "unspent" {
		t.Errorf("%+v, %v", r, err)
	}
	if err := b.Accept("x"); err == nil {
		t.Error("an open store is accepted")
	}
}

func TestBoltKnown(t *testing.T) {
	ctx, c, dir := context.Background(), newClock(), t.TempDir()
	fresh := func(name string) (*Bolt, *[]string) {
		t.Helper()
		var said []string
		b := NewBolt(filepath.Join(dir, name), c.now)
		b.Warn = func(text string) { said = append(said, text) }
		must(t, b.Open(ctx))
		must(t, b.Update(ctx, "a", put("x", time.Time{})))
		must(t, b.Close())
		return b, &said
	}
	b, said := fresh("one.db")
	other, _ := fresh("other.db")
	t.Run("fail/another store", func(t *testing.T) {
		for range 9 {
			must(t, other.Open(ctx)) // far ahead of the first
			must(t, other.Close())
		}
		text, err := os.ReadFile(other.path)
		must(t, err)
		swapped := filepath.Join(dir, "swapped.db")
		must(t, os.WriteFile(swapped, text, 0o600))
		known, err := os.ReadFile(b.knownFile())
		must(t, err)
		must(t, os.WriteFile(swapped+".known", known, 0o600))
		if err := NewBolt(swapped, c.now).Open(ctx); !errors.Is(err, ErrRestored) {
			t.Fatal(err)
		}
	})
	t.Run("ok/known is lost", func(t *testing.T) {
		must(t, os.Remove(b.knownFile()))
		must(t, b.Open(ctx))
		must(t, b.Close())
	})
	t.Run("ok/known cannot be read", func(t *testing.T) {
		must(t, os.WriteFile(b.knownFile(), []byte("{"), 0o600))
		must(t, b.Open(ctx))
		must(t, b.Close())
		if len(*said) != 1 || !strings.Contains((*said)[0], "go unnoticed") {
			t.Errorf("%q", *said)
		}
	})
	t.Run("fail/taken away", func(t *testing.T) {
		must(t, os.Remove(b.path))
		for range 2 {
			if err := b.Open(ctx); !errors.Is(err, ErrGone) || !strings.Contains(err.Error(), "caddy mfa store accept") {
				t.Fatal(err)
			}
		}
		must(t, b.Accept("x"))
		must(t, b.Open(ctx))
		must(t, b.Close())
		must(t, os.Remove(b.path))
		target := NewBoltTarget(b.path, c.now) // of a copy
		must(t, target.Open(ctx))
		must(t, target.Close())
		must(t, b.Open(ctx))
		must(t, b.Close())
	})
	t.Run("ok/while it runs", func(t *testing.T) {
		must(t, os.Remove(b.knownFile()))
		b := NewBolt(b.path, c.now)
		must(t, b.Open(ctx))
		defer b.Close()
		_, err := b.Revoked(ctx, 0)
		must(t, err)
		if _, err := os.Stat(b.knownFile()); err != nil {
			t.Error(err)
		}
	})
}
