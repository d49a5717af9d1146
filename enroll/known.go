package enroll

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// KnownLife is how long a browser is remembered as one that proved an account.
const KnownLife = 365 * 24 * time.Hour

// SignKnown makes the token that marks a browser as one that has proved this
// account, so that somebody else's wrong codes do not make it wait. It proves
// nothing else: give it only after a proof. Its cookie comes with every request of
// a year, so it is short: when it ends, and a seal over that and over whose it is.
func (s *Service) SignKnown(realm, user string) (string, error) {
	t := s.tokens()
	if t == nil {
		return "", ErrStoreDown
	}
	if user == "" || !utf8.ValidString(realm+user) {
		return "", errors.New("marking a browser: for nobody")
	}
	return t.keys.ring[0].known(s.audience(realm), user, s.now().Add(KnownLife).Unix()), nil
}

// ReadKnown tells whether the token marks a browser that proved this account.
func (s *Service) ReadKnown(token, realm, user string, now time.Time) bool {
	t := s.tokens()
	end, _, _ := strings.Cut(token, ".")
	until, err := strconv.ParseInt(end, 36, 64)
	if t == nil || err != nil || now.Unix() >= until {
		return false
	}
	for i := range t.keys.ring {
		if hmac.Equal([]byte(token), []byte(t.keys.ring[i].known(s.audience(realm), user, until))) {
			return true
		}
	}
	return false
}

// known is the mark of a person's browser, good until so many seconds of Unix time.
// Of the seal (RFC 2104) half is kept, the least that section 5 there allows. Neither
// an audience nor a number has a zero byte in it, so no two people have one text.
func (k *ringKey) known(audience, user string, until int64) string {
	end := strconv.FormatInt(until, 36)
	h := hmac.New(sha256.New, k.purpose[forKnown])
	h.Write([]byte(audience + "\x00" + end + "\x00" + user))
	return end + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:sha256.Size/2])
}
