package caddymodule

import (
	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/store"
	"github.com/caddy-mfa/caddy-mfa/identity"
)

// IdentitySource is what a module of the namespace mfa.identities gives: who a
// request comes from. Source is called after Provision and must not dial.
type IdentitySource interface {
	IdentitySource() identity.Source
}

// StoreModule is what a module of the namespace mfa.stores gives. OpenStore is
// called at start, never at provision; the store it returns is shared between
// configurations through a usage pool under StoreKey, and closed by the last.
type StoreModule interface {
	// StoreKey tells two different stores apart: for bolt the file's path.
	StoreKey() string
	// OpenStore opens it, and names what failed and the remedy.
	OpenStore() (store.Store, error)
	// KeyFile is where a key is made once when none is configured; empty
	// where one must be given.
	KeyFile() string
}

// TexterModule is what a module of the namespace mfa.sms gives.
type TexterModule interface {
	Texter() enroll.Texter
}

// MailerModule is what a module of the namespace mfa.mailers gives.
type MailerModule interface {
	Mailer() enroll.Mailer
}
