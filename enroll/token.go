package enroll

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// maxToken bounds a token in bytes: what a cookie can carry.
const maxToken = 4096

// skew is how far ahead the clock of the node that signed may be.
const skew = 60 * time.Second

// claims are what a token says. They are one struct for all kinds of token: the
// kind is told by key, typ and audience, never by which claims are there.
type claims struct {
	ID       string   `json:"jti"`
	Audience string   `json:"aud"` // installation and realm
	User     string   `json:"sub"`
	Expires  int64    `json:"exp"` // Unix seconds
	Issued   int64    `json:"iat"`
	Tenant   string   `json:"tenant,omitempty"`
	Session  string   `json:"sid,omitempty"`
	First    string   `json:"first,omitempty"`
	Methods  []string `json:"methods,omitempty"`
	AMR      []string `json:"amr,omitempty"`
	Proven   int64    `json:"auth_time,omitempty"`
	Strong   bool     `json:"resistant,omitempty"`
	Interim  bool     `json:"interim,omitempty"`
	Gen      uint64   `json:"gen,omitempty"`
	Reviewed int64    `json:"reviewed,omitempty"`
	Email    string   `json:"email,omitempty"`
	Name     string   `json:"name,omitempty"`
	To       string   `json:"to,omitempty"`
	Method   string   `json:"method,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Foreign  bool     `json:"foreign,omitempty"`
}

func date(s int64) (*jwt.NumericDate, error) { return jwt.NewNumericDate(time.Unix(s, 0)), nil }

// The getters are what golang-jwt reads claims by. Every token has an end and a
// beginning: a missing one is the year 1970, long over.
func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return date(c.Expires) }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return date(c.Issued) }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return nil, nil }
func (c *claims) GetIssuer() (string, error)                   { return "", nil }
func (c *claims) GetSubject() (string, error)                  { return c.User, nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return jwt.ClaimStrings{c.Audience}, nil }

// signer makes and reads one kind of token (RFC 7519, HS256). Each kind has its
// own key, so none is accepted for another.
type signer struct {
	keys []signKey // newest first
}

type signKey struct {
	id     string
	key    []byte
	header string // the only header this key signs, encoded
}

func newSigner(k *Keys, purpose string) signer {
	var s signer
	for _, rk := range k.ring {
		// json.Marshal sorts a map's keys, as golang-jwt does when it signs.
		h, err := json.Marshal(map[string]any{"alg": "HS256", "kid": rk.id, "typ": "mfa-" + purpose + "+jwt"})
		if err != nil {
			panic(err) // three strings always marshal
		}
		s.keys = append(s.keys, signKey{rk.id, rk.purpose[purpose], base64.RawURLEncoding.EncodeToString(h)})
	}
	return s
}

func (s signer) sign(c *claims) (string, error) {
	payload, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	token := s.keys[0].header + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum, err := jwt.SigningMethodHS256.Sign(token, s.keys[0].key)
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	token += "." + base64.RawURLEncoding.EncodeToString(sum)
	if len(token) >= maxToken {
		return "", fmt.Errorf("signing: the token has %d bytes, and a cookie holds less than %d", len(token), maxToken)
	}
	return token, nil
}

// read accepts only what sign made for this audience. The header must be, byte
// for byte, the one that a key of the ring writes; so no header of somebody
// else's making is ever looked into (alg none, another alg, crit, b64, jku,
// duplicate members). Everything wrong is ErrToken.
func (s signer) read(token, audience string, now time.Time) (*claims, error) {
	if len(token) >= maxToken {
		return nil, ErrToken
	}
	header, rest, ok := strings.Cut(token, ".")
	if !ok || strings.Count(rest, ".") != 1 || !base64URL(rest) {
		return nil, ErrToken
	}
	for _, key := range s.keys {
		if key.header != header {
			continue
		}
		c := &claims{}
		_, err := jwt.ParseWithClaims(token, c, func(*jwt.Token) (any, error) { return key.key, nil },
			jwt.WithValidMethods([]string{"HS256"}),
			jwt.WithStrictDecoding(),
			jwt.WithExpirationRequired(),
			jwt.WithAudience(audience),
			jwt.WithTimeFunc(func() time.Time { return now }))
		if err != nil || c.ID == "" || c.User == "" || c.Expires <= c.Issued ||
			c.Issued > now.Add(skew).Unix() || c.Proven > c.Issued+int64(skew/time.Second) || c.Expires > math.MaxInt32*8 {
			return nil, ErrToken
		}
		return c, nil
	}
	return nil, ErrToken
}

// base64URL tells whether s is of base64url's alphabet and dots only: the
// decoder would skip line ends, and so give one token many spellings.
func base64URL(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return true
}

// audience names an installation and a realm in one string; what stands between
// them can be in neither.
func audience(installation, realm string) string {
	return url.PathEscape(installation) + "/" + url.PathEscape(realm)
}
