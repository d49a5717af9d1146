package caddymodule

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

// relyingParty is whom a tenant's passkeys are for at the request's host; "":
// there can be none here. related: browsers have them here only since the document
// at the relying party names this host. Where the policy's hosts or base_url name hosts, no
// other is taken from a request: the attack is a site of another name that leads
// here, at which somebody would make a passkey that works there.
func (p *passage) relyingParty(t *policy.Tenant) (id string, related bool) {
	host := strings.ToLower(hostOnly(p.r.Host))
	base := p.gate.app.baseHost
	if !p.gate.app.knowsHost(host) && host != base && (base != "" || p.gate.app.policy().NamesHosts()) {
		return "", false
	}
	return p.gate.app.policy().PasskeysFor(t, host)
}

// relatedOrigins is where browsers ask whether a host that does not lie under a
// relying party may have its passkeys (WebAuthn Level 3, 5.11).
const relatedOrigins = "/.well-known/webauthn"

// serveRelatedOrigins answers at a relying party for the hosts that the policy has
// beside it, and for no other: whoever is named here may ask people for these
// passkeys. Everybody may read it, since browsers ask without cookies.
func (p *passage) serveRelatedOrigins() bool {
	if p.sent.Path != relatedOrigins || p.r.Method != http.MethodGet && p.r.Method != http.MethodHead {
		return false
	}
	hosts := p.gate.app.policy().RelatedTo(p.r.Host)
	if len(hosts) == 0 {
		return false
	}
	origins := make([]string, len(hosts))
	for i, h := range hosts {
		origins[i] = "https://" + h
	}
	return p.wellKnown(map[string][]string{"origins": origins})
}

// wellKnown answers with a document of a well-known address.
func (p *passage) wellKnown(document any) bool {
	body, err := json.Marshal(document)
	if err != nil {
		return false
	}
	p.writer().Header().Set("Content-Type", "application/json")
	p.writer().Header().Set("Cache-Control", "no-cache")
	p.writer().WriteHeader(http.StatusOK)
	if p.r.Method == http.MethodGet {
		_, _ = p.writer().Write(append(body, '\n'))
	}
	return true
}

// passkeyEndpoints is where password managers look for the pages on which
// passkeys are made and managed (W3C, A Well-Known URL for Relying Party Passkey
// Endpoints).
const passkeyEndpoints = "/.well-known/passkey-endpoints" // #nosec G101 -- an address

// servePasskeyEndpoints answers for this host, where passkeys can be used at it.
func (p *passage) servePasskeyEndpoints() bool {
	if p.sent.Path != passkeyEndpoints || p.r.Method != http.MethodGet && p.r.Method != http.MethodHead {
		return false
	}
	t := p.gate.app.policy().HostTenant(p.r.Host)
	if t == nil {
		t = p.gate.app.policy().Offering(policy.MethodPasskey)
	}
	if t == nil || !t.Offers(policy.MethodPasskey) {
		return false
	}
	if id, _ := p.relyingParty(t); id == "" {
		return false
	}
	pages := p.origin() + p.gate.mount
	return p.wellKnown(map[string]string{"enroll": pages + "/enroll?way=passkey", "manage": pages + "/"})
}
