package caddymodule

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func init() {
	caddy.RegisterModule(Whoami{})
}

// Whoami asks the app itself who a visitor is, through the handlers that come
// after the gate.
type Whoami struct {
	// The path, and perhaps query, of the app that says who is signed in.
	Path string `json:"path,omitempty"`

	// GET (default) or POST, without a body.
	Method string `json:"method,omitempty"`

	// Header fields to add to the call. Values may hold {mfa.before.<name>},
	// {env.NAME} and {file./path}.
	Headers map[string][]string `json:"headers,omitempty"`

	// A call made first, whose value the call proper can send.
	Before *Before `json:"before,omitempty"`

	// Where the facts stand in the answer. User is required.
	User    *Extract `json:"user,omitempty"`
	Email   *Extract `json:"email,omitempty"`
	Name    *Extract `json:"name,omitempty"`
	Tenant  *Extract `json:"tenant,omitempty"`
	Roles   *Extract `json:"roles,omitempty"`
	Session *Extract `json:"session,omitempty"`
	Methods *Extract `json:"methods,omitempty"`
	ACR     *Extract `json:"acr,omitempty"`
	Time    *Extract `json:"time,omitempty"`

	// The cookies that key the cache: only such as the app replaces at every
	// sign-in. Default: all the visitor sends.
	Cookies []string `json:"cookies,omitempty"`

	// How long an answer is kept. Default 30s; 0s asks for every request.
	Cache *caddy.Duration `json:"cache,omitempty"`

	// User values that mean nobody is signed in, besides null, false, 0 and
	// empty.
	Nobody []string `json:"nobody,omitempty"`

	// Paths, perhaps with the query that makes the difference, that sign in,
	// sign out and change a password: a request to one drops what is
	// remembered of the visitor.
	Login    []string `json:"login,omitempty"`
	Logout   []string `json:"logout,omitempty"`
	Password []string `json:"password,omitempty"`

	source identity.Source
}

// Before is a call made before whoami's own, and the value to take from it.
type Before struct {
	// The path to GET.
	Path string `json:"path,omitempty"`
	// The value's name in {mfa.before.<name>}.
	Name string `json:"name,omitempty"`
	Extract
}

// CaddyModule returns the module's id and constructor.
func (Whoami) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "mfa.identities.whoami", New: func() caddy.Module { return new(Whoami) }}
}

// Provision expands what is secret and makes the source; it asks nobody.
func (w *Whoami) Provision(caddy.Context) (err error) {
	cfg := identity.WhoAmI{
		Path: w.Path, Method: w.Method, Cookies: w.Cookies, Cache: (*time.Duration)(w.Cache), Nobody: w.Nobody,
		Login: w.Login, Logout: w.Logout, Password: w.Password,
		Facts: identity.Expressions{
			User: w.User.expression(), Email: w.Email.expression(), Name: w.Name.expression(),
			Tenant: w.Tenant.expression(), Roles: w.Roles.expression(), Session: w.Session.expression(),
			Methods: w.Methods.expression(), ACR: w.ACR.expression(), Time: w.Time.expression(),
		},
	}
	if w.Before != nil {
		cfg.Before = &identity.Before{Path: w.Before.Path, Name: w.Before.Name, Expr: w.Before.expression()}
	}
	for _, field := range slices.Sorted(maps.Keys(w.Headers)) {
		for _, value := range w.Headers[field] {
			if value, err = expandWithin(value); err != nil {
				return fmt.Errorf("header_up %s: %w", field, err)
			}
			cfg.HeaderUp = append(cfg.HeaderUp, identity.Header{Field: field, Value: value})
		}
	}
	w.source, err = identity.NewWhoAmI(cfg)
	return err
}

// expandWithin expands the secrets inside value and leaves what whoami itself
// will fill in.
func expandWithin(value string) (string, error) {
	var failed error
	value = placeholder.ReplaceAllStringFunc(value, func(found string) string {
		if filledLater(found) {
			return found
		}
		plain, err := expandSecret(found)
		if err != nil {
			failed = err
		}
		return plain
	})
	return value, failed
}

// beforeName is the name in a value's {mfa.before.<name>}.
func beforeName(value string) (string, bool) {
	_, rest, found := strings.Cut(value, "{mfa.before.")
	name, _, closed := strings.Cut(rest, "}")
	return name, found && closed
}

// filledLater reports whether whoami itself fills the placeholder, for each
// call: its own, and what Caddy knows of the visitor. {file.name} has become a
// part of the path by now, and was meant to be a secret.
func filledLater(found string) bool {
	_, own := beforeName(found)
	return own || strings.HasPrefix(found, "{http.") && !strings.HasPrefix(found, "{http.request.uri.path.file")
}

// IdentitySource is the source that Provision made.
func (w *Whoami) IdentitySource() identity.Source { return w.source }

// Interface guards
var (
	_ caddyfile.Unmarshaler = (*Whoami)(nil)
	_ caddy.Provisioner     = (*Whoami)(nil)
	_ IdentitySource        = (*Whoami)(nil)
)
