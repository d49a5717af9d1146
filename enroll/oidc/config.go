// Package oidc asks a company's own identity provider, by OpenID Connect's code
// flow with PKCE, for a sign-in that shows a second factor.
package oidc

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// Config names a provider and how it is asked.
type Config struct {
	// Label is what people call it. Empty: the issuer's host.
	Label string
	// Issuer is the provider's own name, https, or http on this machine. One that
	// stands for every organisation there is (Microsoft's common, organizations
	// and consumers) is refused: whose administrator says what would be anybody's.
	Issuer string
	// ClientID and ClientSecret are what the provider knows this site by.
	ClientID, ClientSecret string
	// Scopes are asked for beside openid. Nil: email and profile.
	Scopes []string
	// ACR and AMR are the words by which the provider says that a second factor
	// was used: one of either is enough. Both nil: "mfa" in amr (RFC 8176). ACR is
	// asked for as well.
	ACR, AMR []string
	// Timeout bounds each request to the provider. Zero: 10 s.
	Timeout time.Duration
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// RootCAs are trusted instead of the system's. Nil: the system's.
	RootCAs *x509.CertPool
}

// check says what is wrong and what to write, and never a secret.
func (c *Config) check() error {
	const forms = "write the provider's issuer, such as https://login.example.com"
	u, err := url.Parse(c.Issuer)
	switch {
	case c.Issuer == "":
		return errors.New("reading the issuer: there is none: " + forms)
	case err != nil || u.Hostname() == "":
		return errors.New("reading the issuer: it is not a URL: " + forms)
	case u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())):
		return errors.New("reading the issuer: it is not https: " + forms)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("reading the issuer: nothing but a path may follow the host, and no name stand before it: " + forms)
	case microsoft(u.Hostname()) && everybody(u.Path):
		return errors.New("reading the issuer: it stands for every organisation there is: write https://login.microsoftonline.com/<your tenant's id>/v2.0")
	case strings.TrimSpace(c.ClientID) == "":
		return errors.New("reading client_id: there is none: write the one that the provider gave this site")
	case strings.TrimSpace(c.ClientSecret) == "":
		return errors.New("reading client_secret: there is none: write {env.NAME} or {file./path}")
	case c.Timeout < 0:
		return fmt.Errorf("reading the timeout: %s is below zero", c.Timeout)
	}
	for _, list := range [][]string{c.Scopes, c.ACR, c.AMR} {
		for _, word := range list {
			if word == "" || strings.ContainsAny(word, " \"\\") {
				return fmt.Errorf("reading scopes, acr and amr: %q is no word of them", word)
			}
		}
	}
	return nil
}

func microsoft(host string) bool {
	return host == "login.microsoftonline.com" || host == "login.microsoftonline.us" || host == "login.partner.microsoftonline.cn" || host == "sts.windows.net"
}

// everybody tells whether the path of a Microsoft issuer names no organisation.
func everybody(path string) bool {
	first, _, _ := strings.Cut(strings.Trim(strings.ToLower(path), "/"), "/")
	switch first {
	case "", "common", "organizations", "consumers", "{tenantid}", personalTenant:
		return true
	}
	return false
}

// loopback tells whether a host is this machine, by its address or by the one
// name that is reserved for it (RFC 6761, 6.3).
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
