package enroll

import (
	"context"
	"slices"
	"strings"
	"time"
)

// oidcPrefix begins the kind of an account at an identity provider: the provider's
// name follows.
const oidcPrefix = "oidc."

// IsOIDC tells whether a kind is an account at an identity provider.
func (k Kind) IsOIDC() bool { return strings.HasPrefix(string(k), oidcPrefix) }

// Base is the kind without the name of a provider: what texts are looked up by.
func (k Kind) Base() Kind {
	if k.IsOIDC() {
		return "oidc"
	}
	return k
}

// linked is an account at an identity provider, as it was when it was linked. It is known by
// these ever after, never by its address, which administrators and people change
// there (the attack: "nOAuth").
type linked struct {
	Issuer  string `json:"iss"`
	Subject string `json:"sub"`
	Org     string `json:"org,omitempty"`
	Email   string `json:"email"` // for its owner to know it by
}

// Return is what a browser comes back from a provider with.
type Return struct {
	Provider, State string
	Browser         string // the cookie of who began it
	Code, Issuer    string
	Denied          bool // the provider says no
	Consent         bool // because its administrator has yet to allow this site
}

// Arrived is what came of it: an enrolment or a proof.
type Arrived struct {
	Enrolled *Enrolled
	Flag     Flag
}

// Label is what people call a provider, "" where there is none.
func (s *Service) Label(kind Kind) string {
	if p := s.providers[strings.TrimPrefix(string(kind), oidcPrefix)]; p != nil {
		return p.Label()
	}
	return ""
}

// BeginLink starts to set up an account at a provider as a method: what it returns
// is the address that the browser is sent to.
func (s *Service) BeginLink(ctx context.Context, v *Visit, p Person, r Rules, f *Flag, kind Kind, redirect, browser, to, next string) (string, error) {
	now := s.now()
	var hint string
	err := s.inVisit(ctx, v, p, func(a *account, k *visit) (bool, error) {
		hint = a.Address.Record
		return false, s.mayLink(a, k, p, r, f, kind, now)
	})
	if err != nil {
		return "", err
	}
	return s.depart(ctx, p, r, kind, ceremony{Create: true, Visit: v.ID}, redirect, browser, to, next, hint, false, now)
}

// mayLink decides whether an account can be linked in this visit now: by who is
// assigned one, and has an address of record to compare it with.
func (s *Service) mayLink(a *account, k *visit, p Person, r Rules, f *Flag, kind Kind, now time.Time) error {
	if s.Label(kind) == "" || r.Assigned != kind {
		return ErrNotOffered
	}
	if err := s.mayEnroll(a, k, p, r, f, kind, "", now); err != nil {
		return err
	}
	if a.Address.Record == "" {
		return ErrNoAddress
	}
	return nil
}

// BeginLinkProof asks a provider for a sign-in of the account that was linked.
// known: this browser has proved this account before. ErrTooMany with RetryAfter
// where 30 such ways are under way.
func (s *Service) BeginLinkProof(ctx context.Context, p Person, r Rules, kind Kind, redirect, browser, to, next string, known bool) (string, error) {
	a, err := s.load(ctx, p.Realm, p.User)
	if err != nil {
		return "", err
	}
	set := a.ofKind(kind, r.Tenant)
	switch {
	case len(a.Methods) == 0:
		return "", ErrWrongStep
	case len(set) == 0 || set[0].Linked == nil || s.Label(kind) == "":
		return "", ErrNotOffered
	}
	return s.depart(ctx, p, r, kind, ceremony{}, redirect, browser, to, next, set[0].Linked.Email, known, s.now())
}

// depart keeps the way and gives its address.
func (s *Service) depart(ctx context.Context, p Person, r Rules, kind Kind, c ceremony, redirect, browser, to, next, hint string, known bool, now time.Time) (string, error) {
	name := strings.TrimPrefix(string(kind), oidcPrefix)
	t := Trip{Redirect: redirect, State: s.newID() + s.newID(), Nonce: s.newID(), Verifier: s.newID() + s.newID(), Hint: hint}
	address, err := s.providers[name].Begin(ctx, t)
	if err != nil {
		return "", &Error{Reason: ErrProvider.Reason, Status: ErrProvider.Status, Err: err}
	}
	c.Challenge, c.Origin, c.Tenant = t.State, redirect, r.Tenant
	c.Trip = &trip{Provider: name, Nonce: t.Nonce, Verifier: t.Verifier, Browser: browser, To: to, Next: next, Begun: now}
	return address, s.openTrip(ctx, p, c, known, now)
}

