package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"
)

// Claims are the claim paths of a jwt's facts; an empty one is not mapped.
type Claims struct {
	User, Email, Name, Tenant, Roles, Session, Methods, ACR, Time string
}

// JWT reads a JSON Web Token (RFC 7519) that the app or its issuer made.
type JWT struct {
	Cookie     string        // the cookie that holds it
	Header     string        // the header field that holds it; in Authorization as a Bearer token
	Secret     string        // for HS256, HS384, HS512: 32 bytes or more
	PublicKeys []string      // PEM files with public keys or certificates
	JWKS       string        // an https URL or a file with a JSON Web Key Set (RFC 7517)
	Algorithms []string      // narrows what the keys allow
	Issuer     []string      // accepted issuers; required with JWKS
	Audience   []string      // accepted audiences; required with JWKS
	Leeway     time.Duration // tolerated difference of clocks, default 0, at most 60s
	Facts      Claims
	Client     *http.Client // fetches the key set; nil: one with a time-out of 5s
}

const maxLeeway = time.Minute

// keyring gives the keys that may fit a token. An error says that none can be
// had now; generation changes when the keys do.
type keyring interface {
	keys(ctx context.Context, alg, kid string, now time.Time) (fit []key, generation uint64, err error)
	current(now time.Time) (generation uint64)
}

// token is a checked JWT with its memory.
type token struct {
	cfg   JWT
	name  string   // of the cookie, in the form of cookieName
	by    []string // the header, alone in a list
	facts FactSet
	paths mapping[string]
	ring  keyring

	mu   sync.Mutex
	seen *lru[believed]
}

// NewJWT checks the whole of cfg; the error says what to write instead. It
// reads key files, and fetches nothing.
func NewJWT(cfg JWT) (Source, error) {
	t := &token{cfg: cfg, paths: cfg.Facts.mapping(), seen: newLRU[believed](maxBelieved, maxBelievedBytes)}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("identity jwt: %w", err)
	}
	return t, nil
}

func (t *token) check() error {
	c := &t.cfg
	switch {
	case c.Cookie == "" && c.Header == "":
		return errors.New("say where the token stands: cookie <name>, or header Authorization")
	case c.Cookie != "" && !httpguts.ValidHeaderFieldName(c.Cookie):
		return fmt.Errorf("cookie: %q is no name of a cookie", c.Cookie)
	case c.Header != "" && !httpguts.ValidHeaderFieldName(c.Header):
		return fmt.Errorf("header: %q is no name of a header field", c.Header)
	case strings.EqualFold(c.Header, "Cookie"):
		return errors.New("header Cookie holds all cookies; write: cookie <name>")
	case c.Leeway < 0 || c.Leeway > maxLeeway:
		return fmt.Errorf("leeway is %v; write 0s to %v", c.Leeway, maxLeeway)
	case c.Facts.User == "":
		return errors.New("user is missing: name the claim that holds the user's id, such as: user sub")
	}
	for i, p := range t.paths {
		if p != strings.TrimSpace(p) || strings.HasPrefix(p, ".") || strings.HasSuffix(p, ".") {
			return fmt.Errorf("%s: %q is no path of a claim; write names with dots between", factNames[i], p)
		}
	}
	t.facts = t.paths.facts()
	t.name = cookieName(c.Cookie)
	c.Header = textproto.CanonicalMIMEHeaderKey(c.Header)
	t.by = []string{c.Header}
	if slices.Contains(c.Issuer, "") || slices.Contains(c.Audience, "") {
		return errors.New("issuer or audience is empty")
	}
	return t.checkKeys()
}

// checkKeys wants exactly one kind of key. Nothing is guessed: a public key
// taken for a secret would let everybody sign.
func (t *token) checkKeys() error {
	c := &t.cfg
	kinds := 0
	for _, given := range []bool{c.Secret != "", len(c.PublicKeys) > 0, c.JWKS != ""} {
		if given {
			kinds++
		}
	}
	if kinds != 1 {
		return errors.New("write exactly one of: secret <secret>, public_key <pem_files...>, jwks <url or file>")
	}
	for _, a := range c.Algorithms {
		hs := strings.HasPrefix(a, "HS")
		switch {
		case !slices.Contains(allAlgorithms, a):
			return fmt.Errorf("algorithms: %q is none of %s", a, strings.Join(allAlgorithms, " "))
		case hs && c.Secret == "":
			return fmt.Errorf("algorithms: %s needs a secret; with public keys write such as RS256, ES256 or EdDSA", a)
		case !hs && c.Secret != "":
			return fmt.Errorf("algorithms: %s needs a public_key or jwks; with a secret write HS256, HS384 or HS512", a)
		}
	}
	if c.JWKS != "" {
		if len(c.Issuer) == 0 || len(c.Audience) == 0 {
			return errors.New("jwks needs issuer and audience: without them a token made for any other app of that issuer would be an identity here")
		}
		ring, err := newKeySet(c.JWKS, c.Algorithms, c.Client)
		t.ring = ring
		return err
	}
	ring, err := newFixedKeys(c)
	t.ring = ring
	return err
}

var allAlgorithms = []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// fixedKeys are a secret or the keys of PEM files; they do not change.
type fixedKeys []key

func newFixedKeys(c *JWT) (fixedKeys, error) {
	var raw []any
	if c.Secret != "" {
		raw = append(raw, []byte(c.Secret))
	}
	for _, file := range c.PublicKeys {
		keys, err := readPEM(file)
		if err != nil {
			return nil, fmt.Errorf("public_key: %w", err)
		}
		raw = append(raw, keys...)
	}
	var ring fixedKeys
	for _, k := range raw {
		algs, err := algorithmsOf(k)
		if err != nil {
			return nil, err
		}
		if algs = narrow(algs, c.Algorithms); len(algs) > 0 {
			ring = append(ring, key{key: k, algs: algs})
		}
	}
	if len(ring) == 0 {
		return nil, errors.New("algorithms fits none of the keys")
	}
	return ring, nil
}

func (r fixedKeys) keys(_ context.Context, alg, _ string, _ time.Time) ([]key, uint64, error) {
	var fit []key
	for _, k := range r {
		if k.allows(alg) {
			fit = append(fit, k)
		}
	}
	return fit, 0, nil
}

func (r fixedKeys) current(time.Time) uint64 { return 0 }

// Name is the word for logs and metrics.
func (t *token) Name() string { return "jwt" }

// Facts says which facts are mapped.
func (t *token) Facts() FactSet { return t.facts }

// Scripted reports whether the token comes in a header alone.
func (t *token) Scripted() bool { return t.name == "" }

// Interface guards
var (
	_ Source   = (*token)(nil)
	_ Scripted = (*token)(nil)
	_ Carrier  = (*token)(nil)
	_ keyring  = fixedKeys(nil)
	_ keyring  = (*keySet)(nil)
)
