package caddymodule

import (
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func init() {
	caddy.RegisterModule(Placeholder{})
}

// Placeholder takes the person from what Caddy already knows, such as
// {http.auth.user.id} after basic_auth. A placeholder of a header field counts
// only where forward_auth or request_header before the gate always sets or
// deletes that field, one of a client certificate only where its chain is
// verified; one that a client chooses never.
type Placeholder struct {
	Claims
}

// CaddyModule returns the module's id and constructor.
func (Placeholder) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "mfa.identities.placeholder", New: func() caddy.Module { return new(Placeholder) }}
}

// UnmarshalCaddyfile reads the source from its name on. Syntax:
//
//	placeholder <user> {
//	    <fact> <placeholder>
//	}
func (p *Placeholder) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	args := d.RemainingArgs()
	if len(args) != 1 {
		return d.Err("'identity placeholder' takes one placeholder that holds the user: write for example 'identity placeholder {http.auth.user.id}'")
	}
	p.User = args[0]
	if err := checkFactPlaceholder(d, p.User); err != nil {
		return err
	}
	table := words{}
	p.addFacts(table, checkFactPlaceholder, "user")
	return parseBlock(d, "identity placeholder", table, nil)
}

// checkFactPlaceholder refuses what a client chooses, with the place.
func checkFactPlaceholder(d *caddyfile.Dispenser, value string) error {
	if err := trustedPlaceholders(value); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// trustedPlaceholders refuses a value with a placeholder that may hold what
// the client wrote. Header fields and certificates are let through here: the
// routes before the gate decide about them.
func trustedPlaceholders(value string) error {
	found := placeholder.FindAllStringSubmatch(value, -1)
	if len(found) == 0 {
		return fmt.Errorf("'%s' is no placeholder, and would make everybody one person: write for example {http.auth.user.id}", value)
	}
	for _, m := range found {
		name := m[1]
		switch {
		case strings.HasPrefix(name, "http.auth.user."),
			strings.HasPrefix(name, "http.request.header."),
			strings.HasPrefix(name, "http.request.tls.client."),
			strings.HasPrefix(name, "http.vars.") && name != "http.vars.client_ip":
		default:
			return fmt.Errorf("{%s} is nothing an identity may rest on, since a client can choose it or it names nobody: write {http.auth.user.id}, a header field that forward_auth or request_header sets before the gate, or {http.request.tls.client.subject} where certificates are verified", name)
		}
	}
	return nil
}

// Interface guard
var _ caddyfile.Unmarshaler = (*Placeholder)(nil)
