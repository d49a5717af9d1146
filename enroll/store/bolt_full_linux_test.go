package store

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// fullDisk is a folder on a disk of a megabyte, or, where this user may mount
// none, a folder in which a store may grow no larger than that.
func fullDisk(t *testing.T) (dir string, limit int) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		t.Logf("no disk can be mounted (%v): the file is bounded instead", err)
		return dir, 1 << 20
	}
	t.Cleanup(func() { must(t, syscall.Unmount(dir, 0)) })
	return dir, 0
}

// TestBoltFull: a full disk takes no write and loses none; what is there can be
// read, also after a restart, and with room again all goes on.
func TestBoltFull(t *testing.T) {
	ctx, c := context.Background(), newClock()
	dir, limit := fullDisk(t)
	ballast := filepath.Join(dir, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 256<<10), 0o600))
	b := NewBolt(filepath.Join(dir, "mfa.db"), c.now)
	must(t, b.Open(ctx))
	b.db.MaxSize = limit
	must(t, b.Update(ctx, "code", put("unspent", time.Time{})))
	value := bytes.Repeat([]byte("x"), 20<<10)
	full, last := error(nil), 0
	for ; full == nil; last++ {
		if last > 200 {
			t.Fatal("the disk is never full")
		}
		full = b.Update(ctx, fmt.Sprint("big", last), func(Record) (*Record, error) { return &Record{Value: value}, nil })
	}
	if limit == 0 && !bytes.Contains([]byte(full.Error()), []byte("no space")) {
		t.Errorf("a full disk says %v", full)
	}
	check := func() {
		t.Helper()
		for i := range last - 1 {
			if r, err := b.Get(ctx, fmt.Sprint("big", i)); err != nil || !bytes.Equal(r.Value, value) {
				t.Fatalf("what was acknowledged is lost: %d, %v", i, err)
			}
		}
		if _, err := b.Get(ctx, fmt.Sprint("big", last-1)); err == nil {
			t.Error("what was refused is there")
		}
		if _, err := b.Revoked(ctx, 0); err != nil {
			t.Errorf("revocations cannot be read: %v", err)
		}
	}
	check()
	must(t, b.Close())
	if limit == 0 {
		must(t, os.Remove(ballast))
	}
	b = NewBolt(b.path, c.now)
	must(t, b.Open(ctx))
	defer func() { must(t, b.Close()) }()
	check()
	must(t, spend(ctx, b, "code"))
	if err := spend(ctx, b, "code"); err != errSpent {
		t.Errorf("spent twice: %v", err)
	}
}
