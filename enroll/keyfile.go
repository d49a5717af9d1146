package enroll

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// LoadOrMakeKey reads the key file, and makes it with one new key where there is
// none. The file holds keys in base64, one a line, newest first; lines that
// begin with # are left out. It must be readable by its owner alone.
//
// Making it is safe against a crash (written whole, then linked into place) and
// against a second process (the first link wins, both read the same key).
func LoadOrMakeKey(path string) (*Keys, error) {
	keys, err := loadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeKey(path); err == nil {
			keys, err = loadKey(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("opening the key %s as %s: %w", path, store.Whoami(), err)
	}
	return keys, nil
}

// ErrKeyGone says that there is no key file, and a store that was sealed with one.
var ErrKeyGone = errors.New("the file is gone, and with it all that the store holds cannot be read: bring it back " +
	"(where it is lost at each start, Caddy's configuration directory, XDG_CONFIG_HOME, must be kept as its data directory is); " +
	"if there is no copy, move the store away: everybody enrols anew then")

// checkKeyGone keeps a new key from being made for a store that needs another: people
// would enrol with it, whom the right one, once it is back, cannot read.
func (s *Service) checkKeyGone(ctx context.Context) error {
	if _, err := os.Stat(s.keyFile); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := s.store.List(ctx, "", "", func(_ string, r store.Record) error {
		if sealedBy(r.Value) == "" {
			return nil
		}
		return ErrKeyGone
	})
	if err != nil {
		return fmt.Errorf("opening the key %s as %s: %w", s.keyFile, store.Whoami(), err)
	}
	return nil
}

func loadKey(path string) (*Keys, error) {
	f, err := os.Open(path) // #nosec G304 -- the configuration's own path
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	// Whoever reads the key can forge every flag and open every secret. (Windows
	// has no such bits: there the folder's rights decide.)
	if perm := fi.Mode().Perm(); perm&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("others than its owner can open it (mode %04o): run `chmod 600 %s`, and make a new key if somebody may have read it", perm, path)
	}
	if err := store.CheckFolder(path); err != nil {
		return nil, err
	}
	var lines []string
	in := bufio.NewScanner(f)
	for in.Scan() {
		if line := strings.TrimSpace(in.Text()); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	return NewKeys(lines...)
}

func makeKey(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return store.Unwritable(err)
	}
	raw := make([]byte, keySize)
	if _, err := rand.Read(raw); err != nil {
		return err
	}
	var text bytes.Buffer
	fmt.Fprintln(&text, "# The key of the gate: it seals the secrets in the store and signs the cookies.")
	fmt.Fprintln(&text, "# Keep a copy apart from the store's backup. Without it every factor is lost.")
	fmt.Fprintln(&text, base64.StdEncoding.EncodeToString(raw))

	// CreateTemp opens with O_EXCL and mode 0600.
	tmp, err := os.CreateTemp(dir, filepath.Base(path)+".new-*")
	if err != nil {
		return store.Unwritable(err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(text.Bytes())
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return store.Unwritable(err)
	}
	// Link, unlike rename, never replaces: a key that another process made in
	// this moment stays, and so does all that is sealed with it.
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return store.Unwritable(err)
	}
	return syncDir(dir)
}

// syncDir makes a new name in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir) // #nosec G304 -- the configuration's own path
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
