package caddymodule

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// TestBoltProvision: checking a configuration makes no file, so that
// `caddy validate` beside a running server is harmless.
func TestBoltProvision(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_DATA_HOME", filepath.Join(dir, "data"))
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	for name, b := range map[string]*BoltStore{"default": {}, "named": {File: filepath.Join(dir, "x", "mfa.db")}} {
		if err := b.Provision(caddy.Context{}); err != nil {
			t.Fatal(name, err)
		}
		if !filepath.IsAbs(b.File) || b.StoreKey() != "bolt:"+b.File {
			t.Fatalf("%s: file %q, key %q", name, b.File, b.StoreKey())
		}
		if filepath.Dir(b.KeyFile()) == filepath.Dir(b.File) {
			t.Fatalf("%s: key and store lie in one directory, %s", name, b.KeyFile())
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Fatalf("made %v, %v", entries, err)
	}
}

// TestBoltOpen opens the file where it was told to, for its owner alone.
func TestBoltOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mfa", "mfa.db")
	b := &BoltStore{File: file}
	s, err := b.OpenStore()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v, want mode 0600", info, err)
	}
}

// TestBoltExposed: a store that everybody can replace is warned of, one whose
// folder is still to be made is not.
func TestBoltExposed(t *testing.T) {
	folder := t.TempDir()
	b := &BoltStore{File: filepath.Join(folder, "mfa.db")}
	for mode, bad := range map[os.FileMode]bool{0o700: false, 0o777: true} {
		if err := os.Chmod(folder, mode); err != nil {
			t.Fatal(err)
		}
		if err := b.exposed(); (err != nil) != bad {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	b.File = filepath.Join(folder, "later", "mfa.db")
	if err := b.exposed(); err != nil {
		t.Error(err)
	}
}
