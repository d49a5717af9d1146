package caddymodule

import (
	"html"
	"net/http"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// said is what the gate says of one request: in placeholders and in the access
// log's object "mfa".
type said struct {
	decision *policy.Decision
	user     string
	block    *saidOfBlock // nil: it was let pass
}

// saidOfBlock is what there is to say of a request that was stopped.
type saidOfBlock struct{ returnTo, enrollURL, reference string }

// tenant is the key of the tenant that decided, "" for none.
func (s *said) tenant() string {
	if s.decision == nil || s.decision.Tenant == nil {
		return ""
	}
	return s.decision.Tenant.Key
}

// reference is what a person may name to those who help, "" where nothing was
// stopped.
func (s *said) reference() string {
	if s.block == nil {
		return ""
	}
	return s.block.reference
}

const placeholderPrefix = "http.mfa."

// replace gives the placeholders {http.mfa.*}. What a client can choose is
// escaped, so that an error page may put it inside an HTML attribute.
func (s *said) replace(key string) (any, bool) {
	name, ok := strings.CutPrefix(key, placeholderPrefix)
	if !ok {
		return nil, false
	}
	block := s.block
	if block == nil {
		block = new(saidOfBlock)
	}
	switch name {
	case "verdict":
		return s.decision.Verdict.String(), true
	case "reason":
		return s.decision.Reason.String(), true
	case "user":
		return html.EscapeString(s.user), true
	case "tenant":
		return html.EscapeString(s.tenant()), true
	case "return_to":
		return block.returnTo, true
	case "enroll_url":
		return html.EscapeString(block.enrollURL), true
	case "reference":
		return block.reference, true
	}
	return nil, false
}

// MarshalLogObject gives the object "mfa" of an access-log entry: never a
// user, an address or a code.
func (s *said) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddString("verdict", s.decision.Verdict.String())
	e.AddString("reason", s.decision.Reason.String())
	if t := s.tenant(); t != "" {
		e.AddString("tenant", t)
	}
	if r := s.reference(); r != "" {
		e.AddString("reference", r)
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
