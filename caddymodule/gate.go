package caddymodule

import (
	"encoding/json"

	"github.com/caddyserver/caddy/v2"
)

func init() {
	caddy.RegisterModule(Gate{})
}

// Gate is the handler http.handlers.mfa: it lets a request under a protected
// prefix pass only if whoever the app will serve is the person who proved a
// second factor.
//
// It sets the placeholders {http.mfa.verdict}, {http.mfa.reason},
// {http.mfa.user}, {http.mfa.tenant}, {http.mfa.return_to},
// {http.mfa.enroll_url} and {http.mfa.reference}, each safe inside an HTML
// attribute.
type Gate struct {
	// Path prefixes that are protected for every tenant, besides the policy's.
	// They match by whole segments, ignore case, and are read as strictly as
	// the policy's.
	Protect []string `json:"protect,omitempty"`

	// Who is asking: modules of the namespace mfa.identities. Every one whose
	// credential the request carries is asked. Default: the placeholder
	// {http.auth.user.id}.
	IdentitiesRaw []json.RawMessage `json:"identities,omitempty" caddy:"namespace=mfa.identities inline_key=source"`

	// What a protected request of nobody known gets.
	Anonymous Anonymous `json:"anonymous,omitzero"`

	// How the tenant is found: "host" (the policy's hosts alone), "identity"
	// (the identity's tenant alone), a placeholder that no client can set, or
	// empty: both, and where both speak they must be the same or one above the
	// other.
	Tenant string `json:"tenant,omitempty"`

	// The directory of people in which a user name is unique; nothing about a
	// person crosses realms. "{tenant}" makes each tenant one. Default "default".
	Realm string `json:"realm,omitempty"`

	// Names that carry a credential in this app, wherever they stand: header,
	// query or form. Default: the common ones.
	Credentials []string `json:"credentials,omitempty"`

	// Where the gate's own pages live, as the browser sees it. Default "/.mfa".
	Mount string `json:"mount,omitempty"`

	// "page" (default) shows the gate's own block page, "error" hands the
	// verdict's status to handle_errors.
	Block string `json:"block,omitempty"`

	// The flag, the cookie that says this browser proved.
	Flag Flag `json:"flag,omitzero"`

	// True for the second route of a directive with a matcher: it serves the
	// gate's pages and passes everything else.
	PagesOnly bool `json:"pages_only,omitempty"`

	// Where the directive stands in the Caddyfile, "file:line", for messages.
	// Both routes of a directive with a matcher have the same.
	At string `json:"at,omitempty"`

	identities []json.RawMessage // as configured: loading clears IdentitiesRaw
	state      *gateState
}

// Anonymous says what a protected request of nobody known gets.
type Anonymous struct {
	// "deny" (default): 401. "login": a redirect to URL. "confirm": a GET or
	// HEAD goes to the app without credentials, and its answer is released
	// only if the app still knows nobody.
	Action string `json:"action,omitempty"`

	// For "login": where to, with {http.mfa.return_to} percent-encoded.
	URL string `json:"url,omitempty"`

	// For "confirm": only under these paths. Default: everywhere.
	Paths []string `json:"paths,omitempty"`
}

// Flag names the cookie that says this browser proved, and bounds its life.
type Flag struct {
	// Default "__Host-mfa"; on plain http the name without the prefix.
	Cookie string `json:"cookie,omitempty"`

	// How long a proof counts at most. Default 12h.
	Lifetime caddy.Duration `json:"lifetime,omitempty"`
}

// CaddyModule returns the module's id and constructor.
func (Gate) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.mfa", New: func() caddy.Module { return new(Gate) }}
}
