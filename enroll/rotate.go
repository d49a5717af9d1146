package enroll

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// Rotation is how far the re-sealing of the store with the newest key has come.
type Rotation struct {
	Running  bool      `json:"running"`
	Key      string    `json:"key,omitempty"` // id of the one that seals
	Started  time.Time `json:"started,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	Records  int       `json:"records"`  // looked at
	Resealed int       `json:"resealed"` // of them, with the revocations
	Error    string    `json:"error,omitempty"`
}

// Done tells that nothing in the store needs an older key.
func (r Rotation) Done() bool { return !r.Running && !r.Ended.IsZero() && r.Error == "" }

// rotation is the one under way, or the last.
type rotation struct {
	mu  sync.Mutex
	now Rotation
}

func (r *rotation) update(fn func(*Rotation)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fn(&r.now)
}

// Rotation is the state of the last Rotate.
func (s *Service) Rotation() Rotation {
	s.rotation.mu.Lock()
	defer s.rotation.mu.Unlock()
	return s.rotation.now
}

// Rotate begins to seal every record with the newest key, in the background and
// beside all other work; where it is under way already, that goes on. It may be
// cut off at any moment, and begun again, on several nodes at once: a record is
// re-sealed in one atomic step, or stays as it was, and one that is done is
// passed over.
func (s *Service) Rotate() error {
	s.running.Lock()
	defer s.running.Unlock()
	t := s.tokens()
	if t == nil || s.life == nil || s.closed {
		return ErrStoreDown
	}
	if s.Rotation().Running {
		return nil
	}
	s.rotation.update(func(r *Rotation) {
		*r = Rotation{Running: true, Key: t.keys.newest().id, Started: s.now()}
	})
	life := s.life
	s.looks.Go(func() {
		err := s.reseal(life, t.keys)
		s.rotation.update(func(r *Rotation) {
			r.Running, r.Ended = false, s.now()
			if err != nil {
				r.Error = err.Error()
			}
		})
	})
	return nil
}

// passes bounds how often the store is gone through. The first seals, the next
// finds nothing to do, unless somebody still seals with an older key.
const passes = 3

func (s *Service) reseal(ctx context.Context, keys *Keys) error {
	for range passes {
		n, err := s.resealAll(ctx, keys)
		if err == nil {
			var lines int
			lines, err = s.resealLog(ctx, keys)
			n += lines
		}
		if err != nil {
			return fmt.Errorf("sealing the store with key %s: %w", keys.newest().id, err)
		}
		if n == 0 {
			return nil
		}
	}
	return errors.New("sealing the store: another node goes on sealing with an older key: give every node the new one first, then begin again")
}

// resealAll goes through the records once, and tells how many it changed.
func (s *Service) resealAll(ctx context.Context, keys *Keys) (changed int, err error) {
	s.rotation.update(func(r *Rotation) { r.Records = 0 })
	err = s.store.List(ctx, "", "", func(key string, r store.Record) error {
		s.rotation.update(func(r *Rotation) { r.Records++ })
		if key == InstallationKey || sealedBy(r.Value) == keys.newest().id {
			return nil
		}
		did, err := s.resealOne(ctx, keys, key)
		if did {
			changed++
			s.rotation.update(func(r *Rotation) { r.Resealed++ })
		}
		return err
	})
	return changed, err
}

func (s *Service) resealOne(ctx context.Context, keys *Keys, key string) (did bool, err error) {
	at, ok := placeOf(key)
	if !ok {
		kind, _, _ := strings.Cut(key, "/")
		return false, fmt.Errorf("a record of the kind %q is none that this program knows: another version wrote it; rotate with that one", kind)
	}
	err = s.store.Update(ctx, key, func(old store.Record) (*store.Record, error) {
		did = false
		if old.Version == 0 || sealedBy(old.Value) == keys.newest().id {
			return nil, nil // gone, or written meanwhile
		}
		at.version = old.Version
		plain, err := keys.open(at, old.Value)
		if err == nil && at.kind == "account" {
			plain, err = s.keepPepper(keys, old, at)
		}
		if err != nil {
			return nil, fmt.Errorf("a record of the kind %s: %w", at.kind, err)
		}
		at.version++
		sealed, err := keys.seal(s.rand, at, plain)
		did = err == nil
		return &store.Record{Value: sealed, Expires: old.Expires}, err
	})
	return did, err
}

// keepPepper puts the pepper of an older key beside the recovery codes that were
// made with it: what was hashed cannot be hashed anew, and the codes must outlive
// the key.
func (s *Service) keepPepper(keys *Keys, old store.Record, at place) ([]byte, error) {
	a, err := decodeWith(keys, old, at.realm, at.user)
	if err != nil {
		return nil, err
	}
	if c := a.Codes; c != nil && c.Key != keys.newest().id && c.Pepper == nil {
		if key, ok := keys.byID(c.Key); ok {
			c.Pepper = key.purpose[forPepper]
		}
	}
	return json.Marshal(a)
}

// resealLog writes the lines of the log that an older key sealed once more, with
// the newest: the log is never changed, and what is revoked must stay so when the
// older key is gone.
func (s *Service) resealLog(ctx context.Context, keys *Keys) (written int, err error) {
	lines, err := s.store.Revoked(ctx, 0)
	if err != nil {
		return 0, err
	}
	have := map[string]bool{}
	for _, e := range lines {
		if sealedBy(e.Value) == keys.newest().id {
			if text, err := keys.open(logPlace, e.Value); err == nil {
				have[string(text)] = true
			}
		}
	}
	for _, e := range lines {
		text, err := keys.open(logPlace, e.Value)
		if err != nil || have[string(text)] {
			continue // one that does not open is said and passed over when it is read
		}
		sealed, err := keys.seal(s.rand, logPlace, text)
		if err != nil {
			return written, err
		}
		if _, err := s.store.Revoke(ctx, sealed, e.Expires); err != nil {
			return written, err
		}
		have[string(text)] = true
		written++
		s.rotation.update(func(r *Rotation) { r.Resealed++ })
	}
	return written, nil
}

// sealedBy is the id of the key that sealed a value, "" where nothing did.
func sealedBy(sealed []byte) string {
	if len(sealed) < 17 || sealed[0] != sealFormat {
		return ""
	}
	return hex.EncodeToString(sealed[1:5])
}

// placeOf is what a record's seal is bound to, but for its version.
func placeOf(key string) (at place, ok bool) {
	kind, rest, _ := strings.Cut(key, "/")
	switch kind {
	case requirementsKey:
		return place{kind: kind}, rest == ""
	case "link", "texts":
		return place{kind: kind, realm: key}, true
	case "account", "challenge", "asking":
		realm, rest, _ := strings.Cut(rest, "/")
		user, _, _ := strings.Cut(rest, "/")
		realm, err := url.PathUnescape(realm)
		if err != nil {
			return place{}, false
		}
		user, err = url.PathUnescape(user)
		return place{kind: kind, realm: realm, user: user}, err == nil
	}
	return place{}, false
}
