package portal

// chooseTenant applies ?tenant=<name> and ?tenantId=<key>. Only a tenant of the
// person's own is found; a foreign one and one that does not exist are the same
// 404, so that nobody can ask which tenants there are.
func (t *turn) chooseTenant() bool {
	key, name := t.in["tenantId"], ""
	if key == "" {
		q := t.r.URL.Query()
		key, name = q.Get("tenantId"), q.Get("tenant")
	}
	if key == "" && name == "" {
		return true
	}
	if !t.pickTenant(key, name) {
		t.p.notFound(t.w, t.r, t.v)
		return false
	}
	return true
}

// useTenant goes on with the tenant that something was begun in.
func (t *turn) useTenant(key string) bool {
	return key == t.v.Rules.Tenant || t.pickTenant(key, "")
}

// pickTenant goes on with one of the person's own tenants.
func (t *turn) pickTenant(key, name string) bool {
	for _, own := range t.v.Tenants {
		if key != "" && own.Key != key || key == "" && own.Name != name && own.Key != name {
			continue
		}
		if own.Key == t.v.Rules.Tenant {
			return true
		}
		if t.v.RulesFor == nil {
			break
		}
		if rules, ok := t.v.RulesFor(own.Key); ok {
			chosen := *t.v
			chosen.Rules, chosen.Person.Tenant = rules, own.Key
			t.v, t.chosenTenant = &chosen, own.Key
			return true
		}
	}
	return false
}

// tenantID is the tenant that was chosen instead of the default one, "" if none
// was. Links and forms carry it on.
func (t *turn) tenantID() string { return t.chosenTenant }
