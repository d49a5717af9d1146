package policy

import (
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
	"gopkg.in/yaml.v3"
)

// readRPID reads the relying party of a tenant's passkeys. A public suffix is
// none: browsers refuse it, since whoever has a name below it would share it.
func readRPID(r *reader, n *yaml.Node, s *settings) {
	id := r.text(n, "rp_id")
	if id == "" {
		return
	}
	if id != cleanHost(id) || strings.HasPrefix(id, "*") || isAddress(id) || !isHost(id) {
		r.bad(n, "rp_id is a name such as portal.example, in lower case, without scheme, port and path, not %s", describe(n))
		return
	}
	if suffix, _ := publicsuffix.PublicSuffix(id); suffix == id && id != "localhost" {
		r.bad(n, "rp_id: %s is a public suffix, below which anybody may have a name: write a domain of your own", id)
		return
	}
	s.RPID = id
}

// scattersKeys reports whether a passkey made at one host of the tenant is of no
// use at another.
func (t *Tenant) scattersKeys() bool {
	return t.RPID == "" && t.Offers(MethodPasskey) &&
		(len(t.Hosts) > 1 || len(t.Hosts) == 1 && strings.HasPrefix(t.Hosts[0], "*."))
}

// Offers reports whether a kind of method may be registered with the tenant.
func (t *Tenant) Offers(kind string) bool { return takes(t.Methods, kind) }

// Offering returns a tenant with which a kind of method may be registered; nil:
// there is none.
func (p *Policy) Offering(kind string) *Tenant {
	for _, t := range p.order {
		if t.Offers(kind) {
			return t
		}
	}
	return nil
}

// NamesHosts reports whether any tenant names a host.
func (p *Policy) NamesHosts() bool { return p.hosts.n > 0 }

func liesUnder(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// checkKeys finds what cannot work of a tenant's passkeys.
func (l *linker) checkKeys(s, full *settings) {
	if !slices.Contains(full.Methods, MethodPasskey) {
		key := ""
		if slices.ContainsFunc(full.protect.rules, func(r rule) bool { return r.Resistant }) {
			key = "protect"
		}
		if full.Require == RequireResistant {
			key = "require"
		}
		if key != "" {
			l.bad(s, l.written(s, key), "require: phishing-resistant, but methods do not name passkey, and nothing else is: add passkey to methods")
		}
	}
	if full.RPID != "" {
		l.checkRelated(s, full)
	}
}
