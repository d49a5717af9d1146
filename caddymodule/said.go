package caddymodule

import (
	"html"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// said is what the gate says of one request: in placeholders and in the access
// log's object "mfa".
type said struct {
	verdict, reason, user, tenant, returnTo, enrollURL, reference string
}

const placeholderPrefix = "http.mfa."

// replace gives the placeholders {http.mfa.*}. What a client can choose is
// escaped, so that an error page may put it inside an HTML attribute.
func (s *said) replace(key string) (any, bool) {
	name, ok := strings.CutPrefix(key, placeholderPrefix)
	if !ok {
		return nil, false
	}
	switch name {
	case "verdict":
		return s.verdict, true
	case "reason":
		return s.reason, true
	case "user":
		return html.EscapeString(s.user), true
	case "tenant":
		return html.EscapeString(s.tenant), true
	case "return_to":
		return s.returnTo, true
	case "enroll_url":
		return html.EscapeString(s.enrollURL), true
	case "reference":
		return s.reference, true
	}
	return nil, false
}

// MarshalLogObject gives the object "mfa" of an access-log entry: never a
// user, an address or a code.
func (s *said) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddString("verdict", s.verdict)
	e.AddString("reason", s.reason)
	if s.tenant != "" {
		e.AddString("tenant", s.tenant)
	}
	if s.reference != "" {
		e.AddString("reference", s.reference)
	}
	return nil
}

// announce makes s visible to handlers, error pages and the access log.
func (s *said) announce(r *http.Request) {
	ctx := r.Context()
	if repl, ok := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Map(s.replace)
	}
	if srv, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok && srv.Logs == nil {
		return // no access log
	}
	if extra, ok := ctx.Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok {
		extra.Add(zap.Object("mfa", s))
	}
}
