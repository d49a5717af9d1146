package policy

import "strings"

// cleanHost lowers a Host and takes its port and final dot off. It allocates
// only where there is an upper-case letter.
func cleanHost(h string) string {
	if i := strings.LastIndexByte(h, ':'); i >= 0 && strings.IndexByte(h[i:], ']') < 0 &&
		(strings.HasPrefix(h, "[") || strings.IndexByte(h, ':') == i) {
		h = h[:i]
	}
	h = strings.TrimSuffix(h, ".")
	for i := range len(h) {
		if c := h[i]; 'A' <= c && c <= 'Z' {
			return strings.ToLower(h)
		}
	}
	return h
}

// HostTenant returns the tenant that the host names, exactly or by a wildcard
// of one label ("*.silva.example" is a.silva.example, not a.b.silva.example),
// nil where it names none. A policy without hosts and with one tenant alone
// means that one.
func (p *Policy) HostTenant(host string) *Tenant {
	if p.sole != nil {
		return p.sole
	}
	if s := p.hosts.lookup(host); s != nil {
		return s.tenant
	}
	return nil
}
