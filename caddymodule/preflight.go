package caddymodule

import (
	"net/http"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/identity"
)

// passPreflight lets a CORS preflight reach the app without anything that
// tells who it is, and lets only what a preflight is for come back: some apps
// run the whole page on OPTIONS (Fetch standard, section 4.8).
func (p *passage) passPreflight() error {
	identity.StripCredentials(p.r, p.gate.chain.Credentials)
	p.r.Body = http.NoBody
	p.r.ContentLength = 0
	p.r.TransferEncoding = nil
	rec := &innerWriter{header: make(http.Header)}
	if err := serveInner(p.next, rec, p.r); err != nil {
		return err
	}
	res := rec.response(p.r)
	h := p.w.Header()
	for k, v := range res.Header {
		if strings.HasPrefix(k, "Access-Control-") || k == "Vary" || k == "Allow" {
			h[k] = v
		}
	}
	status := res.StatusCode
	if status == http.StatusOK || status < 200 {
		status = http.StatusNoContent
	}
	p.w.WriteHeader(status)
	return nil
}
