package identity

import (
	"crypto/tls"
	"net/http"
	"strings"
)

// keptHeaders are what a request of a stranger is left with. It is a list of
// what may stay, not of what must go: an app can have a credential header of
// any name, and it cannot serve a person whom it never sees.
var keptHeaders = headerSet(
	"accept", "accept-charset", "accept-language", "accept-encoding", "user-agent", "referer", "origin", "dnt", "priority",
	"x-requested-with", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "forwarded", "x-real-ip",
	"x-request-id", "x-correlation-id", "traceparent", "tracestate", "upgrade-insecure-requests", "save-data", "sec-gpc",
	"sec-fetch-site", "sec-fetch-mode", "sec-fetch-user", "sec-fetch-dest",
)

// StripCredentials makes of r, a clone of a visitor's request, the request of
// a stranger: no cookie, Authorization or other credential header, no
// conditional or Range header, body, Upgrade or client certificate. It reports
// whether a credential remains, in the URL, where it cannot be taken out
// without asking for something else; such a request must be refused.
func StripCredentials(r *http.Request, c *Credentials) (remains bool) {
	c = c.orDefault()
	for name := range r.Header {
		kept := keptHeaders[name] || strings.HasPrefix(name, "Sec-Ch-")
		if !kept || c.isHeader(name) {
			delete(r.Header, name)
		}
	}
	r.Body, r.GetBody, r.ContentLength = http.NoBody, nil, 0
	r.TransferEncoding, r.Trailer = nil, nil
	r.Form, r.PostForm, r.MultipartForm = nil, nil, nil
	if r.TLS != nil {
		bare := new(tls.ConnectionState)
		*bare = *r.TLS
		bare.PeerCertificates, bare.VerifiedChains = nil, nil
		r.TLS = bare
	}
	if r.URL.User != nil {
		u := *r.URL
		u.User = nil
		r.URL = &u
	}
	return c.inTarget(r) != ""
}
