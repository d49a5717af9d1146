package enroll

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// tripLife is how long the way to a provider and back may take: people sign in
// there, with all that asks of them.
const tripLife = 15 * time.Minute

// trip is a way to a provider that was begun, and for whom. It stands where
// challenges do, each a record of its own, so that whoever has the password alone
// cannot push out the one that its owner is on.
type trip struct {
	Provider string    `json:"provider"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Browser  string    `json:"browser"` // the cookie of who began it
	To       string    `json:"to,omitempty"`
	Next     string    `json:"next,omitempty"`
	Begun    time.Time `json:"begun"`
}

// TripInfo is what the page that a provider sends a browser back to has to know.
type TripInfo struct {
	Tenant   string
	Enrol    bool // a method is being set up; else one is proven
	To, Next string
}

// openTrip keeps a way that is about to be begun, and counts it as challenges are:
// each is a record, and whoever has the password can begin one after another.
func (s *Service) openTrip(ctx context.Context, p Person, c ceremony, known bool, now time.Time) error {
	c.Expires, c.Session = now.Add(tripLife), bound(p.Session)
	if err := s.countChallenge(ctx, p, "trip "+askingBucket(c.Create, known), tripLife, now); err != nil {
		return err
	}
	err := s.store.Update(ctx, ceremonyKey(p, c.Challenge), func(old store.Record) (*store.Record, error) {
		return s.writeCeremony(p, old, &c)
	})
	if err != nil {
		return down(err)
	}
	return nil
}

// readTrip opens a record of a way, and checks that it is this person's, of this
// browser, session and provider (the attacks: to have somebody else's sign-in
// proven in one's own session, or one's own in theirs). A way that was ended, or
// never begun, is ErrExpired; one of another browser or session ErrNotHere.
func (s *Service) readTrip(old store.Record, p Person, provider, state, browser string, now time.Time) (*ceremony, error) {
	t := s.tokens()
	if t == nil {
		return nil, ErrStoreDown
	}
	over := &Error{Reason: ErrExpired.Reason, Status: ErrExpired.Status, Detail: "oidc"}
	if old.Version == 0 || state == "" {
		return nil, over
	}
	plain, err := t.keys.open(place{"challenge", p.Realm, p.User, old.Version}, old.Value)
	if err != nil {
		return nil, down(err)
	}
	var c ceremony
	if err := json.Unmarshal(plain, &c); err != nil {
		return nil, down(err)
	}
	switch {
	case c.Challenge != state || c.Trip == nil:
		return nil, over
	case browser == "" || subtle.ConstantTimeCompare([]byte(c.Trip.Browser), []byte(browser)) != 1 || c.Trip.Provider != provider ||
		c.Session != "" && p.Session != "" && c.Session != bound(p.Session):
		return nil, &Error{Reason: ErrNotHere.Reason, Status: ErrNotHere.Status, Detail: "oidc", Err: errors.New("coming back from a provider: to another browser, session or provider than it was begun in")}
	case c.Spent:
		return nil, &Error{Reason: ErrUsedCode.Reason, Status: ErrUsedCode.Status, Detail: "replayed"}
	case !now.Before(c.Expires):
		return nil, over
	}
	return &c, nil
}

// FindTrip looks at a way that a browser comes back from, and changes nothing.
func (s *Service) FindTrip(ctx context.Context, p Person, provider, state, browser string) (*TripInfo, error) {
	r, err := s.store.Get(ctx, ceremonyKey(p, state))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, down(err)
	}
	c, err := s.readTrip(r, p, provider, state, browser, s.now())
	if err != nil {
		return nil, err
	}
	return &TripInfo{Tenant: c.Tenant, Enrol: c.Create, To: c.Trip.To, Next: c.Trip.Next}, nil
}

// spendTrip takes a way that is answered, right or wrong, in one step of the
// store: one answer sent a hundred times counts once.
func (s *Service) spendTrip(ctx context.Context, p Person, r Rules, provider, state, browser string) (*ceremony, error) {
	now := s.now()
	var c *ceremony
	var answer error
	err := s.store.Update(ctx, ceremonyKey(p, state), func(old store.Record) (*store.Record, error) {

		if c, answer = s.readTrip(old, p, provider, state, browser, now); answer != nil {
			return nil, nil
		}
		if c.Tenant != r.Tenant {
			answer = ErrNotHere
			return nil, nil
		}
		c.Spent = true
		return s.writeCeremony(p, old, c)
	})
	if err != nil {
		return nil, down(err)
	}
	return c, answer
}
