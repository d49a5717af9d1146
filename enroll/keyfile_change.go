package enroll

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// Why a key cannot be made or forgotten here.
var (
	ErrKeysGiven    = errors.New("the keys are given by the configuration: write `key <old> <new>` on every node and reload (`openssl rand -base64 32` makes a key), then write `key <new> <old>` on every node and reload, and rotate then")
	ErrKeysInConfig = errors.New("the keys are given by the configuration: after a rotation take the old one out of `key` on every node, and reload")
	ErrKeyNeeded    = errors.New("the store was not sealed anew since the newest key was made: rotate first")
)

// KeyIDs are the ids of the keys, newest first; none before Start.
func (s *Service) KeyIDs() []string {
	if t := s.tokens(); t != nil {
		return t.keys.IDs()
	}
	return nil
}

// NewKey makes a key, the first line of the key file, which seals and signs from
// now on; the others still open. ErrKeysGiven where keys come from elsewhere.
func (s *Service) NewKey() error {
	return s.changeKeys(func(lines []string) ([]string, error) {
		raw := make([]byte, keySize)
		if _, err := rand.Read(raw); err != nil {
			return nil, err
		}
		made := "# made " + s.now().UTC().Format(time.RFC3339)
		at := 0
		for at < len(lines) && !isKeyLine(lines[at]) && !strings.HasPrefix(lines[at], "# made ") {
			at++
		}
		fresh := []string{made, base64.StdEncoding.EncodeToString(raw)}
		return append(lines[:at:at], append(fresh, lines[at:]...)...), nil
	})
}

// ForgetKeys takes every key but the newest out of the key file. What older ones
// signed counts no more from now on: whoever proved before proves once more.
// ErrKeyNeeded where the store was not sealed with the newest in this process.
func (s *Service) ForgetKeys() error {
	t := s.tokens()
	if t == nil {
		return ErrStoreDown
	}
	if r := s.Rotation(); !r.Done() || r.Key != t.keys.newest().id {
		return ErrKeyNeeded
	}
	if s.keyFile == "" || s.givenKeys {
		return ErrKeysInConfig
	}
	return s.changeKeys(func(lines []string) ([]string, error) {
		var kept []string
		for _, line := range lines {
			kept = append(kept, line)
			if isKeyLine(line) {
				break
			}
		}
		return kept, nil
	})
}

func isKeyLine(line string) bool {
	line = strings.TrimSpace(line)
	return line != "" && !strings.HasPrefix(line, "#")
}

// changeKeys puts another key file in place whole, and works with it from then
// on. A file beside it keeps two processes from doing so at once: the later one
// would take away the key that the earlier one has begun to seal with.
func (s *Service) changeKeys(fn func(lines []string) ([]string, error)) error {
	if s.keyFile == "" || s.givenKeys {
		return ErrKeysGiven
	}
	lock, err := os.OpenFile(s.keyFile+".lock", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("changing the key %s: another process is at it; if none is, remove %s.lock", s.keyFile, s.keyFile)
	}
	if err != nil {
		return fmt.Errorf("changing the key %s: %w", s.keyFile, store.Unwritable(err))
	}
	defer os.Remove(lock.Name())
	defer lock.Close()
	if err := s.writeKeys(fn); err != nil {
		return fmt.Errorf("changing the key %s as %s: %w", s.keyFile, store.Whoami(), err)
	}
	return nil
}

func (s *Service) writeKeys(fn func(lines []string) ([]string, error)) error {
	had, err := os.ReadFile(s.keyFile)
	if err != nil {
		return err
	}
	lines, err := fn(strings.Split(strings.TrimRight(string(had), "\n"), "\n"))
	if err != nil {
		return err
	}
	dir := filepath.Dir(s.keyFile)
	f, err := os.CreateTemp(dir, filepath.Base(s.keyFile)+".new-*") // mode 0600
	if err != nil {
		return store.Unwritable(err)
	}
	defer os.Remove(f.Name())
	var text bytes.Buffer
	for _, line := range lines {
		fmt.Fprintln(&text, line)
	}
	_, err = f.Write(text.Bytes())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return store.Unwritable(err)
	}
	keys, err := loadKey(f.Name()) // what cannot be read must not replace what can
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), s.keyFile); err != nil {
		return store.Unwritable(err)
	}
	s.signers.Store(newSigners(keys))
	s.seen.forget()
	s.revoked.epoch.Add(1) // so that nobody goes by what an older key said
	return syncDir(dir)
}
