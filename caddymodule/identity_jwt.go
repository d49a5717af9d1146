package caddymodule

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func init() {
	caddy.RegisterModule(JWT{})
}

// JWT takes the person from a signed token that the visitor sends.
type JWT struct {
	// Where the token is: a cookie, a header field (with or without
	// "Bearer " before it), or either.
	Cookie string `json:"cookie,omitempty"`
	Header string `json:"header,omitempty"`

	// What its signature is checked with; exactly one of the three, and never
	// guessed from its form. Secret is for HS*: 32 bytes or more, best as
	// {env.NAME} or {file./path}.
	Secret string `json:"secret,omitempty"`
	// PEM files with public keys, absolute.
	PublicKeys []string `json:"public_keys,omitempty"`
	// An https URL or a file with a JSON Web Key Set. Issuer and Audience are
	// then required: others have keys in such sets too.
	JWKS string `json:"jwks,omitempty"`

	// The algorithms that are accepted. Default: those of the key's type.
	Algorithms []string `json:"algorithms,omitempty"`
	// The values of `iss` that are accepted. Default: any.
	Issuer []string `json:"issuer,omitempty"`
	// The values of `aud` of which one must be there. Default: any.
	Audience []string `json:"audience,omitempty"`
	// How far clocks may differ, 60s at most. Default 0.
	Leeway caddy.Duration `json:"leeway,omitempty"`

	Claims

	source identity.Source
}

// CaddyModule returns the module's id and constructor.
func (JWT) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "mfa.identities.jwt", New: func() caddy.Module { return new(JWT) }}
}

// Provision expands the secret and makes the source; it fetches nothing.
func (j *JWT) Provision(caddy.Context) (err error) {
	cfg := identity.JWT{
		Cookie: j.Cookie, Header: j.Header, PublicKeys: j.PublicKeys, JWKS: j.JWKS, Algorithms: j.Algorithms,
		Issuer: j.Issuer, Audience: j.Audience, Leeway: time.Duration(j.Leeway), Facts: identity.Claims(j.Claims),
	}
	if j.Secret != "" {
		if cfg.Secret, err = expandSecret(j.Secret); err != nil {
			return fmt.Errorf("secret: %w", err)
		}
	}
	j.source, err = identity.NewJWT(cfg)
	return err
}

// IdentitySource is the source that Provision made.
func (j *JWT) IdentitySource() identity.Source { return j.source }

// UnmarshalCaddyfile reads the source from its name on. Syntax:
//
//	jwt {
//	    cookie     <name>
//	    header     <field>
//	    secret     <secret>
//	    public_key <pem_files...>
//	    jwks       <url | file>
//	    algorithms <names...>
//	    issuer     <values...>
//	    audience   <values...>
//	    leeway     <duration>
//	    <fact>     <claim.path>
//	}
func (j *JWT) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.Errf("'identity jwt' takes no argument: write 'cookie %s' or 'header <field>' in its block", d.Val())
	}
	table := words{
		"cookie":     oneToken(&j.Cookie),
		"header":     oneToken(&j.Header),
		"secret":     oneSecret(&j.Secret, "the secret of 'identity jwt'"),
		"public_key": j.unmarshalPublicKeys,
		"jwks":       j.unmarshalJWKS,
		"algorithms": someArgs(&j.Algorithms),
		"issuer":     someArgs(&j.Issuer),
		"audience":   someArgs(&j.Audience),
		"leeway":     j.unmarshalLeeway,
	}
	j.addFacts(table, checkDotPath)
	if err := parseBlock(d, "identity jwt", table, nil); err != nil {
		return err
	}
	return j.checkWhole(d)
}

// checkWhole looks at what only the whole block shows.
func (j *JWT) checkWhole(d *caddyfile.Dispenser) error {
	keys := 0
	for _, given := range []bool{j.Secret != "", len(j.PublicKeys) > 0, j.JWKS != ""} {
		if given {
			keys++
		}
	}
	switch {
	case j.Cookie == "" && j.Header == "":
		return d.Err("'identity jwt' does not say where the token is: write 'cookie <name>' or 'header Authorization'")
	case keys == 0:
		return d.Err("'identity jwt' has no key: write 'secret {env.NAME}' for HS256, 'public_key <pem_file>' or 'jwks <url>' for the others")
	case keys > 1:
		return d.Err("'identity jwt' has keys of two kinds: keep one of secret, public_key and jwks")
	case j.JWKS != "" && (len(j.Issuer) == 0 || len(j.Audience) == 0):
		return d.Err("'jwks' needs 'issuer' and 'audience' beside it: without them a token made for any other client of that provider would be a sign-in here")
	case j.User == "":
		return d.Err("'identity jwt' says nothing of 'user': write for example 'user sub' in its block")
	}
	return j.checkAlgorithms(d)
}

// checkAlgorithms refuses names that do not fit the key: a public key taken
// for an HMAC secret is one that everybody has.
func (j *JWT) checkAlgorithms(d *caddyfile.Dispenser) error {
	known := []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
	if j.Secret != "" {
		known = []string{"HS256", "HS384", "HS512"}
	}
	for _, name := range j.Algorithms {
		if !slices.Contains(known, name) {
			return d.Errf("algorithm '%s' does not fit the key of 'identity jwt': it can be %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// oneToken reads a line of one name of a cookie or header field.
func oneToken(to *string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		word := d.Val()
		if err := oneArg(to)(d); err != nil {
			return err
		}
		if !isToken(*to) {
			return d.Errf("'%s' cannot be the name of a %s", *to, word)
		}
		return nil
	}
}

// unmarshalPublicKeys reads: public_key <pem_files...>
func (j *JWT) unmarshalPublicKeys(d *caddyfile.Dispenser) error {
	if err := someArgs(&j.PublicKeys)(d); err != nil {
		return err
	}
	for i, path := range j.PublicKeys {
		abs, err := besideCaddyfile(d, path)
		if err != nil {
			return err
		}
		j.PublicKeys[i] = abs
	}
	return nil
}

// unmarshalJWKS reads: jwks <url | file>
func (j *JWT) unmarshalJWKS(d *caddyfile.Dispenser) error {
	if err := oneArg(&j.JWKS)(d); err != nil {
		return err
	}
	if !strings.Contains(j.JWKS, "://") {
		path, err := besideCaddyfile(d, j.JWKS)
		j.JWKS = path
		return err
	}
	u, err := url.Parse(j.JWKS)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return d.Errf("jwks '%s' is neither an https URL nor a file: keys fetched in clear are anybody's", hidePassword(j.JWKS))
	}
	return nil
}

// unmarshalLeeway reads: leeway <duration>
func (j *JWT) unmarshalLeeway(d *caddyfile.Dispenser) error {
	var text string
	if err := oneArg(&text)(d); err != nil {
		return err
	}
	leeway, err := duration(text)
	if err != nil || leeway > time.Minute {
		return d.Errf("leeway '%s' is no duration from 1s to 60s", text)
	}
	j.Leeway = caddy.Duration(leeway)
	return nil
}

// isLoopback reports whether host names this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Interface guards
var (
	_ caddyfile.Unmarshaler = (*JWT)(nil)
	_ caddy.Provisioner     = (*JWT)(nil)
	_ IdentitySource        = (*JWT)(nil)
)
