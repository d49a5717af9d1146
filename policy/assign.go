package policy

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// MethodOIDC is a company's own identity provider as the second factor; a
// registered one has the provider's name behind a dot, "oidc.entra".
const MethodOIDC = "oidc"

// An assignment gives the people of a mail domain one kind of method, and no
// other.
type assignment struct{ domain, kind string }

// takes reports whether a list of kinds names a kind: itself, or for "oidc.entra"
// any provider.
func takes(kinds []string, kind string) bool {
	return slices.Contains(kinds, kind) || isOIDC(kind) && slices.Contains(kinds, MethodOIDC)
}

func isOIDC(kind string) bool { return strings.HasPrefix(kind, MethodOIDC+".") }

// Assigned returns the kind of method that the people of an address's domain are
// to use, "" where nothing is assigned.
func (t *Tenant) Assigned(email string) string {
	if len(t.Assign) == 0 {
		return ""
	}
	domain := email[strings.LastIndexByte(email, '@')+1:]
	for _, a := range t.Assign {
		if strings.EqualFold(a.domain, domain) && len(domain) < len(email) {
			return a.kind
		}
	}
	return ""
}

// AssignedDomains returns the domains whose people use a kind of method.
func (t *Tenant) AssignedDomains(kind string) (domains []string) {
	for _, a := range t.Assign {
		if a.kind == kind {
			domains = append(domains, a.domain)
		}
	}
	return domains
}

// counts reports whether a registered kind is one of the tenant's methods for who
// has the address. Whoever is assigned one has that alone; an identity provider
// is nobody's to whom it is not assigned.
func (t *Tenant) counts(kind, email string) bool {
	if !t.Offers(kind) {
		return false
	}
	if assigned := t.Assigned(email); assigned != "" {
		return kind == assigned
	}
	return !isOIDC(kind)
}

// schemaAssign is the form of `assign` for editors.
const schemaAssign = `{"type": "object", "additionalProperties": {"type": "string", "pattern": "^(passkey|totp|email|sms|oidc\\.[a-z0-9-]+)$"}}`

func readAssign(r *reader, n *yaml.Node, s *settings) {
	s.Assign = nil
	r.mapping(n, "assign", nil, func(domain string, v *yaml.Node) {
		kind := r.text(v, "the method of "+domain)
		switch {
		case kind == "":
		case domain != cleanHost(domain) || !isHost(domain) || !strings.Contains(domain, ".") || strings.HasPrefix(domain, "*"):
			r.bad(v, "%s is no domain of mail addresses: write it in lower case, such as silva.example", domain)
		case kind == MethodOIDC:
			r.bad(v, "the method of %s names no provider: write oidc.<name>, as in the Caddyfile", domain)
		case !isOIDC(kind) && !slices.Contains(methodKinds, kind), isOIDC(kind) && !isProvider(kind[len(MethodOIDC)+1:]):
			r.bad(v, "the method of %s is one of methods, such as oidc.entra, not %s", domain, describe(v))
		default:
			s.Assign = append(s.Assign, assignment{r.keep(domain), r.keep(kind)})
		}
	})
}

// isProvider reports whether a name can be that of a provider, which stands in an
// address.
func isProvider(name string) bool {
	return name != "" && len(name) <= 32 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// checkAssign finds what cannot work of a tenant's identity providers.
func (l *linker) checkAssign(s, full *settings) {
	providers := l.options.Providers
	for _, a := range full.Assign {
		switch {
		case !takes(full.Methods, a.kind):
			l.bad(s, l.written(s, "assign"), "assign: %s gets %s, which methods do not name: add it there", a.domain, a.kind)
		case isOIDC(a.kind) && providers != nil && !slices.Contains(providers, a.kind[len(MethodOIDC)+1:]):
			l.bad(s, l.written(s, "assign"), "assign: there is no provider %s: write `oidc %s { issuer … }` into the global option mfa", a.kind, a.kind[len(MethodOIDC)+1:])
		}
	}
	for _, kind := range full.Methods {
		switch {
		case providers == nil || kind != MethodOIDC && !isOIDC(kind):
		case kind == MethodOIDC && len(providers) == 0:
			l.bad(s, l.written(s, "methods"), "methods: oidc needs a provider: write `oidc <name> { issuer … }` into the global option mfa, or take oidc out")
		case isOIDC(kind) && !slices.Contains(providers, kind[len(MethodOIDC)+1:]):
			l.bad(s, l.written(s, "methods"), "methods: there is no provider %s: write `oidc %s { issuer … }` into the global option mfa", kind, kind[len(MethodOIDC)+1:])
		}
	}
	if len(full.Assign) == 0 && !slices.ContainsFunc(full.Methods, func(k string) bool { return k != MethodOIDC && !isOIDC(k) }) {
		l.bad(s, l.written(s, "methods"), "methods: nothing but oidc, and assign gives it to no domain, so nobody could register: write assign: {silva.example: oidc.<name>}")
	}
}
