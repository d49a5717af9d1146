package caddymodule

import (
	"strings"
	"testing"
)

// oidcBy is a provider with these lines beside an issuer, id and secret.
func oidcBy(issuer, lines string) string {
	return global("oidc entra {\nissuer " + issuer + "\nclient_id portal\nclient_secret {env.OIDC_SECRET}\n" + lines + "\n}")
}

const tenantIssuer = "https://login.microsoftonline.com/7f0b2c5e-0000-4000-8000-000000000001/v2.0"

func TestParseOIDC(t *testing.T) {
	for _, test := range []adaptCase{
		{name: "ok/", caddyfile: oidcBy(tenantIssuer, `label "Microsoft Entra ID"`), want: `json:"client_secret":"{env.OIDC_SECRET}"`},
		{name: "ok/words", caddyfile: oidcBy("https://idp.example", "scopes email\nacr urn:mfa phr\namr mfa otp"), want: `json:"acr":["urn:mfa","phr"],"amr":["mfa","otp"]`},
		{name: "ok/two", caddyfile: global("oidc a {\nissuer https://a.example\nclient_id x\nclient_secret {env.A}\n}\noidc b {\nissuer https://b.example\nclient_id x\nclient_secret {env.B}\n}"), want: `json:"b":{`},
		{name: "ok/this machine", caddyfile: oidcBy("http://127.0.0.1:9998", "")},
		{name: "warn/literal secret", caddyfile: strings.Replace(oidcBy(tenantIssuer, ""), "{env.OIDC_SECRET}", "planted", 1), warn: "the client_secret of 'oidc entra' is a literal"},
		{name: "fail/everybody's issuer", caddyfile: oidcBy("https://login.microsoftonline.com/common/v2.0", ""), want: "stands for every organisation there is"},
		{name: "fail/personal accounts", caddyfile: oidcBy("https://login.microsoftonline.com/consumers/v2.0", ""), want: "stands for every organisation there is"},
		{name: "fail/in clear", caddyfile: oidcBy("http://idp.example", ""), want: "it is not https"},
		{name: "fail/no name", caddyfile: global("oidc {\nissuer https://x.example\n}"), want: "'oidc' takes one name"},
		{name: "fail/bad name", caddyfile: global("oidc Entra/x {\nissuer https://x.example\n}"), want: "'oidc' takes one name"},
		{name: "fail/twice", caddyfile: global("oidc a {\nissuer https://a.example\nclient_id x\nclient_secret {env.A}\n}\noidc a {\nissuer https://b.example\nclient_id x\nclient_secret {env.B}\n}"), want: "'oidc a' stands twice"},
		{name: "fail/no issuer", caddyfile: global("oidc a {\nclient_id x\nclient_secret {env.A}\n}"), want: "reading the issuer: there is none"},
		{name: "fail/no secret", caddyfile: global("oidc a {\nissuer https://a.example\nclient_id x\n}"), want: "reading client_secret: there is none"},
		{name: "fail/secret of the client", caddyfile: strings.Replace(oidcBy(tenantIssuer, ""), "{env.OIDC_SECRET}", "{http.request.host}", 1), want: "cannot hold a secret"},
		{name: "fail/unknown word", caddyfile: oidcBy(tenantIssuer, "scope email"), want: "did you mean 'scopes'?"},
	} {
		t.Run(test.name, test.run)
	}
}
