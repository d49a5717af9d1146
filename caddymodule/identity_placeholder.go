package caddymodule

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/identity"
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

	source identity.Source
}

// CaddyModule returns the module's id and constructor.
func (Placeholder) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "mfa.identities.placeholder", New: func() caddy.Module { return new(Placeholder) }}
}

// Provision refuses what a client chooses, and makes the source.
func (p *Placeholder) Provision(caddy.Context) (err error) {
	for name, value := range p.fields() {
		if *value == "" {
			continue
		}
		if err := trustedPlaceholders(*value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	p.source, err = identity.NewPlaceholder(identity.Placeholder{Facts: identity.PlaceholderFacts(p.Claims), Carries: p.headers()})
	return err
}

// headers are the header fields that stand behind the placeholders: those they
// read, and what basic_auth reads for {http.auth.user.…}.
func (p *Placeholder) headers() []string {
	var names []string
	for _, value := range p.fields() {
		names = append(names, headersIn(*value)...)
		if strings.Contains(*value, "{http.auth.user.") {
			names = append(names, "Authorization")
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// headersIn are the header fields that placeholders in value read.
func headersIn(value string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(value, -1) {
		if name, ok := strings.CutPrefix(m[1], "http.request.header."); ok {
			names = append(names, http.CanonicalHeaderKey(name))
		}
	}
	return names
}

// IdentitySource is the source that Provision made.
func (p *Placeholder) IdentitySource() identity.Source { return p.source }

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

// Interface guards
var (
	_ caddyfile.Unmarshaler = (*Placeholder)(nil)
	_ caddy.Provisioner     = (*Placeholder)(nil)
	_ IdentitySource        = (*Placeholder)(nil)
)
