package enroll

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"
)

// Method is one enrolled factor, without its secret.
type Method struct {
	ID                string
	Kind              Kind
	Name              string
	Created, LastUsed time.Time // LastUsed zero: never
	Default           bool
	Tenant            string    // where it was enrolled
	First             string    // what proved the person before it: FirstEmail, FirstTyped or FirstNone
	Party             string    // passkeys: id of the relying party that it is for
	Reviewed          time.Time // when the person last looked at it: enrolled it, or said that it is right
	Copied            bool      // passkeys: its counter has gone back once, so there may be two of it
	Masked            string    // e-mail, sms: where its codes go, hidden but for what its owner knows it by
	Moved             bool      // e-mail: the address of record is another one now

	From netip.Addr // whence it was registered
}

// Account is what may be known of a person's factors without a secret.
type Account struct {
	Methods   []Method // the default first, then the oldest; recovery codes are not among them
	CodesLeft int      // unused recovery codes
	Had       bool     // ever had a method
	Reachable bool     // there is an address of record
	Due       []Due    // of every tenant in which something was owed once
	Devices   []Device // trusted browsers, oldest first

	address  address
	codes    *codeSet
	onlyPass bool
	passes   map[string]time.Time // when the live pass of a tenant ends
}

// Account reads a person's factors. An account never seen is an empty one. The
// error is ErrStoreDown where the store cannot say.
func (s *Service) Account(ctx context.Context, realm, user string) (*Account, error) {
	a, err := s.load(ctx, realm, user)
	if err != nil {
		return nil, err
	}
	return a.summary(), nil
}

// summary is what may be known of an account.
func (a *account) summary() *Account {
	public := &Account{onlyPass: a.OnlyPass, Had: a.Had, Reachable: a.Address.Record != "", address: a.Address}
	public.Methods = a.public()
	for i := range public.Methods {
		m := &public.Methods[i]
		m.Moved = m.Kind == KindEmail && a.Address.Record != "" && a.Address.Record != a.Methods[i].Address
	}
	slices.SortStableFunc(public.Methods, func(x, y Method) int {
		if x.Default != y.Default {
			if x.Default {
				return -1
			}
			return 1
		}
		return cmp.Compare(x.Created.UnixNano(), y.Created.UnixNano())
	})
	public.Due = a.dues()
	public.passes = map[string]time.Time{}
	for _, d := range a.Passes {
		if !d.Used {
			public.passes[d.Tenant] = d.Expires
		}
	}
	for i := range a.Devices {
		public.Devices = append(public.Devices, a.Devices[i].public())
	}
	if a.Codes != nil {
		public.CodesLeft, public.codes = len(a.Codes.Unused), a.Codes
	}
	return public
}
