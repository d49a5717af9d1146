package enroll

import "time"

// proves tells whether f is a proof of this person, in this session, that still
// counts: not over and not revoked, as far as this node has heard.
func (s *Service) proves(p Person, f *Flag, now time.Time) bool {
	return f != nil && f.Realm == p.Realm && f.User == p.User && f.Binds(p.Session) &&
		len(f.Methods) > 0 && !f.At.IsZero() && !f.At.After(now.Add(skew)) &&
		(f.Expires.IsZero() || now.Before(f.Expires)) && !s.revoked.has(f)
}

// fresh is the rule for every change of an account's methods: a proof of this
// person, and one no older than the tenant's rules say.
func (s *Service) fresh(p Person, r Rules, f *Flag, now time.Time) error {
	return s.freshFor("", p, r, f, now)
}

// freshFor is fresh for a method of the kind.
func (s *Service) freshFor(kind Kind, p Person, r Rules, f *Flag, now time.Time) error {
	if !s.proves(p, f, now) || !r.Fresh(kind, f.At, now) {
		return ErrFreshProof
	}
	return nil
}

// passkeyFresh is the oldest proof that lets a passkey be added or changed,
// whatever a tenant says of other methods.
const passkeyFresh = 5 * time.Minute

// changing are the rules for a change of a method of the kind.
func (r Rules) changing(kind Kind) Rules {
	if kind == KindPasskey && (r.Manage <= 0 || r.Manage > passkeyFresh) {
		r.Manage = passkeyFresh
	}
	return r
}

// Fresh tells whether a proof given at the time is recent enough for a change of
// a method of the kind.
func (r Rules) Fresh(kind Kind, at, now time.Time) bool {
	r = r.changing(kind)
	return r.Manage <= 0 || now.Sub(at) <= r.Manage
}

// flagFor is the flag that a proof of a method earns.
func (s *Service) flagFor(a *account, p Person, kind Kind, tenant, first string, now time.Time) Flag {
	a.Gen = max(a.Gen, s.revoked.gen(p.Realm, p.User))
	return Flag{
		ID: s.newID(), Realm: p.Realm, User: p.User, Tenant: tenant, Session: bound(p.Session), First: first,
		Methods: []string{string(kind)}, AMR: amrOf(kind), Resistant: kind == KindPasskey, At: now, Gen: a.Gen, Reviewed: a.looked(),
	}
}

// amrOf is what a proof of a kind is called in RFC 8176, 2. A passkey shows that
// a key is held and that its holder was there; where the key is kept, nobody
// attests, so neither "hwk" nor "swk" is said.
//
// A mailed code says no more than that somebody reads a mailbox, often by the
// same password (the attack: one stolen password, two factors), and a text that
// somebody has the number, which a shop can give away (SIM swapping). Neither
// ever says "mfa".
func amrOf(kind Kind) []string {
	switch kind {
	case KindPasskey:
		return []string{"pop", "user", "mfa"}
	case KindEmail:
		return []string{"otp"}
	case KindSMS:
		return []string{"sms"}
	}
	if kind.IsOIDC() {
		return []string{"mfa"} // by what means, the provider knows
	}
	return []string{"otp", "mfa"}
}
