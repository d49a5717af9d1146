package caddymodule

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
)

// checkLent refuses request headers that are set after a gate, carry a
// credential, and are made of what the client writes elsewhere. The gate does
// not take `?key=` for a credential, and whoami never sees it: mallory passes by
// his own proof, and the app serves whoever the key belongs to.
func (w *inspector) checkLent(raw json.RawMessage, in flow) {
	var ops headers.HeaderOps
	if in.gate == nil || json.Unmarshal(raw, &ops) != nil || w.opens(in) {
		return
	}
	c, err := identity.NewCredentials(in.gate.Credentials)
	if err != nil {
		return // refused where it stands
	}
	for _, fields := range []http.Header{ops.Set, ops.Add} {
		for field, values := range fields {
			if !strings.EqualFold(field, "Cookie") && !c.Named(field) {
				continue
			}
			for _, v := range values {
				if from, name := unnamed(in.source(v), c); from != "" {
					w.refuse(in.gate, "is followed by '%s %s', a credential that any client can send as %s beside an identity and a proof of its own: name it, 'credentials %s'", field, v, from, name)
				}
			}
		}
	}
}

// unnamed is the first part of value that a client chooses, and that the gate
// neither takes for a credential nor shows to whoever identifies the visitor.
func unnamed(value string, c *identity.Credentials) (placeholder, name string) {
	for _, m := range placeholders(value) {
		field, isHeader := strings.CutPrefix(m, "http.request.header.")
		key, isQuery := strings.CutPrefix(m, "http.request.uri.query.")
		switch {
		case isHeader && (strings.EqualFold(field, "Cookie") || c.Named(field)), isQuery && c.Named(key):
		case isHeader:
			return "{" + m + "}", field
		case isQuery:
			return "{" + m + "}", key
		case strings.HasPrefix(m, "http.request.uri"), strings.HasPrefix(m, "http.request.orig_uri"), strings.HasPrefix(m, "http.request.body"), strings.HasPrefix(m, "http.regexp."):
			return "{" + m + "}", "<name>"
		}
	}
	return "", ""
}

// placeholders are the names of those in value.
func placeholders(value string) (names []string) {
	for _, m := range placeholder.FindAllStringSubmatch(value, -1) {
		names = append(names, m[1])
	}
	return names
}

// opens reports whether every request that gets here is for an open path, as
// far as the directive alone says what is protected.
func (w *inspector) opens(in flow) bool {
	if w.rules.policy != nil || in.rewrote || len(in.within) == 0 {
		return false
	}
	return !slices.ContainsFunc(in.within[len(in.within)-1], func(p string) bool {
		return slices.ContainsFunc(in.gate.Protect, func(prefix string) bool {
			return under(asPrefix(p), prefix) || under(prefix, asPrefix(p))
		})
	})
}
