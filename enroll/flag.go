package enroll

import (
	"context"
	"time"
)

// Flag says that a person proved a factor. Tenant and First are those of the
// enrolment that was proven.
type Flag struct {
	ID                                  string
	Realm, User, Tenant, Session, First string
	Methods                             []string // kinds
	AMR                                 []string // RFC 8176
	Resistant                           bool     // phishing-resistant
	At, Issued, Expires                 time.Time
	// Gen is the account's generation at the proof: revoking a user raises it.
	Gen uint64
}

// MaxFlagLife bounds how long a flag can count, whatever is asked for.
const MaxFlagLife = 30 * 24 * time.Hour

// SignFlag turns f into a token of less than 4096 bytes. An empty ID, Issued or
// Expires is filled in (Expires: 12 hours).
func (s *Service) SignFlag(f Flag) (string, error) { return "", ErrToken }

// ReadFlag reads a token of SignFlag for a realm. It asks no store. The flag is
// shared with other requests: it must not be changed.
func (s *Service) ReadFlag(token, realm string, now time.Time) (*Flag, error) { return nil, ErrToken }

// RevokeFlag ends one flag and every copy of it, on every node.
func (s *Service) RevokeFlag(ctx context.Context, f *Flag) error { return ErrStoreDown }

// RevokeUser ends every flag of a user that was given before now; with a tenant
// only those that an enrolment made there has earned.
func (s *Service) RevokeUser(ctx context.Context, realm, user, tenant string) error {
	return ErrStoreDown
}
