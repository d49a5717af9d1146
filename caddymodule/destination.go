package caddymodule

import (
	"net/http"
	"net/url"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

// hasDestination reports whether a request names a second target in its header:
// the copies and moves of WebDAV (RFC 4918, section 10.3) and whatever else an
// app may take for one.
func hasDestination(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return false
	}
	return len(r.Header["Destination"]) > 0
}

// decideDestination judges where a request that may pass would copy or move to.
// Without it, what is open would be a door to what is not: MOVE /open/x with
// "Destination: /documents/x" writes there.
func (p *passage) decideDestination(pol *policy.Policy, f policy.Facts) {
	if !passes(p.decision) || p.decision.Preflight {
		return
	}
	to := p.r.Header["Destination"]
	u, err := url.Parse(to[0])
	if err != nil || len(to) != 1 || u.Opaque != "" {
		p.decision = &policy.Decision{Verdict: policy.Deny, Reason: policy.ReasonBadTarget, Tenant: p.decision.Tenant, Protected: true}
		return
	}
	f.Sent, f.Rewritten = policy.Target{Path: u.EscapedPath(), RawQuery: u.RawQuery}, policy.Target{}
	d := pol.Decide(&f)
	if d.Ask == policy.AskIdentity {
		p.identify()
		p.tell(&f)
		d = pol.Decide(&f)
	}
	d = p.settle(pol, &f, d, p.noteDue)
	switch {
	case d.Ask != policy.AskNothing:
		p.decision = &policy.Decision{Verdict: policy.Deny, Reason: policy.ReasonStoreDown, Protected: true}
	case d.Reason != policy.ReasonOpen && (d.Verdict != policy.Allow || p.decision.Verdict == policy.Allow):
		p.decision = &d
	}
}
