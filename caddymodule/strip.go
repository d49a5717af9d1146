package caddymodule

import (
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// stripHeaders removes what must never reach the app from a client: the
// gate's own Mfa-* fields in every spelling that some server reads as the same
// (Mfa_User, Mfa.User), fields by which some apps take another path or method
// than the request line's, Proxy (CGI's HTTP_PROXY), and what is named in Connection.
// It tells what stays.
func stripHeaders(h http.Header, heeds *fieldSet) (saw sawFields) {
	connection := false
	for k, fields := range h {
		if !heeds.mayMatter(k) {
			continue // nearly all that a browser sends
		}
		switch {
		case k == "Cookie":
			saw.cookies = fields
			continue // who depends on it, depends on what tells visitors apart
		case k == "Authorization" && len(fields) == 1:
			saw.authorized = true
			continue
		case k == "Connection":
			connection = true
		case k == "Upgrade":
			saw.upgrade = true
		case (k == forwardedProto || k == forwardedHost) && len(fields) == 1:
			saw.fronted = true
			continue
		case k == makesGet && len(fields) == 1 && fields[0] == http.MethodGet:
			continue // the policy is told of it
		case forbiddenField(k):
			delete(h, k)
			continue
		}
		saw.proxied = saw.proxied || slices.Contains(proxiesSay, k)
		saw.heeded = saw.heeded || heeds.has(k)
	}
	if connection && stripConnection(h, h["Connection"]) {
		return stripHeaders(h, heeds) // what it saw may be gone
	}
	return saw
}

// makesGet is the one field by which a method other than the request line's reaches the
// app: Payload's pages ask by a POST what is too long for an address, and the app would
// take that for a new record without it. It makes nothing but a GET of a POST.
const makesGet = "X-Payload-Http-Method-Override"

// The fields by which a server in front tells how it was asked.
const (
	forwardedProto = "X-Forwarded-Proto"
	forwardedHost  = "X-Forwarded-Host"
)

// sawFields is what fields a request has: Cookie itself, and whether some of a kind.
type sawFields struct {
	cookies    []string
	authorized bool // Authorization, of one value: part of who the visitor is
	heeded     bool // another one may tell who the visitor is
	proxied    bool // one is a word that only a proxy may say
	fronted    bool // X-Forwarded-Proto or -Host, of one value: likewise
	upgrade    bool // Upgrade
}

// forbiddenField reports whether a client may not send the field on a gated
// site. Dots, underscores and case do not matter.
func forbiddenField(k string) bool {
	if isOverride(k) {
		return true
	}
	var buf [32]byte
	if len(k) > len(buf) {
		return isMfaField(k)
	}
	n := buf[:0]
	for i := 0; i < len(k); i++ {
		c := k[i]
		switch {
		case c == '_' || c == '.':
			c = '-'
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		}
		n = append(n, c)
	}
	if forbidden[string(n)] {
		return true
	}
	if slices.ContainsFunc(proxiesSay, func(p string) bool { return strings.EqualFold(p, string(n)) }) {
		return !slices.Contains(proxiesSay, k) // one spelled plainly stripForwarded looks at
	}
	return isMfaField(k)
}

// forbidden are the fields that no client may send, in lower case.
var forbidden = map[string]bool{
	"mfa": true, "proxy": true, "http2-settings": true,
	"x-original-url": true, "x-original-uri": true, "x-rewrite-url": true, "x-rewrite-uri": true, "x-http-method": true, "x-method": true,
	"x-script-name": true, "script-name": true, "x-forwarded-script-name": true, "x-traversal-path": true, // gunicorn, WSGI and PSGI take it off the path
	"x-vhm-root": true, "x-vhm-host": true, // Pyramid puts it before the path
	"x-sendfile-type": true, "x-accel-mapping": true, // Rack has a proxy fetch what they map (CVE-2025-61780)
}

// proxiesSay are fields by which apps take another host or path than the request's:
// a tenant's host that the gate did not judge by, /documents for /open/documents, or,
// where an address is put together of them (CVE-2025-64525), for /open, by a port that
// goes on "80/documents?". X-Forwarded-Host and its like Caddy itself sees to.
var proxiesSay = []string{"Forwarded", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Server", "X-Original-Host", "X-Host", "X-Http-Host-Override"}

// stripForwarded removes those where no proxy that Caddy trusts sent them.
func stripForwarded(r *http.Request) {
	if trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool); trusted {
		return
	}
	for _, name := range proxiesSay {
		delete(r.Header, name)
	}
}

// isOverride reports whether a field's name ends in "method-override", as all do
// by which a framework takes another method than the request line's.
func isOverride(k string) bool {
	const end = "method-override"
	if len(k) < len(end) {
		return false
	}
	k = k[len(k)-len(end):]
	for i := range len(end) {
		switch c := k[i]; {
		case c|0x20 == end[i], end[i] == '-' && (c == '-' || c == '_' || c == '.'):
		default:
			return false
		}
	}
	return true
}

func isMfaField(k string) bool {
	return len(k) > 3 && strings.EqualFold(k[:3], "mfa") && (k[3] == '-' || k[3] == '_' || k[3] == '.')
}

// ofConnection are the words in Connection that name no field to be taken away, in
// lower case: those of HTTP itself.
var ofConnection = map[string]bool{
	"": true, "close": true, "keep-alive": true, "upgrade": true, "te": true, "trailer": true, "trailers": true, "transfer-encoding": true, "proxy-connection": true,
}

// stripConnection takes away every field that is named in the hop-by-hop list
// (RFC 9110, section 7.6.1), and its name, and reports whether there was one. Done by
// a proxy behind the gate alone, it would take away what the gate sets, and what the
// visitor was known by: the app would serve whomever another credential names.
func stripConnection(h http.Header, fields []string) (took bool) {
	changed := false
	out := fields[:0:0]
	for _, f := range fields {
		var kept []string
		for t := range strings.SplitSeq(f, ",") {
			name := strings.TrimSpace(t)
			if ofConnection[strings.ToLower(name)] {
				kept = append(kept, t)
				continue
			}
			changed = true
			if h.Values(name) != nil {
				h.Del(name)
				took = true
			}
		}
		if s := strings.TrimSpace(strings.Join(kept, ",")); s != "" {
			out = append(out, s)
		}
	}
	switch {
	case !changed:
	case len(out) == 0:
		delete(h, "Connection")
	default:
		h["Connection"] = out
	}
	return took
}

// stripUpgrade removes an Upgrade that is not a whole WebSocket handshake
// (RFC 6455, section 4.2.1). A granted h2c, or any other protocol, would be a
// tunnel past the gate, on an open path as well.
func stripUpgrade(r *http.Request) {
	if _, ok := r.Header["Upgrade"]; !ok || isWebSocket(r) {
		return
	}
	delete(r.Header, "Upgrade")
	var kept []string
	for _, f := range r.Header["Connection"] {
		for t := range strings.SplitSeq(f, ",") {
			if t = strings.TrimSpace(t); t != "" && !strings.EqualFold(t, "upgrade") {
				kept = append(kept, t)
			}
		}
	}
	if len(kept) == 0 {
		delete(r.Header, "Connection")
		return
	}
	r.Header["Connection"] = []string{strings.Join(kept, ", ")}
}

// isWebSocket reports whether r is a whole opening handshake over HTTP/1.1: a
// GET without a body, exactly "websocket", a key of 16 bytes in base64 and
// version 13. The handshake of HTTP/2 (RFC 8441) is a CONNECT, which the gate
// refuses.
func isWebSocket(r *http.Request) bool {
	u := r.Header["Upgrade"]
	return r.Method == http.MethodGet && r.ProtoMajor == 1 && r.ProtoMinor == 1 &&
		len(u) == 1 && strings.EqualFold(u[0], "websocket") &&
		hasToken(r.Header["Connection"], "upgrade") &&
		len(r.Header["Sec-Websocket-Key"]) == 1 && len(r.Header["Sec-Websocket-Key"][0]) == 24 &&
		len(r.Header["Sec-Websocket-Version"]) == 1 && r.Header["Sec-Websocket-Version"][0] == "13" &&
		r.ContentLength <= 0 && len(r.TransferEncoding) == 0
}

func hasToken(fields []string, token string) bool {
	for _, f := range fields {
		for t := range strings.SplitSeq(f, ",") {
			if strings.EqualFold(strings.TrimSpace(t), token) {
				return true
			}
		}
	}
	return false
}
