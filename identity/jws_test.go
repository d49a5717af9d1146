package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"testing"
)

// Every kind of key opens its own algorithms, and no other's.
func TestJWTAlgorithms(t *testing.T) {
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	ec256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ec384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	public := func(k crypto.Signer) string {
		der, _ := x509.MarshalPKIXPublicKey(k.Public())
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	for alg, k := range map[string]crypto.Signer{"RS256": rsaKey, "PS384": rsaKey, "ES256": ec256, "ES384": ec384, "EdDSA": ed} {
		text := sign(t, alg, k, `{"alg":"`+alg+`"}`, claimsOf(nil))
		for other, o := range map[string]crypto.Signer{"RS256": rsaKey, "ES256": ec256, "ES384": ec384, "EdDSA": ed} {
			src := mustJWT(t, func(c *JWT) { c.Secret, c.PublicKeys = "", []string{public(o)} })
			want := Forged
			if public(o) == public(k) {
				want = Known
			}
			if a := ask(t, src, visitTo(nil, "/", "Cookie: jwt="+text)); a.State != want {
				t.Errorf("%s with the key of %s: got %v, want %v", alg, other, a.State, want)
			}
		}
		narrowed, err := NewJWT(JWT{Cookie: "jwt", PublicKeys: []string{public(rsaKey)}, Algorithms: []string{"RS512"}, Facts: Claims{User: "sub"}})
		if err != nil {
			t.Fatal(err)
		}
		wantState(t, ask(t, narrowed, visitTo(nil, "/", "Cookie: jwt="+text)), Forged, "")
		// The public key as an HMAC secret: the classic confusion.
		confused := sign(t, "HS256", []byte(public(k)), `{"alg":"HS256"}`, claimsOf(nil))
		src := mustJWT(t, func(c *JWT) { c.Secret, c.PublicKeys = "", []string{public(k)} })
		wantState(t, ask(t, src, visitTo(nil, "/", "Cookie: jwt="+confused)), Forged, "")
	}
}

// RFC 7518 3.5: the salt of PS256 is as long as its hash.
func TestJWTSaltLength(t *testing.T) {
	k, _ := rsa.GenerateKey(rand.Reader, 2048)
	der, _ := x509.MarshalPKIXPublicKey(k.Public())
	src := mustJWT(t, func(c *JWT) {
		c.Secret, c.PublicKeys = "", []string{string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}
	})
	text := b64(`{"alg":"PS256"}`) + "." + b64(claimsOf(nil))
	sum := sha256.Sum256([]byte(text))
	for length, want := range map[int]State{32: Known, 31: Forged, 20: Forged} {
		opts := &rsa.PSSOptions{SaltLength: length, Hash: crypto.SHA256}
		sig, err := k.Sign(rand.Reader, sum[:], opts)
		if err != nil {
			t.Fatal(err)
		}
		if a := ask(t, src, visitTo(nil, "/", "Cookie: jwt="+text+"."+base64.RawURLEncoding.EncodeToString(sig))); a.State != want {
			t.Errorf("salt of %d bytes: got %v, want %v", length, a.State, want)
		}
	}
}

// A key is used with its own algorithms even where a keyring offers it for
// another.
func TestJWSOpenHoldsKeysToTheirAlgorithms(t *testing.T) {
	j, err := parseJWS(hs256(t, claimsOf(nil)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.open([]key{{key: []byte(theSecret), algs: []string{"HS512"}}}); err == nil {
		t.Error("a key for HS512 opens a token of HS256")
	}
	if _, err := j.open([]key{{key: []byte(theSecret), algs: []string{"HS256"}}}); err != nil {
		t.Error(err)
	}
}
