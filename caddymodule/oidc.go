package caddymodule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/oidc"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// OIDCProvider is a company's own identity provider, the policy's oidc.<name>.
// The provider sends browsers back to https://<host>/.mfa/oidc/<name>, which must
// be registered there for every host.
type OIDCProvider struct {
	// What people call it. Default: the issuer's host.
	Label string `json:"label,omitempty"`

	// The provider's own name: https, or http on this machine. One that stands for
	// every organisation there is (Microsoft's common) is refused.
	Issuer string `json:"issuer,omitempty"`

	// What the provider knows this site by. The secret is best given as
	// {env.NAME} or {file./path}.
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`

	// Asked for beside openid. Default: email profile.
	Scopes []string `json:"scopes,omitempty"`

	// The words by which the provider says that a second factor was used; one of
	// either is enough. Default: mfa in amr. acr is asked for as well.
	ACR []string `json:"acr,omitempty"`
	AMR []string `json:"amr,omitempty"`
}

// unmarshalOIDC reads:
//
//	oidc <name> {
//	    label         <text>
//	    issuer        <url>
//	    client_id     <id>
//	    client_secret <secret>
//	    scopes        <scopes...>
//	    acr           <values...>
//	    amr           <values...>
//	}
func (a *App) unmarshalOIDC(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) != 1 || !isProviderName(args[0]) {
		return d.Err("'oidc' takes one name, in small letters, digits and dashes: write for example 'oidc entra { issuer … }'")
	}
	name := args[0]
	if a.OIDC[name] != nil {
		return d.Errf("'oidc %s' stands twice: keep one", name)
	}
	p := new(OIDCProvider)
	err := parseBlock(d, "oidc "+name, words{
		"label": oneArg(&p.Label), "issuer": oneArg(&p.Issuer), "client_id": oneArg(&p.ClientID),
		"client_secret": oneSecret(&p.ClientSecret, "the client_secret of 'oidc "+name+"'"),
		"scopes":        someArgs(&p.Scopes), "acr": someArgs(&p.ACR), "amr": someArgs(&p.AMR),
	}, nil)
	if err != nil {
		return err
	}
	c := p.config()
	if placeholder.MatchString(c.ClientSecret) {
		c.ClientSecret = "known later"
	}
	if _, err := oidc.New(c); err != nil {
		return d.Errf("oidc %s: %w", name, err)
	}
	if a.OIDC == nil {
		a.OIDC = map[string]*OIDCProvider{}
	}
	a.OIDC[name] = p
	return nil
}

func isProviderName(name string) bool {
	return name != "" && len(name) <= 32 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func (p *OIDCProvider) config() oidc.Config {
	return oidc.Config{
		Label: p.Label, Issuer: p.Issuer, ClientID: p.ClientID, ClientSecret: p.ClientSecret,
		Scopes: slices.Clone(p.Scopes), ACR: slices.Clone(p.ACR), AMR: slices.Clone(p.AMR),
	}
}

// loadProviders reads secrets and checks the whole; nothing dials.
func (s *appState) loadProviders(all map[string]*OIDCProvider) error {
	s.providers = map[string]enroll.Provider{}
	for name, p := range all {
		if p == nil || !isProviderName(name) {
			return fmt.Errorf("oidc %q: a provider's name is of small letters, digits and dashes", name)
		}
		c := p.config()
		c.Now = now
		var err error
		if c.ClientSecret, err = expandSecret(p.ClientSecret); err != nil {
			return fmt.Errorf("oidc %s: reading client_secret: %w", name, err)
		}
		if s.providers[name], err = oidc.New(c); err != nil {
			return fmt.Errorf("oidc %s: %w", name, err)
		}
	}
	return nil
}

// providerNames are the names that a policy may speak of.
func (s *appState) providerNames() []string {
	names := []string{}
	for name := range s.providers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
