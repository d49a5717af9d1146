package enroll

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// ceremonyLife is how long a challenge can be answered.
const ceremonyLife = 5 * time.Minute

// challengeSize is in bytes (WebAuthn Level 3, 13.4.3: 16 at least).
const challengeSize = 32

// ceremony is a challenge that was given to a browser, and for what. Each is a
// record of its own, so that whoever has the password alone cannot push out the
// one that its owner is answering.
type ceremony struct {
	Challenge string    `json:"challenge"` // base64url
	Create    bool      `json:"create,omitempty"`
	Party     string    `json:"rp"`
	Origin    string    `json:"origin"`
	Tenant    string    `json:"tenant"`
	Session   string    `json:"sid,omitempty"`   // the identity's, where it has one
	Visit     string    `json:"visit,omitempty"` // of a registration
	Replaces  string    `json:"replaces,omitempty"`
	Handle    []byte    `json:"handle"`
	Allowed   [][]byte  `json:"allowed,omitempty"` // of a proof
	Expires   time.Time `json:"expires"`
	Spent     bool      `json:"spent,omitempty"`
	Trip      *trip     `json:"trip,omitempty"` // of a way to an identity provider
}

// session is the ceremony as the library asks for it. Its own clock is not used.
func (c *ceremony) session() webauthn.SessionData {
	s := webauthn.SessionData{
		Challenge: c.Challenge, RelyingPartyID: c.Party, Origin: c.Origin, UserID: c.Handle,
		AllowedCredentialIDs: c.Allowed, UserVerification: protocol.VerificationRequired,
	}
	if c.Create {
		s.CredParams = webauthn.CredentialParametersRecommendedL3()
	}
	return s
}

// ceremonyKey is where a challenge of a person's is kept.
func ceremonyKey(p Person, challenge string) string {
	sum := sha256.Sum256([]byte(challenge))
	return "challenge/" + url.PathEscape(p.Realm) + "/" + url.PathEscape(p.User) + "/" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// writeCeremony puts c in place of old.
func (s *Service) writeCeremony(p Person, old store.Record, c *ceremony) (*store.Record, error) {
	t := s.tokens()
	if t == nil {
		return nil, ErrStoreDown
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	sealed, err := t.keys.seal(s.rand, place{"challenge", p.Realm, p.User, old.Version + 1}, plain)
	if err != nil {
		return nil, err
	}
	return &store.Record{Value: sealed, Expires: c.Expires}, nil
}

// openCeremony keeps a challenge that is about to be given out, and counts it;
// known: to a browser that has proved this account before.
func (s *Service) openCeremony(ctx context.Context, p Person, c ceremony, known bool, now time.Time) error {
	c.Expires, c.Session = now.Add(ceremonyLife), bound(p.Session)
	if err := s.countChallenge(ctx, p, askingBucket(c.Create, known), ceremonyLife, now); err != nil {
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

// spendCeremony takes a challenge that is answered, right or wrong: in one step
// of the store, so that one answer sent a hundred times counts once (the attack:
// to replay an answer that was overheard). ErrExpired where there is none of this
// person's, ErrUsedCode where it was answered before, ErrNotHere at another
// origin or tenant than it was begun at.
func (s *Service) spendCeremony(ctx context.Context, p Person, r Rules, party Party, challenge string, create bool) (*ceremony, error) {
	now := s.now()
	var c ceremony
	var answer error
	err := s.store.Update(ctx, ceremonyKey(p, challenge), func(old store.Record) (*store.Record, error) {
		c, answer = ceremony{}, nil
		if old.Version == 0 {
			answer = overtaken()
			return nil, nil
		}
		t := s.tokens()
		if t == nil {
			return nil, ErrStoreDown
		}
		plain, err := t.keys.open(place{"challenge", p.Realm, p.User, old.Version}, old.Value)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(plain, &c); err != nil {
			return nil, err
		}
		switch {
		case c.Challenge != challenge:
			return nil, errors.New("reading a challenge: it stands in another's place")
		case c.Spent:
			answer = &Error{Reason: ErrUsedCode.Reason, Status: ErrUsedCode.Status, Detail: "replayed"}
			return nil, nil
		case !now.Before(c.Expires):
			answer = overtaken()
			return nil, nil
		}
		c.Spent = true
		return s.writeCeremony(p, old, &c)
	})
	switch {
	case err != nil:
		return nil, down(err)
	case answer != nil:
		return nil, answer
	case c.Create != create:
		return nil, badKey("passkey", errors.New("the challenge was given for something else"))
	case c.Session != "" && p.Session != "" && c.Session != bound(p.Session):
		return nil, overtaken()
	case c.Origin != party.Origin || c.Party != party.ID || c.Tenant != r.Tenant:
		return nil, elsewhere(nil)
	}
	return &c, nil
}

// overtaken refuses an answer that came too late.
func overtaken() error {
	return &Error{Reason: ErrExpired.Reason, Status: ErrExpired.Status, Detail: "passkey"}
}

// elsewhere refuses an answer that was given at another site.
func elsewhere(cause error) error {
	return &Error{Reason: ErrNotHere.Reason, Status: ErrNotHere.Status, Detail: "passkey", Err: cause}
}

// asked checks what the browser says it was asked and where (WebAuthn Level 3,
// 7.1 and 7.2). The library checks it again; it is looked at here because it
// decides what the person is told, and compared byte for byte: the library would
// take an origin with a path for the origin.
func asked(said *protocol.CollectedClientData, party Party) error {
	if said.Origin != party.Origin || said.CrossOrigin || said.TopOrigin != "" {
		return elsewhere(errors.New("answering a challenge: at the origin " + said.Origin))
	}
	return nil
}
