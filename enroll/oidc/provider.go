package oidc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Provider is one identity provider. It is asked for nothing before somebody goes
// there.
type Provider struct {
	c      Config
	client *http.Client

	known  atomic.Pointer[discovered] // nil: not asked yet
	inForm atomic.Bool                // the secret is not taken in a header

	asking sync.Mutex // who holds it asks; wrong and again are theirs
	wrong  error      // of the last question, which is not asked again before again
	again  time.Time
}

// discovered is what a provider says of itself (OpenID Connect Discovery 1.0).
type discovered struct {
	provider *oidc.Provider
	asked    time.Time
	names    bool     // it names itself in its answers (RFC 9207)
	methods  []string // by which a site proves who it is where codes are redeemed
}

// discoveredFor is how long that is believed of somebody who comes back.
const discoveredFor = time.Hour

// reachedFor is how long ago the provider may have answered where somebody is sent
// there: a browser that is led to one that is down shows an error of its own, which
// says nothing of what happened to the sign-in.
const reachedFor = time.Minute

// pause is how long a provider that did not answer is left alone: else whoever
// waits for it waits behind all who came before.
const pause = 5 * time.Second

// New checks the configuration; nothing dials.
func New(c Config) (*Provider, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Label == "" {
		u, _ := url.Parse(c.Issuer)
		c.Label = u.Host
	}
	if c.Scopes == nil {
		c.Scopes = []string{"email", "profile"}
	}
	if c.ACR == nil && c.AMR == nil {
		c.AMR = []string{"mfa"}
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Provider{c: c, client: &http.Client{
		Timeout: c.Timeout,
		// What is asked for is at its own address: a redirect would be another's.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: bounded{&http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
			MaxResponseHeaderBytes: 64 << 10, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		}},
	}}, nil
}

// maxAnswer is the most that is read of an answer of the provider, in bytes.
const maxAnswer = 1 << 20

// bounded cuts answers without end.
type bounded struct{ next http.RoundTripper }

// RoundTrip does one request.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxAnswer), res.Body}
	}
	return res, err
}

// Label is what people call it.
func (p *Provider) Label() string { return p.c.Label }

// discover asks the provider who it is, unless it said so within this age. One at a
// time: whoever waits gets the first one's answer.
func (p *Provider) discover(ctx context.Context, age time.Duration) (*discovered, error) {
	if d := p.knownWithin(age); d != nil {
		return d, nil
	}
	p.asking.Lock()
	defer p.asking.Unlock()
	if d := p.knownWithin(age); d != nil {
		return d, nil
	}
	if p.wrong != nil && time.Now().Before(p.again) {
		return nil, p.wrong
	}
	d, err := p.ask(ctx)
	if p.wrong = err; err != nil {
		p.again = time.Now().Add(pause)
		return nil, err
	}
	p.known.Store(d)
	return d, nil
}

func (p *Provider) knownWithin(age time.Duration) *discovered {
	if d := p.known.Load(); d != nil && p.c.Now().Before(d.asked.Add(age)) {
		return d
	}
	return nil
}

