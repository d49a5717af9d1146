package enroll

import (
	"errors"
	"time"
	"unicode/utf8"
)

// KnownLife is how long a browser is remembered as one that proved an account.
const KnownLife = 365 * 24 * time.Hour

// SignKnown makes the token that marks a browser as one that has proved this
// account, so that somebody else's wrong codes do not make it wait. It proves
// nothing else: give it only after a proof.
func (s *Service) SignKnown(realm, user string) (string, error) {
	t := s.tokens()
	if t == nil {
		return "", ErrStoreDown
	}
	if user == "" || !utf8.ValidString(realm+user) {
		return "", errors.New("marking a browser: for nobody")
	}
	now := s.now()
	return t.known.sign(&claims{
		ID: s.newID(), Audience: s.audience(realm), User: user,
		Expires: now.Add(KnownLife).Unix(), Issued: now.Unix(),
	})
}

// ReadKnown tells whether the token marks a browser that proved this account.
func (s *Service) ReadKnown(token, realm, user string, now time.Time) bool {
	t := s.tokens()
	if t == nil {
		return false
	}
	c, err := t.known.read(token, s.audience(realm), now)
	return err == nil && c.User == user
}
