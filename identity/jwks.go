package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Bounds of a key set.
const (
	maxKeySet    = 1 << 20          // bytes
	maxKeys      = 100              // keys
	keysFresh    = 10 * time.Minute // after that it is fetched again when it is needed
	keysStale    = 24 * time.Hour   // after that, without one that could be fetched, it is not used
	fetchFloor   = 10 * time.Second // between two fetches, whatever tokens come
	fileFloor    = 2 * time.Second
	fetchTimeout = 5 * time.Second
)

// keySet is a JSON Web Key Set that is fetched when it is first needed. A
// token with an unknown key has it fetched again, but never more often than
// the floor: bad tokens must not be a way to have us hammer the issuer.
type keySet struct {
	url     string // "" for a file
	file    string
	allowed []string
	client  *http.Client

	fetching sync.Mutex // held while fetching
	mu       sync.Mutex // guards what follows
	set      []key
	text     string // what the set was read from
	number   uint64 // generation
	read     time.Time
	tried    time.Time
	busy     bool  // a fetch is under way
	err      error // of the last try
}

func newKeySet(where string, allowed []string, client *http.Client) (*keySet, error) {
	s := &keySet{allowed: allowed, client: client}
	if s.client == nil {
		s.client = &http.Client{Timeout: fetchTimeout}
	}
	if !strings.Contains(where, "://") {
		s.file = where
		_, err := s.fetch(context.Background())
		return s, err
	}
	u, err := url.Parse(where)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("jwks is no URL; write https://issuer.example/keys.json or a file")
	}
	if !safeURL(u) {
		return nil, errors.New("jwks must be fetched by https (http only from this machine): who changes the keys on their way is everybody")
	}
	s.url = where
	bare := *s.client
	bare.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if !safeURL(r.URL) || len(via) > 3 {
			return errors.New("redirected away from https")
		}
		return nil
	}
	s.client = &bare
	return s, nil
}

func safeURL(u *url.URL) bool {
	host := u.Hostname()
	ip := net.ParseIP(host)
	return u.Scheme == "https" || u.Scheme == "http" && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// current is the generation of the keys; they are looked at again when they
// are no longer fresh.
func (s *keySet) current(now time.Time) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.read) > keysFresh || s.file != "" && now.Sub(s.tried) > fileFloor {
		return 0 // none has it: whoever asks will come to keys
	}
	return s.number
}

func (s *keySet) keys(ctx context.Context, alg, kid string, now time.Time) ([]key, uint64, error) {
	fit, number, due := s.fitting(alg, kid, now)
	if due {
		s.refresh(ctx, now)
		fit, number, _ = s.fitting(alg, kid, now)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read.IsZero() || now.Sub(s.read) > keysStale {
		return nil, 0, errors.Join(errors.New("there is no key set"), s.err)
	}
	return fit, number, nil
}

// fitting picks the keys for a token: those of its kid, or, without one, all
// for its algorithm. due says that a fetch is allowed, or under way, and may
// bring more.
func (s *keySet) fitting(alg, kid string, now time.Time) (fit []key, number uint64, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.set {
		if k.allows(alg) && (kid == "" || k.id == kid) {
			fit = append(fit, k)
		}
	}
	wanted := len(fit) == 0 || now.Sub(s.read) > keysFresh || s.file != ""
	return fit, s.number, wanted && s.mayFetch(now) || s.busy && len(fit) == 0
}

// mayFetch says that the floor between two fetches has passed.
func (s *keySet) mayFetch(now time.Time) bool {
	floor := fetchFloor
	if s.file != "" {
		floor = fileFloor
	}
	return s.tried.IsZero() || now.Sub(s.tried) >= floor
}

// refresh fetches the set, once for all who want it. A set that cannot be
// fetched leaves the last one in use.
func (s *keySet) refresh(ctx context.Context, now time.Time) {
	s.fetching.Lock()
	defer s.fetching.Unlock()
	s.mu.Lock()
	if !s.mayFetch(now) {
		s.mu.Unlock()
		return
	}
	s.tried, s.busy = now, true
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	defer cancel()
	text, err := s.fetch(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy, s.err = false, err
	if err != nil {
		return
	}
	s.read = now
	if text != s.text || s.number == 0 {
		s.set, s.err = s.parse(text)
		s.text = text
		s.number++
	}
}

// fetch reads the set's text and checks it.
func (s *keySet) fetch(ctx context.Context) (string, error) {
	var body io.ReadCloser
	if s.file != "" {
		f, err := os.Open(s.file)
		if err != nil {
			return "", fmt.Errorf("jwks: %w", err)
		}
		body = f
	} else {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
		if err != nil {
			return "", errors.New("fetching the key set: no URL")
		}
		r.Header.Set("Accept", "application/jwk-set+json, application/json")
		res, err := s.client.Do(r)
		if err != nil {
			return "", fmt.Errorf("fetching the key set: %w", err)
		}
		body = res.Body
		if res.StatusCode != http.StatusOK {
			_ = body.Close()
			return "", fmt.Errorf("fetching the key set: status %d", res.StatusCode)
		}
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxKeySet+1))
	if err != nil {
		return "", fmt.Errorf("fetching the key set: %w", err)
	}
	if len(data) > maxKeySet {
		return "", fmt.Errorf("fetching the key set: over %d bytes", maxKeySet)
	}
	_, err = s.parse(string(data))
	return string(data), err
}

// parse reads a key set. Keys that are not for signatures, or of a kind that
// is not known here, are passed over (RFC 7517 5); a secret in a set that is
// public is never used.
func (s *keySet) parse(text string) ([]key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return nil, fmt.Errorf("reading the key set: %w", err)
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("reading the key set: over %d keys", maxKeys)
	}
	var keys []key
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		var ops struct {
			For []string `json:"key_ops"`
		}
		if k.UnmarshalJSON(raw) != nil || json.Unmarshal(raw, &ops) != nil || !k.IsPublic() {
			continue
		}
		if k.Use != "" && k.Use != "sig" || ops.For != nil && !slices.Contains(ops.For, "verify") {
			continue
		}
		algs, err := algorithmsOf(k.Key)
		if err != nil {
			continue
		}
		if k.Algorithm != "" {
			algs = narrow(algs, []string{k.Algorithm})
		}
		if algs = narrow(algs, s.allowed); len(algs) > 0 {
			keys = append(keys, key{k.KeyID, k.Key, algs})
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("reading the key set: no key in it can be used; it needs public keys for signatures")
	}
	return keys, nil
}
