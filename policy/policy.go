package policy

import "slices"

// A Policy is a loaded policy file, or what stands for one where there is none.
// It never changes once made.
type Policy struct {
	keys    names[int] // which of order it is
	order   []*Tenant
	hosts   hosts
	sole    *Tenant // the tenant of every host, where no host is named and there is one tenant
	single  bool    // there is no policy file: identities do not name tenants
	report  bool    // every tenant only reports
	index   index
	clients bool // some tenant has service accounts
	// sessions: some tenant asks when a session began.
	sessions bool
	related  map[string][]string // hosts beside each relying party's own; nil: none
	tests    []test

	warnings []string
}

// Tenant returns the tenant of the key, nil where there is none.
func (p *Policy) Tenant(key string) *Tenant {
	if i := p.keys.get(key); i != nil {
		return p.order[*i]
	}
	return nil
}

// Tenants returns every tenant in the order of the policy file.
func (p *Policy) Tenants() []*Tenant { return p.order }

// Warnings returns what is allowed but weaker than it may look, each with its
// place in the file.
func (p *Policy) Warnings() []string { return p.warnings }

// newPolicy builds what Decide looks things up in. The keys are the tenants'.
func newPolicy(tenants []*Tenant, keys names[int]) *Policy {
	p := &Policy{keys: keys, order: tenants, hosts: newHosts(tenants), report: len(tenants) > 0}
	for _, t := range tenants {
		p.report = p.report && t.Report
	}
	if len(tenants) == 1 && len(tenants[0].Hosts) == 0 {
		p.sole = tenants[0]
	}
	p.index = newIndex(tenants)
	p.related = relatedTo(tenants)
	p.clients = slices.ContainsFunc(tenants, func(t *Tenant) bool { return len(t.ServiceAccounts) > 0 })
	p.sessions = slices.ContainsFunc(tenants, func(t *Tenant) bool { return t.Activate.NextSession })
	return p
}
