package enroll

import "context"

// manage changes an account for somebody who has proved it, freshly enough.
func (s *Service) manage(ctx context.Context, p Person, r Rules, f *Flag, fn func(*account) (bool, error)) error {
	now := s.now()
	return s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		if err := s.fresh(p, r, f, now); err != nil {
			return false, err
		}
		return fn(a)
	})
}

// Rename gives a method another name. An empty one is the kind's own.
func (s *Service) Rename(ctx context.Context, p Person, r Rules, f *Flag, id, name string) error {
	return s.edit(ctx, p, r, f, id, "method-renamed", func(a *account, m *method) bool {
		was := m.Name
		m.Name = methodName(name, m.Kind)
		return m.Name != was
	})
}

// SetDefault makes a method the one that is asked for first.
func (s *Service) SetDefault(ctx context.Context, p Person, r Rules, f *Flag, id string) error {
	return s.edit(ctx, p, r, f, id, "default-changed", func(a *account, m *method) bool {
		was := m.Default
		a.setDefault(id)
		return !was
	})
}

// edit changes a method and tells the person, where anything changed.
func (s *Service) edit(ctx context.Context, p Person, r Rules, f *Flag, id, what string, change func(*account, *method) bool) error {
	var changed bool
	var now Method
	var to string
	err := s.manage(ctx, p, r, f, func(a *account) (bool, error) {
		m, err := s.changeable(a, p, r, f, id)
		if err != nil {
			return false, err
		}
		changed = change(a, m)
		now, to = m.public(), a.Address.Record
		return true, nil
	})
	if err == nil && changed {
		s.tell(Event{Kind: what, To: to, Person: p, Rules: r, Method: now, At: s.now()})
	}
	return err
}

// changeable finds a method and asks for the proof that a change of its kind
// needs, and of what the tenant has in which it was made.
func (s *Service) changeable(a *account, p Person, r Rules, f *Flag, id string) (*method, error) {
	m := a.method(id)
	if m == nil {
		return nil, ErrNotFound
	}
	if err := s.freshFor(m.Kind, p, r, f, s.now()); err != nil {
		return nil, err
	}
	if !r.home(m.Tenant).Enough(a.public(), f) {
		return nil, ErrFreshProof
	}
	return m, nil
}

func (a *account) setDefault(id string) {
	for i := range a.Methods {
		a.Methods[i].Default = a.Methods[i].ID == id
	}
}

// Remove takes a method away and ends every other flag and every trusted browser
// of the person: whoever lost the device wants its sessions gone. With the last method the recovery
// codes and this flag end too. Where the tenant in which it was made does not
// let its last one go, the answer is ErrLastMethod.
func (s *Service) Remove(ctx context.Context, p Person, r Rules, f *Flag, id string) error {
	check := func(a *account) error {
		m := a.method(id)
		if m == nil {
			return ErrNotFound
		}
		if a.lastIn(m.Tenant, id) && !mayUndo(r, m.Tenant) {
			return ErrLastMethod
		}
		return nil
	}
	var spare string
	err := s.manage(ctx, p, r, f, func(a *account) (bool, error) {
		if len(a.Methods) > 1 {
			spare = f.ID
		}
		if _, err := s.changeable(a, p, r, f, id); err != nil {
			return false, err
		}
		return false, check(a)
	})
	if err != nil {
		return err
	}
	// The log first: were it the other way round, a store that fails in between
	// would leave flags of a method that is gone.
	if err := s.endFlags(ctx, p.Realm, p.User, "", spare); err != nil {
		return err
	}
	var gone Method
	var to string
	var last bool
	err = s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		if err := check(a); err != nil {
			return false, err
		}
		gone, to = a.method(id).public(), a.Address.Record
		a.remove(id)
		last = len(a.Methods) == 0
		return true, nil
	})
	if err != nil {
		return err
	}
	s.tell(Event{Kind: "method-removed", To: to, Person: p, Rules: r, Method: gone, At: s.now()})
	if last {
		spare = "" // another request may have removed the other one meanwhile
	}
	// And once more behind it: the method may have been proven in between, by who
	// has the device that was lost.
	return s.endFlags(ctx, p.Realm, p.User, "", spare)
}

// lastIn tells whether a method is the last that was made in a tenant.
func (a *account) lastIn(tenant, id string) bool {
	for _, m := range a.Methods {
		if m.Tenant == tenant && m.ID != id {
			return false
		}
	}
	return true
}

// mayUndo asks the rules of the tenant in which a method was made: the attack is
// to remove it by way of another tenant, whose rules are kinder.
func mayUndo(r Rules, tenant string) bool {
	there, ok := r.of(tenant)
	return ok && there.Undo
}

func (a *account) remove(id string) {
	wasDefault := a.method(id).Default
	a.Methods = keep(a.Methods, func(m method) bool { return m.ID != id })
	switch {
	case len(a.Methods) == 0:
		a.Codes, a.Visits = nil, nil
	case wasDefault:
		a.setDefault(a.Methods[0].ID)
	}
}

// NewRecoveryCodes makes ten new ones; the old ones no longer work. ErrWrongStep
// where the account has no method.
func (s *Service) NewRecoveryCodes(ctx context.Context, p Person, r Rules, f *Flag) ([]string, error) {
	now := s.now()
	var shown []string
	var to string
	err := s.manage(ctx, p, r, f, func(a *account) (bool, error) {
		m := a.in(r.Tenant)
		switch {
		case !r.Admits(p.Client):
			return false, ErrNetwork
		case len(a.Methods) == 0:
			return false, ErrWrongStep
		case !r.GivesCodes():
			return false, ErrNotOffered
		case m == nil:
			m = &a.Methods[0]
		}
		has := a.public()
		if !r.home(m.Tenant).Enough(has, f) {
			return false, ErrFreshProof
		}
		to = a.Address.Record
		a.Codes, shown = s.newCodes(p.Realm, p.User, m.Tenant, m.First, now)
		a.Codes.madeBy(has, r, f, false)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	s.tell(Event{Kind: "codes-renewed", To: to, Person: p, Rules: r, At: now})
	return shown, nil
}

// SignOutEverywhere ends every flag of the person, this one too, and every
// trusted browser.
func (s *Service) SignOutEverywhere(ctx context.Context, p Person, f *Flag) error {
	if !s.proves(p, f, s.now()) {
		return ErrFreshProof
	}
	return s.endFlags(ctx, p.Realm, p.User, "", "")
}
