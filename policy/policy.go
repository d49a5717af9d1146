package policy

// A Policy is a loaded policy file, or what stands for one where there is none.
// It never changes once made.
type Policy struct {
	tenants map[string]*Tenant
	order   []*Tenant
}

// Tenant returns the tenant of the key, nil where there is none.
func (p *Policy) Tenant(key string) *Tenant { return p.tenants[key] }

// Tenants returns every tenant in the order of the policy file.
func (p *Policy) Tenants() []*Tenant { return p.order }
