package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
)

// maxSessionID bounds an id, in bytes.
const maxSessionID = 256

var (
	errSessionID = errors.New("the cookie holds no session id: where express-session signs it, write: signed <secret>")
	errSignature = errors.New("the cookie's signature is not that of the secret in `signed`")
)

// sessionID is the id that a cookie's value names. What a client chooses is a
// key of the database: an id that is not signed is of few characters, so that
// it never leads out of the prefix.
func (s *appSessions) sessionID(value string) (string, error) {
	if s.cfg.Signed != "" {
		return unsign(value, s.cfg.Signed)
	}
	if len(value) < 16 || len(value) > maxSessionID {
		return "", errSessionID
	}
	for i := range len(value) {
		c := value[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != ',' {
			return "", errSessionID
		}
	}
	return value, nil
}

// unsign checks the cookie of express-session: "s:", the id, a dot and the
// HMAC-SHA-256 of the id in base64 without padding, percent-encoded as a whole.
func unsign(value, secret string) (string, error) {
	if strings.Contains(value, "%") {
		plain, err := url.PathUnescape(value)
		if err != nil {
			return "", errSignature
		}
		value = plain
	}
	signed, ok := strings.CutPrefix(value, "s:")
	dot := strings.LastIndexByte(signed, '.')
	if !ok || dot < 1 || dot > maxSessionID {
		return "", errSignature
	}
	id := signed[:dot]
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id))
	want := base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
	if !hmac.Equal([]byte(want), []byte(signed[dot+1:])) {
		return "", errSignature
	}
	return id, nil
}
