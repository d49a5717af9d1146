package caddymodule

import (
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddyserver/caddy/v2"
)

// provisioned is an identity module.
type provisioned interface {
	caddy.Provisioner
	IdentitySource
}

// TestProvisionIdentity holds identities given as JSON to what those of a
// Caddyfile are held to; nothing is asked or fetched.
func TestProvisionIdentity(t *testing.T) {
	t.Setenv("MFA_TEST_SECRET", strings.Repeat("k", 32)+"\n")
	t.Setenv("MFA_TEST_SHORT", "planted")
	id := Claims{User: "sub"}
	tests := []struct {
		name   string
		module provisioned
		err    string
	}{
		{name: "ok/whoami", module: &Whoami{Path: "/me", User: &Extract{JSON: "id"}, Headers: map[string][]string{"X-Key": {"k {env.MFA_TEST_SECRET} {mfa.before.t}"}}, Before: &Before{Path: "/t", Name: "t", Extract: Extract{JSON: "t"}}}},
		{name: "ok/jwt", module: &JWT{Cookie: "j", Secret: "{env.MFA_TEST_SECRET}", Claims: id}},
		{name: "ok/placeholder", module: &Placeholder{Claims: Claims{User: "{http.auth.user.id}"}}},

		{name: "fail/whoami without a user", module: &Whoami{Path: "/me"}, err: "user is missing"},
		{name: "fail/whoami with an unset header", module: &Whoami{Path: "/me", User: &Extract{JSON: "id"}, Headers: map[string][]string{"X-Key": {"{env.MFA_TEST_UNSET}"}}}, err: "header_up X-Key: {env.MFA_TEST_UNSET}"},
		{name: "fail/jwt with an unset secret", module: &JWT{Cookie: "j", Secret: "{env.MFA_TEST_UNSET}", Claims: id}, err: "secret: {env.MFA_TEST_UNSET}"},
		{name: "fail/jwt with a short secret", module: &JWT{Cookie: "j", Secret: "{env.MFA_TEST_SHORT}", Claims: id}, err: "it needs 32 or more"},
		{name: "fail/jwt with the client's secret", module: &JWT{Cookie: "j", Secret: "{http.request.uri.path.file.k}", Claims: id}, err: "give an absolute path"},
		{name: "fail/TestDesign_C12 placeholder of the client", module: &Placeholder{Claims: Claims{User: "{http.request.uri.query.u}"}}, err: "is nothing an identity may rest on"},
		{name: "fail/tenant of the client", module: &Placeholder{Claims: Claims{User: "{http.auth.user.id}", Tenant: "{http.request.cookie.t}"}}, err: "tenant: {http.request.cookie.t} is nothing"},
		{name: "fail/constant", module: &Placeholder{Claims: Claims{User: "bob"}}, err: "would make everybody one person"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.module.Provision(caddy.Context{})
			switch {
			case test.err == "" && err != nil:
				t.Fatal(err)
			case test.err == "" && !test.module.IdentitySource().Facts().Has(identity.FactUser):
				t.Fatal("no source that maps user")
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "planted")):
				t.Fatalf("error: %v\nwant:  %s", err, test.err)
			}
		})
	}
}
