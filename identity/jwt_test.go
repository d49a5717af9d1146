package identity

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const weakRSA = `-----BEGIN PUBLIC KEY-----
MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf
9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==
-----END PUBLIC KEY-----`

func TestNewJWTErrors(t *testing.T) {
	file := func(text string) string {
		name := filepath.Join(t.TempDir(), "key.pem")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, tc := range map[string]struct {
		change func(*JWT)
		says   string
	}{
		"fail/nowhere":         {func(c *JWT) { c.Cookie, c.Header = "", "" }, "cookie <name>"},
		"fail/cookie":          {func(c *JWT) { c.Cookie = "a=b" }, "no name of a cookie"},
		"fail/header":          {func(c *JWT) { c.Header = "a b" }, "no name of a header"},
		"fail/header Cookie":   {func(c *JWT) { c.Header = "cookie" }, "cookie <name>"},
		"fail/no user":         {func(c *JWT) { c.Facts.User = "" }, "user sub"},
		"fail/path":            {func(c *JWT) { c.Facts.Email = ".x" }, "email: "},
		"fail/leeway":          {func(c *JWT) { c.Leeway = 61 * time.Second }, "leeway is"},
		"fail/no key":          {func(c *JWT) { c.Secret = "" }, "exactly one of"},
		"fail/two kinds":       {func(c *JWT) { c.PublicKeys = []string{"x.pem"} }, "exactly one of"},
		"fail/short secret":    {func(c *JWT) { c.Secret = theSecret[:31] }, "it needs 32"},
		"fail/unknown alg":     {func(c *JWT) { c.Algorithms = []string{"none"} }, "algorithms: "},
		"fail/RS with secret":  {func(c *JWT) { c.Algorithms = []string{"RS256"} }, "needs a public_key"},
		"fail/HS with public":  {func(c *JWT) { c.Secret, c.JWKS, c.Algorithms = "", "https://i/k", []string{"HS256"} }, "needs a secret"},
		"fail/M10 no issuer":   {func(c *JWT) { c.Secret, c.JWKS = "", "https://i/k" }, "needs issuer and audience"},
		"fail/M10 http":        {func(c *JWT) { set10(c, "http://issuer.example/k") }, "https"},
		"fail/password in URL": {func(c *JWT) { set10(c, "https://u:p@issuer.example/k") }, "no URL"},
		"fail/no key set file": {func(c *JWT) { set10(c, "/nowhere/keys.json") }, "jwks: "},
		"fail/empty key set":   {func(c *JWT) { set10(c, file(`{"keys":[{"kty":"oct","k":"AAAA"}]}`)) }, "no key in it"},
		"fail/empty issuer":    {func(c *JWT) { c.Issuer = []string{""} }, "empty"},
		"fail/no PEM":          {func(c *JWT) { c.Secret, c.PublicKeys = "", []string{file("hello")} }, "not PEM"},
		"fail/private key": {func(c *JWT) {
			c.Secret, c.PublicKeys = "", []string{file("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")}
		}, "-pubout"},
		"fail/weak RSA":         {func(c *JWT) { c.Secret, c.PublicKeys = "", []string{file(weakRSA)} }, "needs 2048"},
		"fail/no PEM file":      {func(c *JWT) { c.Secret, c.PublicKeys = "", []string{"/nowhere.pem"} }, "public_key: "},
		"fail/text after a PEM": {func(c *JWT) { c.Secret, c.PublicKeys = "", []string{weakRSA + "\nx"} }, "not PEM"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := JWT{Cookie: "jwt", Secret: theSecret, Facts: Claims{User: "sub"}}
			tc.change(&cfg)
			if _, err := NewJWT(cfg); err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), theSecret[:9]) {
				t.Errorf("got %v, want %q in it", err, tc.says)
			}
		})
	}
}

func set10(c *JWT, url string) {
	c.Secret, c.JWKS, c.Issuer, c.Audience = "", url, []string{"i"}, []string{"a"}
}
