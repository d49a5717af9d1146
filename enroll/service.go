package enroll

import (
	"context"
	"io"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// Config is what a Service is made of. Making one does no I/O.
type Config struct {
	Store        store.Store
	Keys         *Keys  // nil: read from KeyFile, made there at the first Start
	KeyFile      string // used where Keys is nil
	Mailer       Mailer // nil: no mail can be sent
	Now          func() time.Time
	Rand         io.Reader
	Issuer       string // in authenticator apps; empty: the tenant's name
	Installation string // part of every token's audience
	// Compose writes the mails that tell of a change. Nil: plain English ones.
	Compose func(Event) Mail
	// Failed hears of what went wrong in the background (a notice that could
	// not be mailed, revocations that could not be read). Nil: nobody does.
	Failed func(error)
}

// Service keeps accounts and checks proofs. It is safe for concurrent use.
type Service struct {
	store  store.Store
	keys   *Keys
	mailer Mailer
	now    func() time.Time
	rand   io.Reader
	issuer string
}

// New checks the configuration. It opens nothing: see Start.
func New(c Config) (*Service, error) {
	return &Service{store: c.Store, keys: c.Keys, mailer: c.Mailer, now: c.Now, rand: c.Rand, issuer: c.Issuer}, nil
}

// Start opens the store, reads (or makes) the key, loads the revocations and
// follows those that other nodes write until Close.
func (s *Service) Start(ctx context.Context) error { return ErrStoreDown }

// Close ends what Start began and waits for mails under way. It does not close
// the store, which other services may share.
func (s *Service) Close() error { return nil }

// Current tells whether this node has heard of revocations within two seconds.
// Where it has not, a flag counts only as the tenant's when_store_down says.
func (s *Service) Current(now time.Time) bool { return false }
