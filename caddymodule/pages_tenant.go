package caddymodule

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal"
	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddy-mfa/caddy-mfa/policy"
)

// tenant is the one whose rules the pages follow: the one that blocked, where
// it still is the visitor's; else the identity's, else the host's.
func (p *passage) tenant() *policy.Tenant {
	if p.decision.Tenant != nil {
		return p.decision.Tenant
	}
	ofHost, ofPerson := p.tenantsOf()
	if ofHost != nil && (ofPerson == nil || p.ticket != nil && ofHost.Key == p.ticket.Tenant) {
		return ofHost
	}
	return ofPerson
}

// tenantsOf are the tenants that the host and the person name; nil: none.
func (p *passage) tenantsOf() (ofHost, ofPerson *policy.Tenant) {
	pol := p.gate.app.policy()
	if p.gate.tenantBy != policy.ByIdentity {
		ofHost = pol.HostTenant(p.r.Host)
	}
	switch {
	case p.who.State != identity.Known:
		if p.ticket != nil {
			ofPerson = pol.Tenant(p.ticket.Tenant)
		}
	case p.gate.tenantBy != policy.ByHost && p.named != "":
		ofPerson = pol.Tenant(p.named)
	}
	return ofHost, ofPerson
}

// offerTenants lets a person choose between the tenants that are theirs: the
// identity's, and the host's where it names one as well.
func (p *passage) offerTenants(v *portal.Visit) {
	ofHost, ofPerson := p.tenantsOf()
	var own []*policy.Tenant
	for _, t := range [...]*policy.Tenant{p.tenant(), ofPerson, ofHost} {
		if t == nil || slices.ContainsFunc(own, func(o *policy.Tenant) bool { return o.Key == t.Key }) {
			continue
		}
		own = append(own, t)
		v.Tenants = append(v.Tenants, portal.TenantRef{Key: t.Key, Name: p.gate.app.nameOf(t, hostOnly(p.r.Host))})
	}
	v.RulesFor = func(key string) (enroll.Rules, bool) {
		i := slices.IndexFunc(own, func(o *policy.Tenant) bool { return o.Key == key })
		if i < 0 {
			return enroll.Rules{}, false
		}
		return p.rulesOf(own[i]), true
	}
}

// rulesOf are the rules of a tenant for this request.
func (p *passage) rulesOf(t *policy.Tenant) enroll.Rules {
	email := p.person().Email
	if l := p.looked; l != nil && l.tenant == t && l.email == email {
		return l.rules
	}
	r := p.gate.app.rulesOf(t, hostOnly(p.r.Host), email)
	r.RPID, r.Related = p.relyingParty(t)
	if base := p.baseURL(); base != "" {
		r.LinkBase = strings.TrimRight(base, "/") + p.gate.mount + "/link/"
	}
	r.AssignedDomains = t.AssignedDomains(string(r.Assigned))
	if l := p.looked; l != nil && l.tenant == nil {
		l.tenant, l.email, l.rules = t, email, r
	}
	return r
}

// nameOf is what people are told a tenant is called. One without a name is called
// by the issuer's, by base_url's host, and only where there is neither by the
// request's: a client that forges its Host field would have its own words mailed
// to somebody.
func (s *appState) nameOf(t *policy.Tenant, host string) string {
	return cmp.Or(t.Name, s.issuer, s.baseHost, host)
}

// rulesOf are the parts of a tenant's policy that enrolling depends on, for
// somebody of an address.
func (s *appState) rulesOf(t *policy.Tenant, host, email string) enroll.Rules {
	r := enroll.Rules{
		Tenant: t.Key, TenantName: s.nameOf(t, host), Required: t.Require != policy.RequireNone,
		Resistant: t.Require == policy.RequireResistant,
		Minimum:   t.Minimum, First: t.First, Prove: t.Prove, Share: t.Share, Undo: t.Undo, Grace: t.Grace, Remind: enroll.Reminder(t.Remind), Review: t.Review, RecoveryMinimum: t.RecoveryMinimum, RecoveryRequired: t.RecoveryRequired, Manage: t.Manage, Language: t.Language,
		TrustDevice: t.TrustDevice, EnrollFrom: t.EnrollFrom,
		Brand: enroll.Brand{Logo: t.Brand.Logo, Color: t.Brand.Color, Support: t.Brand.Support, Help: t.Brand.Help, Password: t.Brand.Password},
	}
	pol := s.policy()
	r.Of = func(tenant string) (enroll.Rules, bool) {
		other := pol.Tenant(tenant)
		if other == nil {
			return enroll.Rules{}, false
		}
		return s.rulesOf(other, host, email), true
	}
	r.Methods, r.Assigned = methodsFor(t, email)
	for _, m := range t.Recovery {
		r.Recovery = append(r.Recovery, enroll.Kind(m))
	}
	if len(t.Limits) > 0 {
		r.Limits = make(map[enroll.Kind]int, len(t.Limits))
		for k, n := range t.Limits {
			r.Limits[enroll.Kind(k)] = n
		}
	}
	return r
}

func hostOnly(host string) string {
	if !strings.Contains(host, ":") {
		return host
	}
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return host
}

func hostOfURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// methodsFor are the kinds that a person may enrol with a tenant: the one that is
// assigned to the domain of their address, else all but identity providers.
func methodsFor(t *policy.Tenant, email string) (kinds []enroll.Kind, assigned enroll.Kind) {
	if kind := t.Assigned(email); kind != "" {
		return []enroll.Kind{enroll.Kind(kind)}, enroll.Kind(kind)
	}
	for _, m := range t.Methods {
		if kind := enroll.Kind(m); m != policy.MethodOIDC && !kind.IsOIDC() {
			kinds = append(kinds, kind)
		}
	}
	return kinds, ""
}
