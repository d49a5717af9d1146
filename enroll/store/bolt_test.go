package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

func TestBoltFile(t *testing.T) {
	ctx, c := context.Background(), newClock()
	path := filepath.Join(t.TempDir(), "mfa", "mfa.db")
	b := NewBolt(path, c.now)
	if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
		t.Fatal("NewBolt made something")
	}
	must(t, b.Open(ctx))
	must(t, b.Close())
	must(t, os.Chmod(path, 0o644))
	must(t, b.Open(ctx))
	defer b.Close()
	for p, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if fi, err := os.Stat(p); err != nil || fi.Mode().Perm() != want {
			t.Errorf("%s is %v, %v", p, fi.Mode(), err)
		}
	}
}

func TestBoltErrors(t *testing.T) {
	ctx, c, dir := context.Background(), newClock(), t.TempDir()
	held := NewBolt(filepath.Join(dir, "held.db"), c.now)
	must(t, held.Open(ctx))
	defer held.Close()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, []byte(strings.Repeat("not a store ", 2000)), 0o600))
	newer := NewBolt(filepath.Join(dir, "newer.db"), c.now)
	must(t, newer.Open(ctx))
	must(t, newer.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(meta).Put(format, []byte("2")) }))
	must(t, newer.Close())

	for name, tt := range map[string]struct {
		path string
		want []string
	}{
		"fail/locked":       {held.path, []string{held.path, "as " + Whoami(), "locked by another process", "reload", "store redis"}},
		"fail/not a folder": {filepath.Join(file, "mfa.db"), []string{file, "as " + Whoami(), "XDG_DATA_HOME", "store bolt <file>"}},
		"fail/read-only":    {"/proc/mfa/mfa.db", []string{"/proc/mfa", "as " + Whoami(), "XDG_DATA_HOME", "store bolt <file>"}},
		"fail/no store":     {file, []string{file, "no store of the gate"}},
		"fail/no name":      {"", []string{"store bolt <file>"}},
		"fail/newer":        {newer.path, []string{newer.path, `"2"`, "start the program that wrote it"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := NewBolt(tt.path, c.now)
			b.wait = 10 * time.Millisecond
			err := b.Open(ctx)
			if err == nil {
				t.Fatal("opened")
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q lacks %q", err, w)
				}
			}
		})
	}
	if NewBolt("x", c.now).wait != 5*time.Second {
		t.Error("the lock is not waited for five seconds")
	}
}

// A store that only grows fills the disk: what has ended goes, a little with
// every write.
func TestBoltSweeps(t *testing.T) {
	ctx, c := context.Background(), newClock()
	b := NewBolt(filepath.Join(t.TempDir(), "mfa.db"), c.now)
	must(t, b.Open(ctx))
	defer b.Close()
	for i := range 100 {
		must(t, b.Update(ctx, fmt.Sprint("k", i), put("x", c.now().Add(time.Minute))))
		_, err := b.Revoke(ctx, []byte("x"), c.now().Add(time.Minute))
		must(t, err)
	}
	must(t, b.Update(ctx, "stays", put("x", time.Time{})))
	c.add(time.Minute)
	for range 4 {
		must(t, b.Update(ctx, "stays", put("x", time.Time{})))
	}
	must(t, b.db.View(func(tx *bolt.Tx) error {
		for name, want := range map[string]int{"records": 1, "log": 0, "ends": 0} {
			if n := tx.Bucket([]byte(name)).Stats().KeyN; n != want {
				t.Errorf("%s holds %d", name, n)
			}
		}
		return nil
	}))
}
