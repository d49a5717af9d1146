package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"golang.org/x/oauth2"
)

// redeem exchanges the code for tokens, and asks once: a provider that refuses the
// code is not sent it again in another shape, as the library would by itself, which
// some take for an attack and which hides the answer. Where the secret goes is what
// the provider says (OpenID Connect Discovery 1.0, 3); of one that takes both, and
// refuses this site by the header, the form is tried, and stays.
func (p *Provider) redeem(ctx context.Context, d *discovered, t enroll.Trip, code string) (*oauth2.Token, error) {
	header := len(d.methods) == 0 || slices.Contains(d.methods, "client_secret_basic")
	form := len(d.methods) == 0 || slices.Contains(d.methods, "client_secret_post")
	exchange := func(style oauth2.AuthStyle) (*oauth2.Token, error) {
		return p.oauth(d, t.Redirect, style).Exchange(ctx, code, oauth2.VerifierOption(t.Verifier))
	}
	if form && (!header || p.inForm.Load()) {
		return exchange(oauth2.AuthStyleInParams)
	}
	token, err := exchange(oauth2.AuthStyleInHeader)
	if e := (*oauth2.RetrieveError)(nil); !form || !errors.As(err, &e) || e.ErrorCode != "invalid_client" && e.Response.StatusCode != http.StatusUnauthorized {
		return token, err
	}
	token, err = exchange(oauth2.AuthStyleInParams)
	if err == nil {
		p.inForm.Store(true)
	}
	return token, err
}

// redeeming says why a code could not be redeemed. What the provider wrote beside
// the word for it is left out: it may repeat the code.
func redeeming(err error) error {
	var e *oauth2.RetrieveError
	if !errors.As(err, &e) {
		return fmt.Errorf("redeeming a code: %w", cause(err))
	}
	switch e.ErrorCode {
	case "invalid_grant":
		return &enroll.Error{Reason: enroll.ErrExpired.Reason, Status: enroll.ErrExpired.Status, Detail: "oidc", Err: errors.New("redeeming a code: the provider takes it no longer")}
	case "consent_required", "interaction_required":
		return enroll.ErrConsent
	}
	word := e.ErrorCode
	if !slices.Contains([]string{"invalid_client", "invalid_request", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}, word) {
		word = "no word for it"
	}
	return fmt.Errorf("redeeming a code: the provider answered %d, %s", e.Response.StatusCode, word)
}
