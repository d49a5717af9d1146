package enroll

import (
	"context"
	"time"
)

// Method is one enrolled factor, without its secret.
type Method struct {
	ID                string
	Kind              Kind
	Name              string
	Created, LastUsed time.Time // LastUsed zero: never
	Default           bool
	Tenant            string // where it was enrolled
	First             string // what proved the person before it: "email" or "none"
}

// Account is what may be known of a person's factors without a secret.
type Account struct {
	Methods   []Method // strongest and default first; recovery codes are not among them
	CodesLeft int      // unused recovery codes
	Had       bool     // ever had a factor
}

// Account reads a person's factors. An account never seen is an empty one. The
// error is ErrStoreDown where the store cannot say.
func (s *Service) Account(ctx context.Context, realm, user string) (*Account, error) {
	return nil, ErrStoreDown
}

// Notice records the address that the identity gives for a person, so that the
// first one seen is the address of record and a later one counts only after a
// while. Visits do it by themselves; call it where a person is seen earlier.
func (s *Service) Notice(ctx context.Context, p Person, r Rules) error { return ErrStoreDown }
