package policy

import (
	"net/netip"
	"slices"
	"time"

	"gopkg.in/yaml.v3"
)

// A ServiceAccount is a program that signs in to the app and has nobody to
// prove a second factor: the one explicit way past. What bounds it is that all
// of it is written down, and none of it may be left out.
type ServiceAccount struct {
	User   string         // compared byte for byte with the identity's
	From   []netip.Prefix // whence it may come, by the address that Caddy trusts
	Until  time.Time      // from this moment on it is a user as any other
	Owner  string         // the person who answers for it
	Reason string
}

// exempts reports whether the visitor is one of the tenant's service accounts,
// from where that may come and not yet past its end. Where a proof must be
// fresh, or one that phishing cannot forward, only a proof will do.
func (t *Tenant) exempts(f *Facts, c cover) bool {
	if c.fresh != 0 || c.resistant || t.Require == RequireResistant {
		return false
	}
	for i := range t.ServiceAccounts {
		a := &t.ServiceAccounts[i]
		if a.User == f.User && f.Now.Before(a.Until) && a.mayComeFrom(f.Client) {
			return true
		}
	}
	return false
}

func (a *ServiceAccount) mayComeFrom(client netip.Addr) bool {
	return contain(a.From, client)
}

// contain reports whether an address is in one of the networks.
func contain(networks []netip.Prefix, client netip.Addr) bool {
	client = client.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(client) })
}

// exemptAlone lets a credential pass that the identities do not look into, where
// it is the only one and what it names is a service account. Whose password it
// is, the app checks; the name opens nothing else.
func (p *Policy) exemptAlone(f *Facts, rec *recorder, host *Tenant, asked []*target, own *ruleset) (d Decision, ok bool) {
	if f.User == "" {
		return d, false
	}
	first, second, ok := p.speaking(f, host)
	for _, t := range [...]*Tenant{second, first} {
		if t == nil {
			continue
		}
		c := t.rules.coversAny(asked, own, f)
		ok = ok && rec.step("a service account", t, t.exempts(f, c), ReasonExempt)
		d = Decision{Verdict: Allow, Reason: ReasonExempt, Tenant: t, Area: c.area, Protected: true}
	}
	return d, ok
}

// everywhere reports whether the account's networks hold nobody back.
func (a *ServiceAccount) everywhere() bool {
	return holdNobody(a.From)
}

// holdNobody reports whether one of the networks is that of all addresses.
func holdNobody(networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Bits() == 0 })
}

const schemaServiceAccounts = `{"anyOf": [{"const": "none"}, {"type": "array", "minItems": 1, "items": {"type": "object",` +
	`"required": ["user", "from", "until", "owner", "reason"], "additionalProperties": false, "properties": {` +
	`"user": ` + schemaText + `, "from": {"type": "array", "minItems": 1, "uniqueItems": true, "items": ` + schemaText + `},` +
	`"until": ` + schemaText + `, "owner": ` + schemaText + `, "reason": ` + schemaText + `}}}]}`

var serviceAccountKeys = []string{"user", "from", "until", "owner", "reason"}

func readServiceAccounts(r *reader, n *yaml.Node, s *settings) {
	if n.Kind == yaml.ScalarNode {
		r.word(n, "service_accounts", "none")
		return
	}
	users := map[string]bool{}
	r.items(n, "service_accounts", func(_ int, n *yaml.Node) {
		a := r.serviceAccount(n)
		if users[a.User] && a.User != "" {
			r.bad(n, "service account %q is already there: keep one, with the networks of both", a.User)
		}
		users[a.User] = true
		s.ServiceAccounts = append(s.ServiceAccounts, a)
	})
	r.follow(n, func(n *yaml.Node) {
		if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
			r.bad(n, "service_accounts is empty: write none, or list one")
		}
	})
}

func (r *reader) serviceAccount(n *yaml.Node) (a ServiceAccount) {
	given := map[string]bool{}
	r.mapping(n, "a service account", serviceAccountKeys, func(key string, v *yaml.Node) {
		given[key] = true
		switch key {
		case "user":
			a.User, _ = r.scalar(v, key)
		case "from":
			a.From = r.networks(v, key)
		case "until":
			d, ok := r.scalar(v, key)
			if !ok {
				return
			}
			if a.Until, ok = parseDate(d); !ok {
				r.bad(v, "until is a date such as 2027-03-01, not %s", describe(v))
			}
		case "owner":
			a.Owner = r.text(v, key)
		case "reason":
			a.Reason = r.text(v, key)
		}
	})
	for _, key := range serviceAccountKeys {
		if !given[key] && len(given) > 0 {
			r.bad(n, "a service account passes without a second factor, so all of it is written down: %s is missing", key)
		}
	}
	return a
}
