package caddymodule

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// asStranger gives a request whose credentials were taken out a context that
// does not know them either. Handlers behind the gate read the visitor's
// request there: FastCGI sends REMOTE_USER and the target as it first came
// (REQUEST_URI), and a header_up or env may hold any placeholder of it. Where
// a credential stood in the query, noQuery takes that from all of them.
func asStranger(r *http.Request, noQuery bool) *http.Request {
	ctx := r.Context()
	if orig, ok := ctx.Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok && noQuery {
		u := *orig.URL
		u.RawQuery, u.ForceQuery = "", false
		orig.URL, orig.RequestURI = &u, u.RequestURI()
		ctx = context.WithValue(ctx, caddyhttp.OriginalRequestCtxKey, orig)
	}
	old, ok := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return r.WithContext(ctx)
	}
	repl := caddy.NewReplacer()
	repl.Map(func(key string) (any, bool) {
		if value, tells := strangersWord(r, key, noQuery); tells {
			return value, true
		}
		return old.Get(key)
	})
	return r.WithContext(context.WithValue(ctx, caddy.ReplacerCtxKey, repl))
}

// strangersWord is the value, for r, of a placeholder that may hold a
// credential of the visitor's.
func strangersWord(r *http.Request, key string, noQuery bool) (value string, tells bool) {
	key, ok := strings.CutPrefix(key, "http.")
	if !ok {
		return "", false
	}
	if strings.HasPrefix(key, "auth.") {
		return "", true
	}
	if key, ok = strings.CutPrefix(key, "request."); !ok {
		return "", false
	}
	for _, prefix := range [...]string{"cookie.", "tls.client.", "body"} {
		if strings.HasPrefix(key, prefix) {
			return "", true
		}
	}
	if name, ok := strings.CutPrefix(key, "header."); ok {
		return strings.Join(r.Header.Values(name), ","), true
	}
	if !noQuery {
		return "", false
	}
	switch key {
	case "uri", "orig_uri":
		return r.URL.RequestURI(), true
	case "uri_escaped":
		return url.QueryEscape(r.URL.RequestURI()), true
	}
	return "", strings.Contains(key, "uri.query") || strings.Contains(key, "uri.prefixed_query")
}
