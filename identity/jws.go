package identity

import (
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// maxToken bounds a token, in bytes; no cookie holds more.
const maxToken = 16 << 10

// jws is a JSON Web Signature in compact form (RFC 7515 3.1), taken apart but
// not yet believed.
type jws struct {
	signed   string // header and payload as they are signed
	payload  string // still encoded
	sig      []byte
	alg, kid string
}

// strict64 is base64url as RFC 7515 2 has it: no padding, no line ends, no
// spare bits. A lenient decoder gives one token several texts.
var strict64 = base64.RawURLEncoding.Strict()

func decode64(s string) ([]byte, error) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return nil, errors.New("reading a token: not base64url")
		}
	}
	b, err := strict64.DecodeString(s)
	if err != nil {
		return nil, errors.New("reading a token: not base64url")
	}
	return b, nil
}

// parseJWS takes a token apart. Whatever a reader could understand in two ways
// is refused before a key is touched.
func parseJWS(token string) (*jws, error) {
	if len(token) > maxToken {
		return nil, fmt.Errorf("reading a token: over %d bytes", maxToken)
	}
	if strings.Count(token, ".") != 2 {
		return nil, errors.New("reading a token: not three parts")
	}
	head, rest, _ := strings.Cut(token, ".")
	payload, sig, _ := strings.Cut(rest, ".")
	raw, err := decode64(head)
	if err != nil {
		return nil, err
	}
	object, err := readClaims(raw)
	if err != nil {
		return nil, err
	}
	t := &jws{signed: token[:len(head)+1+len(payload)], payload: payload}
	if t.alg, t.kid, err = readHeader(object); err != nil {
		return nil, err
	}
	if t.sig, err = decode64(sig); err != nil {
		return nil, err
	}
	return t, nil
}

// readHeader reads what the header says of the signature. A header that asks
// for what is not understood here is refused (RFC 7515 4.1.11, RFC 7797 7):
// crit, b64, a nested or encrypted or compressed token, and a type that is none
// of an identity's (RFC 8725 3.11).
func readHeader(h map[string]any) (alg, kid string, err error) {
	for _, name := range [...]string{"crit", "b64", "zip", "enc"} {
		if _, ok := h[name]; ok {
			return "", "", fmt.Errorf("reading a token: header %s is not understood", name)
		}
	}
	alg, ok := h["alg"].(string)
	if !ok {
		return "", "", errors.New("reading a token: no alg")
	}
	if typ, present := h["typ"]; present {
		s, _ := typ.(string)
		if !strings.EqualFold(s, "JWT") && !strings.EqualFold(s, "at+jwt") {
			return "", "", errors.New("reading a token: typ is neither JWT nor at+jwt")
		}
	}
	if _, present := h["cty"]; present {
		return "", "", errors.New("reading a token: cty is not understood")
	}
	if id, present := h["kid"]; present {
		if kid, ok = id.(string); !ok || kid == "" || len(kid) > 256 {
			return "", "", errors.New("reading a token: kid is not a short text")
		}
	}
	return alg, kid, nil
}

// open checks the signature with each key and returns the payload. The keys
// were chosen for the token's alg: a key is never used with an algorithm of
// another type (RFC 8725 3.1).
func (t *jws) open(keys []key) ([]byte, error) {
	method := methodOf(t.alg)
	for _, k := range keys {
		if method != nil && k.allows(t.alg) && method.Verify(t.signed, t.sig, k.key) == nil {
			return decode64(t.payload)
		}
	}
	return nil, errors.New("reading a token: no key fits its signature")
}

// methodOf is the library's method for an algorithm. Its PS methods take a salt
// of any length; RFC 7518 3.5 wants the hash's.
func methodOf(alg string) jwt.SigningMethod {
	method := jwt.GetSigningMethod(alg)
	if ps, ok := method.(*jwt.SigningMethodRSAPSS); ok {
		strict := *ps
		strict.VerifyOptions = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: ps.Hash}
		return &strict
	}
	return method
}

// readClaims reads a JSON object in which no registered name stands twice, in
// any case: some readers take "EXP" for "exp".
func readClaims(data []byte) (map[string]any, error) {
	v, err := readJSON(data)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("reading JSON: not an object")
	}
	for name := range object {
		if lower := strings.ToLower(name); lower != name && registered[lower] {
			return nil, errors.New("reading JSON: a registered name in another case")
		}
	}
	return object, nil
}

// registered are the names whose meaning is fixed (RFC 7515 4.1, RFC 7519 4.1,
// OpenID Connect Core 2).
var registered = set("alg", "typ", "cty", "kid", "crit", "b64", "zip", "enc",
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "amr", "acr", "azp", "auth_time")
