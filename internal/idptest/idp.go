// Package idptest starts a real OpenID provider for tests: panva's oidc-provider of
// the npm registry, certified for the standard, on a free loopback port. It shares
// no line with the client library that the gate uses.
package idptest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// ClientID and Secret are what a site is known by here. The secret has letters in
// it that stand for something in a form, in Basic authentication and in a URL.
const (
	ClientID = "portal of/finteqx"
	Secret   = "s3cret+of/the:portal %41&=?~"
)

// IdP is a provider, running or not.
type IdP struct {
	URL    string         // its issuer
	Client map[string]any // metadata of the client, beside its id, secret and redirect URI
	Config map[string]any // what of the provider's configuration differs
	Lines  []string       // what a site's block for it needs beside label, issuer, id and secret

	port     string
	redirect string
	*apptest.Process
}

// New reserves an address; nothing runs there before Run.
func New(t testing.TB) *IdP {
	t.Helper()
	port := apptest.Port(t)
	return &IdP{URL: "http://127.0.0.1:" + port, port: port}
}

// Run starts the provider for a site with this redirect URI. After Stop it begins
// anew, with other signing keys and without the codes and sessions of before.
func (p *IdP) Run(t testing.TB, redirect string) {
	t.Helper()
	library := filepath.Join(apptest.Root(), ".tools/node_modules/oidc-provider")
	if _, err := os.Stat(library); err != nil {
		t.Fatalf("oidc-provider is missing (%v); install it: make tools", err)
	}
	client := map[string]any{"client_id": ClientID, "client_secret": Secret, "redirect_uris": []string{redirect}}
	maps.Copy(client, p.Client)
	settings, err := json.Marshal(map[string]any{"issuer": p.URL, "port": p.port, "jwks": newKeys(t), "client": client, "config": p.Config})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(apptest.Tool(t, "node", "nodejs"), filepath.Join(apptest.Root(), "internal/idptest/provider.mjs"))
	cmd.Env = append(os.Environ(), "OIDC_PROVIDER="+library, "SETTINGS="+string(settings))
	p.redirect = redirect
	p.Process = apptest.Start(t, cmd)
	p.Answers(t, p.URL+"/.well-known/openid-configuration")
}

// Refused are the requests that the provider refused since it runs, a line each.
func (p *IdP) Refused() []string {
	var lines []string
	for line := range strings.Lines(p.Log()) {
		if strings.HasPrefix(line, "refused ") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// newKeys are keys of three kinds, to be signed with. They are made here: node was
// seen not to come back from making them.
func newKeys(t testing.TB) jose.JSONWebKeySet {
	t.Helper()
	var set jose.JSONWebKeySet
	for _, alg := range []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256} {
		var key crypto.Signer
		var err error
		if alg == jose.ES256 {
			key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		} else {
			key, err = rsa.GenerateKey(rand.Reader, 2048)
		}
		if err != nil {
			t.Fatal(err)
		}
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key, KeyID: rand.Text(), Algorithm: string(alg), Use: "sig"})
	}
	return set
}
