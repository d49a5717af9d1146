package caddymodule

import (
	"maps"
	"net/http"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/identity"
)

// passPreflight lets a CORS preflight reach the app without anything that
// tells who it is, and lets only what a preflight is for come back: some apps
// run the whole page on OPTIONS (Fetch standard, section 4.8).
func (p *passage) passPreflight() error {
	asked := make(http.Header, 3)
	for k, v := range p.r.Header {
		if strings.HasPrefix(k, "Access-Control-Request-") {
			asked[k] = v
		}
	}
	inQuery := identity.StripCredentials(p.r, p.gate.chain.Credentials)
	if inQuery {
		// One in the query goes with all of it: what is answered across origins
		// hangs on the path. One in the path, as it was sent or rewritten, leaves
		// nothing to ask the app for.
		u := *p.r.URL
		u.RawQuery, u.ForceQuery = "", false
		p.r.URL = &u
		p.r.RequestURI, _, _ = strings.Cut(p.r.RequestURI, "?")
		if identity.StripCredentials(p.r, p.gate.chain.Credentials) {
			p.writer().WriteHeader(http.StatusNoContent)
			return nil
		}
	}
	maps.Copy(p.r.Header, asked)
	rec := &innerWriter{header: make(http.Header)}
	if err := serveInner(p.next, rec, asStranger(p.r, inQuery)); err != nil {
		return err
	}
	res := rec.response(p.r)
	h := p.writer().Header()
	for k, v := range res.Header {
		if strings.HasPrefix(k, "Access-Control-") || k == "Vary" || k == "Allow" {
			h[k] = v
		}
	}
	status := res.StatusCode
	if status == http.StatusOK || status < 200 {
		status = http.StatusNoContent
	}
	p.writer().WriteHeader(status)
	return nil
}
