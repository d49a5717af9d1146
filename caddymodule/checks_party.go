package caddymodule

import (
	"fmt"
	"slices"

	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// openParties warns where passkeys would be for whatever host a request names: no
// site name, host, rp_id or base_url says which hosts are this one's. The attack
// is a name of somebody else's that leads here.
func openParties(app *caddyhttp.App, p *policy.Policy, baseURL string) []string {
	if p == nil || baseURL != "" || p.NamesHosts() {
		return nil
	}
	i := slices.IndexFunc(p.Tenants(), func(t *policy.Tenant) bool { return t.RPID == "" && t.Offers(policy.MethodPasskey) })
	if i < 0 {
		return nil
	}
	for _, srv := range app.Servers {
		if slices.ContainsFunc(inspectServer(srv, protection{}).gates, func(hosts []string) bool { return hosts == nil }) {
			return []string{fmt.Sprintf("passkeys of tenant %s are for whatever host a request names, since nothing says which are this site's: write the site's name as its address, 'base_url', or the tenant's hosts or rp_id", p.Tenants()[i].Key)}
		}
	}
	return nil
}

// unservedParties warns of relying parties at whose own host no gate stands, while
// hosts that do not lie under them use their passkeys: nobody would tell browsers
// that they may.
func unservedParties(app *caddyhttp.App, p *policy.Policy) (warnings []string) {
	if p == nil {
		return nil
	}
	for _, id := range p.RelyingParties() {
		stands := func(hosts []string) bool {
			return hosts == nil || slices.ContainsFunc(hosts, func(h string) bool { return covers(h, id) })
		}
		served := false
		for _, srv := range app.Servers {
			served = served || slices.ContainsFunc(inspectServer(srv, protection{}).gates, stands)
		}
		if !served {
			warnings = append(warnings, fmt.Sprintf("no gate stands at %s, the rp_id of passkeys at %s: browsers use them there only where https://%s%s names the host; put 'mfa' into that site too", id, p.RelatedTo(id)[0], id, relatedOrigins))
		}
	}
	return warnings
}
