package caddymodule

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

// relyingParty is whom a tenant's passkeys are for at the request's host; "":
// there can be none here. Where the policy's hosts or base_url name hosts, no
// other is taken from a request: the attack is a site of another name that leads
// here, at which somebody would make a passkey that works there.
func (p *passage) relyingParty(t *policy.Tenant) string {
	host := strings.ToLower(hostOnly(p.r.Host))
	base := hostOfURL(p.app.baseURL)
	if !p.app.knowsHost(host) && host != base && (base != "" || p.app.policy().NamesHosts()) {
		return ""
	}
	return t.PasskeysFor(host)
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
	t := p.app.policy().HostTenant(p.r.Host)
	if t == nil {
		t = p.app.policy().Offering(policy.MethodPasskey)
	}
	if t == nil || !t.Offers(policy.MethodPasskey) || p.relyingParty(t) == "" {
		return false
	}
	pages := p.origin() + p.gate.mount
	body, err := json.Marshal(map[string]string{"enroll": pages + "/enroll?way=passkey", "manage": pages + "/"})
	if err != nil {
		return false
	}
	p.w.Header().Set("Content-Type", "application/json")
	p.w.Header().Set("Cache-Control", "no-cache")
	p.w.WriteHeader(http.StatusOK)
	if p.r.Method == http.MethodGet {
		_, _ = p.w.Write(append(body, '\n'))
	}
	return true
}
