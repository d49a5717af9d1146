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

// A hosted is what a host stands for: a tenant, and what most requests of it are
// decided by, on one line of memory.
type hosted struct {
	tenant *Tenant
	block  block
	n      int
	_      [2]uint64 // with its name, a line has 64 bytes
}

// HostTenant returns the tenant that the host names, exactly or by a wildcard
// of one label ("*.silva.example" is a.silva.example, not a.b.silva.example),
// nil where it names none. A policy without hosts and with one tenant alone
// means that one.
func (p *Policy) HostTenant(host string) *Tenant {
	if p.sole != nil {
		return p.sole
	}
	if h := p.host(host); h != nil {
		return h.tenant
	}
	return nil
}

func (p *Policy) host(host string) *hosted {
	h := cleanHost(host)
	if at := p.hosts.get(h); at != nil {
		return at
	}
	if dot := strings.IndexByte(h, '.'); dot >= 0 && p.wild {
		return p.hosts.get(h[dot:])
	}
	return nil
}

// mayProtect reports whether a rule of the host's tenant may cover what is asked
// for. Most that are open are known to be without a look at the tenant.
func (h *hosted) mayProtect(asked []*target) bool {
	for _, t := range asked {
		for i := range t.len() {
			r := t.at(i)
			for j := range h.n {
				if head := h.block.head(j); r.head&headMask(head) == head {
					return true
				}
			}
		}
	}
	return false
}
