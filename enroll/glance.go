package enroll

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
	"github.com/caddy-mfa/caddy-mfa/internal/recent"
)

// Bounds of what is kept of accounts that were read.
const (
	maxGlances = 512
	glanceLife = time.Minute // since it was read first; the record is looked at each time
)

// realmName is the realm of somebody whose name is the table's text.
type realmName string

// glance is an account as it was made of a record.
type glance struct {
	version uint64
	sealed  []byte
	by      *signers
	account *Account
}

type glances = recent.Table[realmName, glance]

func newGlances() *glances {
	return recent.New[realmName, glance](maxGlances)
}

// Glance is Account for one who only looks: what it returns is shared with others
// and must not be changed. The record is read each time, and opened and put
// together only where it is another one than before.
func (s *Service) Glance(ctx context.Context, realm, user string) (*Account, error) {
	r, err := s.record(ctx, realm, user)
	if err != nil {
		return nil, err
	}
	by, now, in := s.tokens(), s.now(), realmName(realm)
	if e := s.glanced.Get(user, &in); e != nil && e.Value.of(r, by) {
		return e.Value.account, nil
	}
	a, err := s.decode(r, realm, user)
	if err != nil {
		return nil, err
	}
	known := a.summary()
	if by != nil {
		s.glanced.Put(&recent.Entry[realmName, glance]{
			Text: user, Key: in, Until: now.Add(glanceLife), Value: glance{r.Version, r.Value, by, known},
		}, now)
	}
	return known, nil
}

// of reports whether the account is that of a record.
func (g *glance) of(r store.Record, by *signers) bool {
	return g.by == by && g.version == r.Version && bytes.Equal(g.sealed, r.Value)
}

// record reads the record of an account; one never seen has version 0. The error
// is ErrStoreDown where the store cannot say.
func (s *Service) record(ctx context.Context, realm, user string) (store.Record, error) {
	key, err := accountKey(realm, user)
	if err != nil {
		return store.Record{}, err
	}
	r, err := s.store.Get(ctx, key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Record{}, down(err)
	}
	return r, nil
}
