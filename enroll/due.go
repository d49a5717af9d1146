package enroll

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Due is what is kept of a person who owes a tenant a factor.
type Due struct {
	Tenant string
	Since  time.Time // the first protected request that found it owed
	Later  time.Time // until when the person put it off; zero: never
}

type due struct {
	Since time.Time `json:"since"`
	Later time.Time `json:"later,omitzero"`
}

// dues are in the order of the tenants' keys.
func (a *account) dues() []Due {
	var list []Due
	for tenant, d := range a.Due {
		list = append(list, Due{tenant, d.Since, d.Later})
	}
	slices.SortFunc(list, func(x, y Due) int { return cmp.Compare(x.Tenant, y.Tenant) })
	return list
}

// NoteDue notes now as the first time that the person was found to owe a tenant
// something, where it is the first, and tells what is kept. However many ask at
// once, there is one first time.
func (s *Service) NoteDue(ctx context.Context, realm, user, tenant string) (Due, error) {
	now := s.now()
	var d due
	err := s.change(ctx, realm, user, func(a *account) (bool, error) {
		var noted bool
		d, noted = a.noteDue(tenant, now)
		return noted, nil
	})
	return Due{tenant, d.Since, d.Later}, err
}

func (a *account) noteDue(tenant string, now time.Time) (d due, noted bool) {
	if d, had := a.Due[tenant]; had {
		return d, false
	}
	if a.Due == nil {
		a.Due = map[string]due{}
	}
	d = due{Since: now}
	a.Due[tenant] = d
	return d, true
}

// Postpone puts off what the person owes for as long as the tenant's rules let a
// reminder wait, and never beyond its last. It tells until when; what is put off
// already is not put off further. ErrNotOffered where nothing may be put off,
// ErrWrongStep where nothing is owed yet, or it is too late.
func (s *Service) Postpone(ctx context.Context, p Person, r Rules) (time.Time, error) {
	now := s.now()
	var until time.Time
	err := s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		if r.Remind.Every <= 0 {
			return false, ErrNotOffered
		}
		d, owed := a.Due[r.Tenant]
		until = now.Add(r.Remind.Every)
		if end := r.lastReminder(d.Since); !end.IsZero() && until.After(end) {
			until = end
		}
		switch {
		case !owed || now.Before(d.Since.Add(r.Grace)) || !now.Before(until) || len(a.Methods) == 0 && a.Had:
			return false, ErrWrongStep
		case now.Before(d.Later) && !d.Later.After(until):
			until = d.Later
			return false, nil
		}
		d.Later = until
		a.Due[r.Tenant] = d
		return true, nil
	})
	return until, err
}

// lastReminder is when what was first owed at a time can no longer be put off;
// zero: there is no such time.
func (r Rules) lastReminder(since time.Time) time.Time {
	if r.Remind.Times == 0 {
		return time.Time{}
	}
	return since.Add(r.Grace + r.Remind.Every*time.Duration(r.Remind.Times))
}

// LastReminder is lastReminder for what is owed to the tenant of the rules by
// somebody of whom dues are kept.
func (r Rules) LastReminder(dues []Due) time.Time {
	for _, d := range dues {
		if d.Tenant == r.Tenant {
			return r.lastReminder(d.Since)
		}
	}
	return time.Time{}
}
