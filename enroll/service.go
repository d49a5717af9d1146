package enroll

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// Config is what a Service is made of. Making one does no I/O.
type Config struct {
	Store        store.Store         // opened by Start, where it is not open yet
	Keys         *Keys               // nil: read from KeyFile, which the first Start makes
	KeyFile      string              // used where Keys is nil
	Mailer       Mailer              // nil: no mail can be sent
	Texter       Texter              // nil: no text message can be sent
	Providers    map[string]Provider // identity providers, by name
	Now          func() time.Time    // nil: time.Now
	Rand         io.Reader           // nil: crypto/rand
	Issuer       string              // in authenticator apps; empty: the tenant's name
	Installation string              // part of every token's audience; empty: the store's own name
	// Compose writes the mails that tell a person of a change. Nil: short
	// English ones. SetCompose sets it later.
	Compose func(Event) Mail
	// Failed hears of what went wrong in the background (a notice that could
	// not be mailed, revocations that could not be read). Nil: nobody does.
	Failed func(error)
}

// Service keeps accounts and checks proofs. It is safe for concurrent use.
type Service struct {
	store        store.Store
	keyFile      string
	givenKeys    bool // not from keyFile
	mailer       Mailer
	texter       Texter
	providers    map[string]Provider
	now          func() time.Time
	rand         io.Reader
	issuer       string
	installation string // as configured
	compose      atomic.Pointer[func(Event) Mail]
	failed       func(error)

	signers atomic.Pointer[signers] // nil before Start, where the key is in a file
	named   atomic.Pointer[string]  // the installation
	seen    *seen
	signed  *signedTickets
	glanced *glances
	revoked *revoked
	owed    owed

	rotation rotation

	polling sync.Mutex
	polled  uint64                    // last line of the log that was read
	unread  error                     // what kept a line of another node's from being read
	alone   bool                      // no other process writes to the store
	heard   atomic.Pointer[time.Time] // when; nil: never
	behind  atomic.Bool               // the store has lost writes: what was heard may lack some too

	running sync.Mutex
	stop    context.CancelFunc
	life    context.Context // until stop
	closed  bool
	looks   sync.WaitGroup // follow
	mails   sync.WaitGroup // background
}

// signers are the keys and what is made of them.
type signers struct {
	keys             *Keys
	flag, ticket     signer
	sighting, device signer
}

func newSigners(k *Keys) *signers {
	return &signers{k, newSigner(k, forFlag), newSigner(k, forTicket), newSigner(k, forSeen), newSigner(k, forDevice)}
}

// New checks the configuration. It opens nothing: see Start.
func New(c Config) (*Service, error) {
	switch {
	case c.Store == nil:
		return nil, errors.New("making the enrolment service: it has no store")
	case c.Keys == nil && c.KeyFile == "":
		return nil, errors.New("making the enrolment service: it has neither a key nor a key file")
	}
	s := &Service{
		store: c.Store, keyFile: c.KeyFile, mailer: c.Mailer, texter: c.Texter, providers: c.Providers, now: c.Now, rand: c.Rand,
		issuer: c.Issuer, installation: c.Installation, failed: c.Failed,
		seen: newSeen(), revoked: newRevoked(), signed: newSignedTickets(), glanced: newGlances(),
	}
	if s.store != nil {
		s.alone = s.store.Alone()
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	if s.failed == nil {
		s.failed = func(error) {}
	}
	s.named.Store(&s.installation)
	s.SetCompose(c.Compose)
	if s.givenKeys = c.Keys != nil; s.givenKeys {
		s.signers.Store(newSigners(c.Keys))
	}
	return s, nil
}

// SetCompose sets who writes the mails that tell a person of a change. Nil:
// short English ones.
func (s *Service) SetCompose(compose func(Event) Mail) {
	if compose == nil {
		compose = plainMail
	}
	s.compose.Store(&compose)
}

// Start reads (or makes) the key, opens the store, loads the revocations and
// follows those that other nodes write, until Close. No flag counts before it.
func (s *Service) Start(ctx context.Context) error {
	s.running.Lock()
	defer s.running.Unlock()
	if s.stop != nil {
		return errors.New("starting the enrolment service: it runs already")
	}
	if err := s.store.Open(ctx); err != nil {
		return err
	}
	if s.tokens() == nil {
		if err := s.checkKeyGone(ctx); err != nil {
			return err
		}
		keys, err := LoadOrMakeKey(s.keyFile)
		if err != nil {
			return err
		}
		s.signers.Store(newSigners(keys))
	}
	if err := s.nameInstallation(ctx); err != nil {
		return err
	}
	if err := s.Poll(ctx); err != nil && s.unread == nil {
		return fmt.Errorf("loading the revocations: %w", err)
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop, s.life, s.closed = stop, life, false
	s.looks.Go(func() { s.follow(life) })
	return nil
}

// Close ends what Start began and waits for mails under way. It does not close
// the store, which other services may share.
func (s *Service) Close() error {
	s.running.Lock()
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
	s.closed = true
	s.running.Unlock()
	s.looks.Wait()
	s.mails.Wait()
	return nil
}

// tokens is nil where no key was read yet.
func (s *Service) tokens() *signers { return s.signers.Load() }

// newID is 128 random bits, as text that fits in a URL and a cookie.
func (s *Service) newID() string { return base64.RawURLEncoding.EncodeToString(s.random(16)) }

// random reads n bytes. A machine without randomness cannot go on.
func (s *Service) random(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.rand, b); err != nil {
		panic("reading random bytes: " + err.Error())
	}
	return b
}

// down marks an error of the store, so that a caller answers 503 and never
// takes it for a wrong code or for somebody new.
func down(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{Reason: ErrStoreDown.Reason, Status: ErrStoreDown.Status, Err: err}
}
