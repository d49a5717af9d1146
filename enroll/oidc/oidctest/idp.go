// Package oidctest is an identity provider on loopback, for tests: it keeps to
// OpenID Connect's code flow with PKCE, strictly, and lies where it is told to.
package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// ClientID and Secret are what a site is known by here.
const (
	ClientID = "portal"
	Secret   = "portal-secret"
)

// IdP is the provider. Its fields may be changed between requests, under Do.
type IdP struct {
	*httptest.Server
	Claims map[string]any       // of who signs in, beside what the flow says; nil values are left out
	Lie    func(map[string]any) // changes an ID token before it is signed
	Deny   url.Values           // what comes back in place of a code
	Break  int                  // status of the token endpoint; 0: it works
	Other  *rsa.PrivateKey      // signs in place of the provider's own key
	Now    func() time.Time
	Names  bool // names itself in its answers (RFC 9207)
	Info   bool // says the address where it is asked for it, and not in the token
	Wrong  bool // and then of another account

	// How a site may say its secret where codes are redeemed: client_secret_basic,
	// client_secret_post. Empty: either. Said is what the provider says of that.
	Takes    string
	Said     []string
	Redeemed int // requests for a code so far

	mu    sync.Mutex
	key   *rsa.PrivateKey
	codes map[string]url.Values
	asked []url.Values
}

// New starts a provider at which bob of finteqx.tech signs in with two factors.
func New(t testing.TB) *IdP {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &IdP{key: key, codes: map[string]url.Values{}, Now: time.Now, Claims: map[string]any{
		"sub": "subject-of-bob", "email": "bob@finteqx.tech", "email_verified": true, "amr": []string{"pwd", "mfa"},
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.configuration)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /approve", p.approve)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.info)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// Do changes the provider.
func (p *IdP) Do(fn func(p *IdP)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn(p)
}

// Asked are the requests for a sign-in so far.
func (p *IdP) Asked() []url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]url.Values(nil), p.asked...)
}

func (p *IdP) configuration(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	info := ""
	if p.Info {
		info = p.URL + "/userinfo"
	}
	said := map[string]any{
		"userinfo_endpoint": info, "issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"}, "authorization_response_iss_parameter_supported": p.Names,
	}
	if p.Said != nil {
		said["token_endpoint_auth_methods_supported"] = p.Said
	}
	_ = json.NewEncoder(w).Encode(said)
}

func (p *IdP) keys(w http.ResponseWriter, _ *http.Request) {
	_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &p.key.PublicKey, KeyID: "k1", Algorithm: "RS256", Use: "sig"}}})
}

// authorize is the page on which a person signs in.
func (p *IdP) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if problem := p.wrong(q); problem != "" {
		http.Error(w, problem, http.StatusBadRequest)
		return
	}
	p.Do(func(p *IdP) { p.asked = append(p.asked, q) })
	fmt.Fprintf(w, `<!doctype html><html lang="en"><title>IdP</title><h1>Sign in</h1><form method="post" action="/approve?%s"><button id="approve">Sign in</button></form>`,
		html.EscapeString(r.URL.RawQuery))
}

// wrong says what a request for a sign-in lacks.
func (p *IdP) wrong(q url.Values) string {
	switch {
	case q.Get("client_id") != ClientID, q.Get("response_type") != "code", q.Get("redirect_uri") == "":
		return "no such client"
	case q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43:
		return "no PKCE"
	case len(q.Get("state")) < 22 || len(q.Get("nonce")) < 22:
		return "no state or nonce"
	case q.Get("max_age") != "0" || q.Get("prompt") != "login":
		return "an old sign-in would do"
	}
	return ""
}

func (p *IdP) approve(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, p.Back(r.URL.Query()), http.StatusSeeOther)
}

// Back signs in, and is the address that a browser would be sent back to.
func (p *IdP) Back(q url.Values) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := url.Values{"state": {q.Get("state")}}
	if p.Names {
		out.Set("iss", p.URL)
	}
	if p.Deny != nil {
		maps.Copy(out, p.Deny)
	} else {
		code := rand.Text()
		q.Set("at", fmt.Sprint(p.Now().Unix()))
		p.codes[code] = q
		out.Set("code", code)
	}
	return q.Get("redirect_uri") + "?" + out.Encode()
}

// SignIn goes the person's way at the provider, from the address that a site sent
// the browser to, and gives the one that leads back.
func (p *IdP) SignIn(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the provider refuses %s: %d", address, res.StatusCode)
	}
	return p.Back(u.Query())
}

func (p *IdP) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fail := func(word string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": word, "error_description": "of " + r.FormValue("code")})
	}
	p.Redeemed++
	if p.Break != 0 {
		http.Error(w, "broken", p.Break)
		return
	}
	how := "client_secret_basic"
	id, secret, basic := r.BasicAuth()
	if !basic {
		how, id, secret = "client_secret_post", r.FormValue("client_id"), r.FormValue("client_secret")
	}
	if p.Takes != "" && p.Takes != how {
		fail("invalid_client")
		return
	}
	q, ok := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code")) // each is used once
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	switch {
	case id != ClientID || secret != Secret:
		fail("invalid_client")
		return
	case !ok, q.Get("redirect_uri") != r.FormValue("redirect_uri"), base64.RawURLEncoding.EncodeToString(sum[:]) != q.Get("code_challenge"):
		fail("invalid_grant")
		return
	}
	var at int64
	_, _ = fmt.Sscan(q.Get("at"), &at)
	token := map[string]any{
		"iss": p.URL, "aud": ClientID, "iat": at, "exp": at + 300, "auth_time": at, "nonce": q.Get("nonce"),
	}
	maps.Copy(token, p.Claims)
	if p.Info {
		delete(token, "email")
		delete(token, "email_verified")
	}
	if p.Lie != nil {
		p.Lie(token)
	}
	maps.DeleteFunc(token, func(_ string, v any) bool { return v == nil })
	raw, err := p.sign(token)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": raw})
}

// info says what the token did not.
func (p *IdP) info(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer x" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	said := maps.Clone(p.Claims)
	if p.Wrong {
		said["sub"] = "another"
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(said)
}

func (p *IdP) sign(token map[string]any) (string, error) {
	key := p.key
	if p.Other != nil {
		key = p.Other
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k1"))
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(token)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(text)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}
