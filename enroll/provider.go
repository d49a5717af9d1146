package enroll

import (
	"context"
	"time"
)

// A Provider is a company's own identity provider, asked by OpenID Connect for a
// sign-in that shows a second factor.
type Provider interface {
	// Label is what people call it.
	Label() string
	// Begin gives the address that a browser is sent to. It may ask the provider
	// where that is.
	Begin(ctx context.Context, t Trip) (string, error)
	// Finish redeems the code that came back, and says what the provider vouches
	// for, checked as far as it can be without knowing the person. issuer is the
	// response's own word on who sent it (RFC 9207), empty where it has none.
	Finish(ctx context.Context, t Trip, code, issuer string) (*Vouched, error)
}

// Trip is one way to a provider and back. State, Nonce and Verifier are its own.
type Trip struct {
	Redirect string // where the provider sends the browser back to
	State    string
	Nonce    string
	Verifier string // of PKCE (RFC 7636)
	Hint     string // the person's address, so that the right account is offered
}

// Vouched is what a provider says of an account.
type Vouched struct {
	Issuer, Subject string
	Org             string // the organisation the account is of, where the provider says so
	Email           string // the account's real address, if it is verified; else empty
	Alias           string // another name that it goes by
	Personal        bool   // a personal account, of no organisation
	Second          bool   // it shows a second factor
	At              time.Time
}

// ErrProvider is that the provider cannot be asked, or answers what nobody should.
var ErrProvider = &Error{Reason: "oidc-down", Status: 503}

// ErrConsent is that the provider's administrator has yet to allow this site.
var ErrConsent = &Error{Reason: "consent-needed", Status: 403}

// wrongAccount refuses an account of a provider; detail says what is wrong with it.
func wrongAccount(detail string) error {
	return &Error{Reason: ErrWrongAccount.Reason, Status: ErrWrongAccount.Status, Detail: detail}
}

// unproven refuses a sign-in that shows no second factor; detail says how.
func unproven(detail string) error {
	return &Error{Reason: ErrNotAllowed.Reason, Status: ErrNotAllowed.Status, Detail: detail}
}