// Arrive takes a browser that comes back from a provider: whatever went wrong,
// nothing is half-saved. Errors: ErrExpired, ErrUsedCode, ErrNotHere with Detail
// "oidc"; ErrConsent; ErrProvider where the provider cannot be believed;
// ErrWrongAccount and ErrNotAllowed with what is wrong about the account or the
// sign-in.
func (s *Service) Arrive(ctx context.Context, p Person, r Rules, f *Flag, back Return) (*Arrived, error) {
	c, err := s.spendTrip(ctx, p, r, back.Provider, back.State, back.Browser)
	switch {
	case err != nil:
		return nil, err
	case back.Consent:
		return nil, ErrConsent
	case back.Denied || back.Code == "":
		return nil, unproven("oidc-denied")
	}
	provider := s.providers[back.Provider]
	if provider == nil {
		return nil, ErrNotOffered
	}
	said, err := provider.Finish(ctx, Trip{Redirect: c.Origin, State: c.Challenge, Nonce: c.Trip.Nonce, Verifier: c.Trip.Verifier}, back.Code, back.Issuer)
	if err != nil {
		if isRefusal(err) {
			return nil, err
		}
		return nil, &Error{Reason: ErrProvider.Reason, Status: ErrProvider.Status, Err: err}
	}
	now := s.now()
	kind := Kind(oidcPrefix + back.Provider)
	if err := said.check(r, kind, c.Trip.Begun, now); err != nil {
		return nil, err
	}
	if c.Create {
		return s.linkAccount(ctx, p, r, f, kind, c, said, now)
	}
	return s.proveLink(ctx, p, r, kind, said, now)
}

// check looks at what is the same for every person: an account of an
// organisation, of a domain that is assigned here, whose sign-in shows a second
// factor that is not older than the question (an old single sign-on would be no
// proof of now).
func (v *Vouched) check(r Rules, kind Kind, begun, now time.Time) error {
	switch {
	case v.Issuer == "" || v.Subject == "":
		return ErrProvider
	case v.Personal:
		return wrongAccount("oidc-personal")
	case v.Email == "":
		return wrongAccount("oidc-unverified")
	case r.Assigned == kind && !v.ofDomain(r.AssignedDomains):
		return wrongAccount("oidc-domain")
	case !v.Second:
		return unproven("oidc-mfa")
	case v.At.IsZero() || v.At.Before(begun.Add(-skew)) || v.At.After(now.Add(skew)):
		return unproven("oidc-old")
	}
	return nil
}

func (v *Vouched) ofDomain(domains []string) bool {
	_, domain, _ := strings.Cut(v.Email, "@")
	return slices.ContainsFunc(domains, func(d string) bool { return strings.EqualFold(d, domain) })
}

// linkAccount saves an account as a method, if its real address is that of record.
func (s *Service) linkAccount(ctx context.Context, p Person, r Rules, f *Flag, kind Kind, c *ceremony, said *Vouched, now time.Time) (*Arrived, error) {
	v := &Visit{ID: c.Visit, realm: p.Realm, user: p.User}
	var done *Enrolled
	var to string
	err := s.inVisit(ctx, v, p, func(a *account, k *visit) (bool, error) {
		if err := s.mayLink(a, k, p, r, f, kind, now); err != nil {
			return false, err
		}
		switch {
		case strings.EqualFold(said.Email, a.Address.Record):
		case strings.EqualFold(said.Alias, a.Address.Record):
			return false, wrongAccount("oidc-alias")
		default:
			return false, wrongAccount("oidc-address")
		}
		if k.First.By == "" && len(a.Methods) == 0 {
			k.First = first{By: FirstEmail} // the provider has verified the address of record
		}
		to = a.Address.Record
		done = s.enrol(a, k, p, r, f, method{
			ID: s.newID(), Kind: kind, Name: methodName(s.Label(kind), kind), Tenant: r.Tenant,
			Linked: &linked{Issuer: said.Issuer, Subject: said.Subject, Org: said.Org, Email: said.Email},
		}, "", now)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	s.added(ctx, v, p, r, done, to, false, now)
	return &Arrived{Enrolled: done, Flag: done.Flag}, nil
}

// proveLink takes a sign-in of the account that was linked, and of no other.
func (s *Service) proveLink(ctx context.Context, p Person, r Rules, kind Kind, said *Vouched, now time.Time) (*Arrived, error) {
	var flag Flag
	err := s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		for _, m := range a.ofKind(kind, r.Tenant) {
			if l := m.Linked; l != nil && l.Issuer == said.Issuer && l.Subject == said.Subject && l.Org == said.Org {
				m.LastUsed = now
				flag = s.flagFor(a, p, kind, m.Tenant, m.First, now)
				if said.At.Before(now) {
					flag.At = said.At
				}
				return true, nil
			}
		}
		return false, wrongAccount("oidc-other")
	})
	if err != nil {
		return nil, err
	}
	return &Arrived{Flag: flag}, nil
}
