package caddymodule

import (
	"html"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// saidOfBlock is what there is to say of a request that was stopped.
type saidOfBlock struct{ returnTo, enrollURL, reference string }

// say makes the outcome visible to handlers and error pages, in placeholders, and
// to the access log, in its object "mfa".
func (p *passage) say() {
	ctx := p.r.Context()
	if repl, ok := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Map(p.replace)
	}
	if srv, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok && srv.Logs == nil {
		return // no access log
	}
	if extra, ok := ctx.Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok {
		extra.Add(zap.Object("mfa", p))
	}
}

// tenantKey is the key of the tenant that decided, "" for none.
func (p *passage) tenantKey() string {
	if p.decision.Tenant == nil {
		return ""
	}
	return p.decision.Tenant.Key
}

// reference is what a person may name to those who help, "" where nothing was
// stopped.
func (p *passage) reference() string {
	if p.blocked == nil {
		return ""
	}
	return p.blocked.reference
}

// saidUser is who the outcome was for, "" where nobody needed to be known.
func (p *passage) saidUser() string {
	if p.decision.Reason == policy.ReasonOpen && !p.decision.Protected {
		return ""
	}
	return p.who.Person.User
}

const placeholderPrefix = "http.mfa."

// replace gives the placeholders {http.mfa.*}. What a client can choose is
// escaped, so that an error page may put it inside an HTML attribute.
func (p *passage) replace(key string) (any, bool) {
	name, ok := strings.CutPrefix(key, placeholderPrefix)
	if !ok {
		return nil, false
	}
	block := p.blocked
	if block == nil {
		block = new(saidOfBlock)
	}
	switch name {
	case "verdict":
		return p.decision.Verdict.String(), true
	case "reason":
		return p.decision.Reason.String(), true
	case "user":
		return html.EscapeString(p.saidUser()), true
	case "tenant":
		return html.EscapeString(p.tenantKey()), true
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
func (p *passage) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddString("verdict", p.decision.Verdict.String())
	e.AddString("reason", p.decision.Reason.String())
	if t := p.tenantKey(); t != "" {
		e.AddString("tenant", t)
	}
	if r := p.reference(); r != "" {
		e.AddString("reference", r)
	}
	return nil
}
