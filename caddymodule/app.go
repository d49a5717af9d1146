package caddymodule

import (
	"encoding/json"
	"fmt"

	"github.com/caddyserver/caddy/v2"
)

func init() {
	caddy.RegisterModule(App{})
}

// App is the Caddy app "mfa": what all gates of one configuration share. Every
// field is optional; a site may use the directive without the global option.
type App struct {
	// The policy file, absolute. Without one there is a single tenant,
	// "default", that requires a second factor for what the directives protect.
	// It is read again within 2 seconds of a change; a bad one never replaces
	// a good one.
	Policy string `json:"policy,omitempty"`

	// Where accounts live: module "bolt" (default; one process, a file) or
	// another of the namespace mfa.stores.
	StoreRaw json.RawMessage `json:"store,omitempty" caddy:"namespace=mfa.stores inline_key=module"`

	// The keys that seal secrets at rest and sign the gate's cookies, newest
	// first; older ones still open. Each is 32 bytes in base64, best given as
	// {env.NAME} or {file./path}. With the bolt store it may be absent: a key
	// is then made once, in a file of its own.
	Keys []string `json:"keys,omitempty"`

	// The name shown in authenticator apps. Default: the tenant's name.
	Issuer string `json:"issuer,omitempty"`

	// The URL that links in mails begin with, where no `hosts` of the policy
	// names the host of the request. Never taken from a request.
	BaseURL string `json:"base_url,omitempty"`

	// What sends mail: module "smtp", or another of the namespace mfa.mailers.
	MailerRaw json.RawMessage `json:"mailer,omitempty" caddy:"namespace=mfa.mailers inline_key=module"`

	// What sends text messages: module "http", or another of the namespace
	// mfa.sms. Without it no tenant can name sms.
	SMSRaw json.RawMessage `json:"sms,omitempty" caddy:"namespace=mfa.sms inline_key=module"`

	// "per_tenant" gives the counters of decisions, of the funnel, of proofs and
	// of people a label "tenant". Default: none. A policy of many tenants makes
	// as many time series.
	Metrics string `json:"metrics,omitempty"`

	// The companies' own identity providers, by the names that the policy calls
	// them: oidc.<name>.
	OIDC map[string]*OIDCProvider `json:"oidc,omitempty"`

	state *appState
}

// perTenant is the one word of Metrics.
const perTenant = "per_tenant"

// CaddyModule returns the module's id and constructor.
func (App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "mfa", New: func() caddy.Module { return new(App) }}
}

// Provision reads the policy and checks keys; it dials, writes and starts
// nothing, so `caddy validate` beside a running server is harmless.
func (a *App) Provision(ctx caddy.Context) error {
	s, err := newAppState(ctx, a)
	if err != nil {
		return fmt.Errorf("mfa: %w", err)
	}
	a.state = s
	return nil
}

// Start opens the store and begins to watch the policy file.
func (a *App) Start() error { return a.state.start() }

// Stop ends the watching; requests still draining keep the store.
func (a *App) Stop() error { return a.state.stop() }

// Cleanup gives the store back; the last configuration that uses it closes it.
func (a *App) Cleanup() error {
	if a.state == nil {
		return nil
	}
	return a.state.cleanup()
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
