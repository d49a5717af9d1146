package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// issuer is a server of a key set that can be exchanged.
type issuer struct {
	*httptest.Server
	set     atomic.Value // string; "" answers 500
	fetched atomic.Int32
}

func newIssuer(t *testing.T) *issuer {
	i := &issuer{}
	i.set.Store("")
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i.fetched.Add(1)
		if s := i.set.Load().(string); s != "" {
			_, _ = w.Write([]byte(s))
			return
		}
		w.WriteHeader(500)
	}))
	t.Cleanup(i.Close)
	return i
}

type signer struct {
	kid string
	key ed25519.PrivateKey
}

func newSigner(kid string) signer {
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	return signer{kid, key}
}

func (s signer) token(t *testing.T) string {
	return sign(t, "EdDSA", s.key, `{"alg":"EdDSA","kid":"`+s.kid+`"}`, claimsOf(map[string]any{"iss": "i", "aud": "a", "exp": theTime.Add(72 * time.Hour).Unix()}))
}

func setOf(signers ...signer) string {
	var set jose.JSONWebKeySet
	for _, s := range signers {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: s.key.Public(), KeyID: s.kid, Algorithm: "EdDSA", Use: "sig"})
	}
	data, _ := json.Marshal(set)
	return string(data)
}

func mustJWKS(t *testing.T, where string) Source {
	return mustJWT(t, func(c *JWT) { set10(c, where) })
}

func TestJWKSRotation(t *testing.T) {
	i, one, two := newIssuer(t), newSigner("1"), newSigner("2")
	i.set.Store(setOf(one))
	src := mustJWKS(t, i.URL)
	if i.fetched.Load() != 0 {
		t.Fatal("fetched before anybody asked")
	}
	visit := func(s signer, d time.Duration) Answer {
		return ask(t, src, later(visitTo(nil, "/", "Cookie: jwt="+s.token(t)), d))
	}
	wantState(t, visit(one, 0), Known, "bob")
	wantState(t, visit(two, time.Second), Forged, "")
	i.set.Store(setOf(two))
	wantState(t, visit(two, 9*time.Second), Forged, "")
	wantState(t, visit(two, 10*time.Second), Known, "bob")
	wantState(t, visit(one, 11*time.Second), Forged, "")
	if n := i.fetched.Load(); n != 2 {
		t.Errorf("fetched %d times, want 2", n)
	}
	// A key that was taken out opens nothing once the set is fetched again,
	// though its token was believed before.
	i.set.Store(setOf(one))
	wantState(t, visit(two, 5*time.Minute), Known, "bob")
	wantState(t, visit(two, 12*time.Minute), Forged, "")
}

// Bad tokens are no way to have us hammer the issuer.
func TestJWKSFloor(t *testing.T) {
	i := newIssuer(t)
	i.set.Store(setOf(newSigner("1")))
	src := mustJWKS(t, i.URL)
	for range 50 {
		wantState(t, ask(t, src, visitTo(nil, "/", "Cookie: jwt="+newSigner("x").token(t))), Forged, "")
	}
	if n := i.fetched.Load(); n != 1 {
		t.Errorf("fetched %d times, want 1", n)
	}
}

func TestJWKSDown(t *testing.T) {
	i, one := newIssuer(t), newSigner("1")
	src := mustJWKS(t, i.URL)
	v := visitTo(nil, "/", "Cookie: jwt="+one.token(t))
	wantState(t, ask(t, src, v), Down, "")
	wantState(t, ask(t, src, later(v, time.Second)), Down, "")
	i.set.Store(setOf(one))
	wantState(t, ask(t, src, later(v, 10*time.Second)), Known, "bob")
	i.set.Store("")
	wantState(t, ask(t, src, later(v, 23*time.Hour)), Known, "bob")
	wantState(t, ask(t, src, later(v, 25*time.Hour)), Down, "")
}

// All who come while the set is fetched for the first time wait for it.
func TestJWKSFirstFetchIsShared(t *testing.T) {
	i, one := newIssuer(t), newSigner("1")
	i.set.Store(setOf(one))
	src := mustJWKS(t, i.URL)
	text := one.token(t)
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			v := later(visitTo(nil, "/", "Cookie: jwt="+text), time.Duration(n)*time.Millisecond)
			if a := ask(t, src, v); a.State != Known {
				t.Errorf("got %v (%v)", a.State, a.Err)
			}
		})
	}
	wg.Wait()
	if n := i.fetched.Load(); n != 1 {
		t.Errorf("fetched %d times, want 1", n)
	}
}

func TestJWKSRefusals(t *testing.T) {
	one := newSigner("1")
	v := visitTo(nil, "/", "Cookie: jwt="+one.token(t))
	for name, set := range map[string]string{
		"fail/over-long":    setOf(one) + strings.Repeat(" ", maxKeySet),
		"fail/too many":     `{"keys":[` + strings.Repeat(`{},`, maxKeys) + `{}]}`,
		"fail/no JSON":      "<html>",
		"fail/encryption":   strings.Replace(setOf(one), `"sig"`, `"enc"`, 1),
		"fail/other use":    strings.Replace(setOf(one), `"sig"`, `"sig","key_ops":["encrypt"]`, 1),
		"fail/other alg":    strings.Replace(setOf(one), `"alg":"EdDSA"`, `"alg":"ES256"`, 1),
		"fail/no keys":      `{}`,
		"fail/only secrets": `{"keys":[{"kty":"oct","kid":"1","k":"` + b64(theSecret) + `"}]}`,
	} {
		i := newIssuer(t)
		i.set.Store(set)
		if a := ask(t, mustJWKS(t, i.URL), v); a.State != Down {
			t.Errorf("%s: got %v", name, a.State)
		}
	}
	away := httptest.NewServer(http.RedirectHandler("http://issuer.example/keys", http.StatusFound))
	defer away.Close()
	if a := ask(t, mustJWKS(t, away.URL), v); a.State != Down || !strings.Contains(a.Err.Error(), "redirected away from https") {
		t.Errorf("redirect: got %v (%v)", a.State, a.Err)
	}
}

func TestJWKSFile(t *testing.T) {
	one, two := newSigner("1"), newSigner("2")
	file := filepath.Join(t.TempDir(), "keys.json")
	write := func(s string) {
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(setOf(one))
	src := mustJWKS(t, file)
	v := visitTo(nil, "/", "Cookie: jwt="+one.token(t))
	wantState(t, ask(t, src, v), Known, "bob")
	write("{")
	wantState(t, ask(t, src, later(v, time.Minute)), Known, "bob")
	write(setOf(two))
	wantState(t, ask(t, src, later(v, 2*time.Minute)), Forged, "")
}
