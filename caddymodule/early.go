package caddymodule

import (
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// tooEarly reports whether a request that may change something came as TLS early
// data (RFC 8446, section 8; on by default over HTTP/3). Whoever recorded it can
// send it once more, and the proof in it with it: until the handshake is over
// nobody has shown that he is there. The answer is 425 (RFC 8470, section 5.2),
// after which a client sends it again by itself. A proxy in front that took it
// so says Early-Data.
func tooEarly(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return r.TLS != nil && !r.TLS.HandshakeComplete || len(r.Header["Early-Data"]) > 0
}

// waitForHandshake refuses what is too early.
func waitForHandshake(w http.ResponseWriter) error {
	w.Header().Set("Cache-Control", "no-store")
	return caddyhttp.Error(http.StatusTooEarly, nil)
}
