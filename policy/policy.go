package policy

import (
	"slices"
	"strings"
)

// A Policy is a loaded policy file, or what stands for one where there is none.
// It never changes once made.
type Policy struct {
	tenants map[string]*Tenant
	order   []*Tenant
	hosts   map[string]*Tenant
	wild    map[string]*Tenant // by what follows "*."
	sole    *Tenant            // the tenant of every host, where no host is named and there is one tenant
	single  bool               // there is no policy file: identities do not name tenants
	report  bool               // every tenant only reports
	index   index
	clients bool // some tenant has service accounts
	// sessions: some tenant asks when a session began.
	sessions bool
	tests    []test

	warnings []string
}

// Tenant returns the tenant of the key, nil where there is none.
func (p *Policy) Tenant(key string) *Tenant { return p.tenants[key] }

// Tenants returns every tenant in the order of the policy file.
func (p *Policy) Tenants() []*Tenant { return p.order }

// Warnings returns what is allowed but weaker than it may look, each with its
// place in the file.
func (p *Policy) Warnings() []string { return p.warnings }

// newPolicy builds what Decide looks things up in.
func newPolicy(tenants []*Tenant) *Policy {
	p := &Policy{
		tenants: make(map[string]*Tenant, len(tenants)),
		hosts:   make(map[string]*Tenant, len(tenants)),
		wild:    map[string]*Tenant{},
		order:   tenants,
		report:  len(tenants) > 0,
	}
	for _, t := range tenants {
		p.tenants[t.Key] = t
		p.report = p.report && t.Report
		for _, h := range t.Hosts {
			if parent, ok := strings.CutPrefix(h, "*."); ok {
				p.wild[parent] = t
			} else {
				p.hosts[h] = t
			}
		}
	}
	if len(tenants) == 1 && len(tenants[0].Hosts) == 0 {
		p.sole = tenants[0]
	}
	p.index = newIndex(tenants)
	p.clients = slices.ContainsFunc(tenants, func(t *Tenant) bool { return len(t.ServiceAccounts) > 0 })
	p.sessions = slices.ContainsFunc(tenants, func(t *Tenant) bool { return t.Activate.NextSession })
	return p
}

// An index answers whether any tenant protects a target, for requests whose
// tenant is not known yet. Tenants that inherit all their rules share one
// ruleset, so that it stays small.
type index struct {
	sets    []*ruleset
	prefix  map[string][]*ruleset // by rule.folded
	longest int
}

func newIndex(tenants []*Tenant) index {
	x := index{prefix: map[string][]*ruleset{}}
	seen := make(map[*ruleset]bool)
	for _, t := range tenants {
		if seen[t.rules] {
			continue
		}
		seen[t.rules] = true
		x.sets = append(x.sets, t.rules)
		for i := range t.rules.protect {
			f := t.rules.protect[i].folded()
			if list := x.prefix[f]; len(list) == 0 || list[len(list)-1] != t.rules {
				x.prefix[f] = append(list, t.rules)
			}
			x.longest = max(x.longest, len(f))
		}
	}
	return x
}

// protects reports whether some tenant's rules, or the directive's own beside
// them, protect what is asked for.
func (x *index) protects(asked []*target, own *ruleset, f *Facts) bool {
	var none ruleset
	for _, t := range asked {
		if own != nil && none.covers(t, own, f).hit {
			for _, s := range x.sets {
				if s.covers(t, own, f).hit {
					return true
				}
			}
		}
		for i := range t.len() {
			if x.covers(t, t.at(i).folded, own, f) {
				return true
			}
		}
	}
	return false
}

// covers looks up every prefix that one reading may lie under: what ends before
// a slash, before the dot of a suffix, or with the path.
func (x *index) covers(t *target, path string, own *ruleset, f *Facts) bool {
	var buf [256]byte
	low := buf[:0]
	if x.longest > len(buf) {
		low = make([]byte, 0, x.longest)
	}
	for i := 0; i <= len(path) && i <= x.longest; i++ {
		if i == len(path) || path[i] == '/' || path[i] == '.' {
			for _, s := range x.prefix[string(low)] {
				if s.covers(t, own, f).hit {
					return true
				}
			}
		}
		if i < len(path) && i < x.longest {
			low = append(low, lowerByte(path[i]))
		}
	}
	return false
}