func (p *Provider) ask(ctx context.Context) (*discovered, error) {
	// The library keeps the context for its keys: it must not end with a request.
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), p.client)
	found, err := oidc.NewProvider(ctx, p.c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("asking the identity provider who it is: %w", cause(err))
	}
	d := &discovered{provider: found, asked: p.c.Now()}
	var more struct {
		Names   bool     `json:"authorization_response_iss_parameter_supported"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := found.Claims(&more); err == nil {
		d.names, d.methods = more.Names, more.Methods
	}
	for _, address := range []string{found.Endpoint().AuthURL, found.Endpoint().TokenURL} {
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
			return nil, errors.New("asking the identity provider who it is: one of its addresses is not https")
		}
	}
	return d, nil
}

func (p *Provider) oauth(d *discovered, redirect string, style oauth2.AuthStyle) *oauth2.Config {
	endpoint := d.provider.Endpoint()
	endpoint.AuthStyle = style
	return &oauth2.Config{
		ClientID: p.c.ClientID, ClientSecret: p.c.ClientSecret, Endpoint: endpoint,
		RedirectURL: redirect, Scopes: append([]string{oidc.ScopeOpenID}, p.c.Scopes...),
	}
}

// Begin gives the address that a browser is sent to. A sign-in of now is asked
// for, by both words there are for it: an old session there would prove nothing.
func (p *Provider) Begin(ctx context.Context, t enroll.Trip) (string, error) {
	d, err := p.discover(ctx, reachedFor)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{
		oidc.Nonce(t.Nonce), oauth2.S256ChallengeOption(t.Verifier),
		oauth2.SetAuthURLParam("max_age", "0"), oauth2.SetAuthURLParam("prompt", "login"),
	}
	if len(p.c.ACR) > 0 {
		options = append(options, oauth2.SetAuthURLParam("acr_values", strings.Join(p.c.ACR, " ")))
	}
	if t.Hint != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", t.Hint))
	}
	return p.oauth(d, t.Redirect, oauth2.AuthStyleInHeader).AuthCodeURL(t.State, options...), nil
}

// Finish redeems the code and checks the ID token (OpenID Connect Core 1.0,
// 3.1.3.7): signature, issuer, audience, times, nonce, authorised party.
func (p *Provider) Finish(ctx context.Context, t enroll.Trip, code, issuer string) (*enroll.Vouched, error) {
	d, err := p.discover(ctx, discoveredFor)
	if err != nil {
		return nil, err
	}
	if issuer != "" && issuer != p.c.Issuer || issuer == "" && d.names {
		// RFC 9207, 2.4. The attack is a mix-up: the answer of one provider is taken
		// to another.
		return nil, errors.New("coming back from an identity provider: the answer is of another issuer")
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.redeem(ctx, d, t, code)
	if err != nil {
		return nil, redeeming(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok || raw == "" || len(raw) > 64<<10 {
		return nil, errors.New("redeeming a code: there is no ID token in the answer")
	}
	id, err := d.provider.Verifier(&oidc.Config{ClientID: p.c.ClientID, Now: p.c.Now}).Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("checking an ID token: %w", cause(err))
	}
	if id.Nonce == "" || id.Nonce != t.Nonce {
		return nil, errors.New("checking an ID token: its nonce is of another question")
	}
	var c claims
	if err := id.Claims(&c); err != nil {
		return nil, errors.New("checking an ID token: its claims cannot be read")
	}
	if len(id.Audience) > 1 && c.Party != p.c.ClientID || c.Party != "" && c.Party != p.c.ClientID {
		return nil, errors.New("checking an ID token: it is for another party")
	}
	if c.Email == "" && d.provider.UserInfoEndpoint() != "" {
		// Many providers say no more than who it is in the token, and the address
		// where they are asked for it (OpenID Connect Core 1.0, 5.4).
		info, err := d.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return nil, fmt.Errorf("asking the identity provider for an address: %w", cause(err))
		}
		if info.Subject != id.Subject { // 5.3.2: another token's answer
			return nil, errors.New("asking the identity provider for an address: the answer is of another account")
		}
		var more claims
		if err := info.Claims(&more); err != nil {
			return nil, errors.New("asking the identity provider for an address: the answer cannot be read")
		}
		// What the token says of an address is not said of this one.
		c.Email, c.Verified, c.Domain, c.Username, c.UPN = more.Email, more.Verified, nil, more.Username, more.UPN
	}
	return p.vouched(id, &c), nil
}

// maxCause is the most of an error that is told, in bytes.
const maxCause = 300

// cause is what an error of the HTTP client or the library says, without the
// address, in which a code or a secret may stand, and without the most of a page
// that came in place of an answer.
func cause(err error) error {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		err = e.Err
	}
	if text := err.Error(); len(text) > maxCause {
		return errors.New(strings.ToValidUTF8(text[:maxCause], "") + "…")
	}
	return err
}

// Interface guard
var _ enroll.Provider = (*Provider)(nil)
