package enroll

import (
	"context"
	"errors"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// Reset takes every factor of a person away, with recovery codes, trusted
// browsers, passes and what is under way, ends every flag, and tells the person.
// With a tenant in the rules only what was made there. That the person had a
// factor once stays known: the password alone enrols nothing afterwards.
// ErrNotFound where nobody of that name is known.
//
// The log first: were it the other way round, a store that fails in between
// would leave flags of methods that are gone. And once more behind it: whoever
// proved one of them in between (the attack: a stolen phone, a script that never
// stops proving) has a flag that the first line does not mean.
func (s *Service) Reset(ctx context.Context, p Person, r Rules) error {
	a, err := s.load(ctx, p.Realm, p.User)
	if errors.Is(err, store.ErrMissing) {
		return s.renew(ctx, p, r)
	}
	if err != nil {
		return err
	}
	if !a.known() {
		return ErrNotFound
	}
	if err := s.endFlags(ctx, p.Realm, p.User, r.Tenant, ""); err != nil {
		return err
	}
	var to string
	err = s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		a.reset(r.Tenant)
		to = a.Address.Record
		return true, nil
	})
	if err != nil {
		return err
	}
	s.tell(Event{Kind: "reset", To: to, Person: p, Rules: r, At: s.now()})
	return s.endFlags(ctx, p.Realm, p.User, r.Tenant, "")
}

// renew gives a person a record again whose own the store threw away. Nobody knows
// what stood in it, an address of record neither, so it takes a pass to set a
// factor up; and every flag ends, for it was of a generation below the time.
func (s *Service) renew(ctx context.Context, p Person, r Rules) error {
	gen := max(s.revoked.gen(p.Realm, p.User), uint64(s.now().Unix())) + 1 // #nosec G115 -- after 1970
	mend := func(ctx context.Context, key string, fn func(store.Record) (*store.Record, error)) error {
		return store.Mend(ctx, s.store, key, fn)
	}
	err := s.changeBy(ctx, mend, p.Realm, p.User, func(a *account) (bool, error) {
		if a.known() {
			return false, nil // it is there again
		}
		a.Had, a.OnlyPass, a.Gen = true, true, gen
		return true, nil
	})
	if err != nil {
		return err
	}
	s.tell(Event{Kind: "reset", Person: p, Rules: r, At: s.now()})
	return s.endFlags(ctx, p.Realm, p.User, "", "")
}

// known tells whether anything was ever kept of the person.
func (a *account) known() bool {
	return a.Had || len(a.Methods) > 0 || a.Address.Record != "" || len(a.Visits) > 0 || len(a.Passes) > 0
}

// reset takes away what was made in a tenant; "" is all there is.
func (a *account) reset(tenant string) {
	there := func(in string) bool { return tenant == "" || in == tenant }
	wasDefault := ""
	for _, m := range a.Methods {
		if m.Default {
			wasDefault = m.ID
		}
	}
	a.Methods = keep(a.Methods, func(m method) bool { return !there(m.Tenant) })
	if a.Codes != nil && (there(a.Codes.Tenant) || len(a.Methods) == 0) {
		a.Codes = nil
	}
	if len(a.Methods) > 0 && a.method(wasDefault) == nil {
		a.setDefault(a.Methods[0].ID)
	}
	a.Passes = keep(a.Passes, func(d pass) bool { return !there(d.Tenant) })
	a.endDevices(tenant)
	a.Visits, a.Tries, a.Asks = nil, nil, nil
}
