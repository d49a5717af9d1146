package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// maxLabels is how many names browsers take of one relying party's related
// origins (WebAuthn Level 3, 5.11.1: five at least, and they take no more).
const maxLabels = 5

// relatedTo are, for each relying party, the hosts that do not lie under it and
// whose tenants offer passkeys: browsers let them use its passkeys only where a
// document there names them (WebAuthn Level 3, 5.11). A wildcard cannot be named.
func relatedTo(tenants []*Tenant) map[string][]string {
	var related map[string][]string
	for _, t := range tenants {
		if t.RPID == "" || !t.Offers(MethodPasskey) {
			continue
		}
		for _, h := range t.Hosts {
			if strings.HasPrefix(h, "*.") || liesUnder(h, t.RPID) {
				continue
			}
			if related == nil {
				related = map[string][]string{}
			}
			related[t.RPID] = append(related[t.RPID], h)
		}
	}
	return related
}

// RelatedTo returns the hosts that use the passkeys of the relying party whose
// name the host is, and do not lie under it; none for most. They are the
// policy's own: not to be changed.
func (p *Policy) RelatedTo(host string) []string {
	if p.related == nil {
		return nil
	}
	return p.related[cleanHost(host)]
}

// RelyingParties returns the names for which RelatedTo has hosts, sorted.
func (p *Policy) RelyingParties() []string {
	var ids []string
	for id := range p.related {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// PasskeysFor returns the relying party of a tenant's passkeys at a host (without
// its port), "" where there can be none: an address, a host that rp_id neither
// lies above nor names. related: it is one that rp_id names (RelatedTo).
func (p *Policy) PasskeysFor(t *Tenant, host string) (id string, related bool) {
	host = cleanHost(host)
	if isAddress(host) {
		return "", false
	}
	switch {
	case t.RPID == "":
		return host, false
	case liesUnder(host, t.RPID):
		return t.RPID, false
	case slices.Contains(p.related[t.RPID], host):
		return t.RPID, true
	}
	return "", false
}

// farFrom returns the first host that can have no passkeys of the relying party
// since it is a wildcard that does not lie under it, "" where there is none.
func (t *Tenant) farFrom(id string) string {
	for _, h := range t.Hosts {
		if name, wild := strings.CutPrefix(h, "*."); wild && !liesUnder(name, id) {
			return h
		}
	}
	return ""
}

// checkRelated refuses an rp_id with which no host has to do, which a slip of the
// pen is, and one at an address, where passkeys cannot be.
func (l *linker) checkRelated(s, full *settings) {
	above := func(h string) bool { return liesUnder(strings.TrimPrefix(h, "*."), full.RPID) }
	known := slices.ContainsFunc(full.Hosts, above)
	for t := l.named(s.Parent); t != nil && !known; t = l.named(t.Parent) {
		known = slices.ContainsFunc(t.Hosts, above)
	}
	for _, h := range full.Hosts {
		switch {
		case above(h):
		case isAddress(h):
			l.bad(s, l.written(s, "rp_id"), "rp_id: %s does not lie above the host %s of tenant %s, and at an address browsers have no passkeys: give it a name, or leave rp_id out", full.RPID, h, full.Key)
		case !known:
			l.bad(s, l.written(s, "rp_id"), "rp_id: %s does not lie above the host %s of tenant %s, nor above another of its hosts or of the tenants above it: write a domain above one of them, or leave it out", full.RPID, h, full.Key)
		}
	}
}

// warnRelated names the hosts whose passkeys browsers will not have.
func (p *Policy) warnRelated() (list []string) {
	for _, id := range p.RelyingParties() {
		var labels, beyond []string
		for _, h := range p.related[id] {
			label := labelOf(h)
			switch known := slices.Contains(labels, label); {
			case known:
			case len(labels) < maxLabels:
				labels = append(labels, label)
			default:
				beyond = append(beyond, h)
			}
		}
		if len(beyond) > 0 {
			list = append(list, fmt.Sprintf("rp_id %s has hosts of more than %d names beside its own (%s): browsers take no more, so its passkeys will not work at %s; give their tenants an rp_id of their own",
				id, maxLabels, strings.Join(labels, ", "), someOf(beyond)))
		}
	}
	return list
}

// labelOf is what browsers count of a host: the label before its public suffix
// (example, of www.example.co.uk).
func labelOf(host string) string {
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	label, _, _ := strings.Cut(domain, ".")
	return label
}

// someOf lists a few.
func someOf(list []string) string {
	const few = 5
	if len(list) <= few {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:few], ", "), len(list)-few)
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}
