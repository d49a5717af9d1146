package attack

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

const jwtSecret = "0123456789abcdef0123456789abcdef"

func token(header, claims, key string) string {
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64([]byte(header)) + "." + b64([]byte(claims))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return text + "." + b64(mac.Sum(nil))
}

// TestDesign_C12_TwoIdentities: mallory's token beside bob's session, in whichever order
// the site asks, is two people; a forged token beside a session is no token that is
// simply not there.
func TestDesign_C12_TwoIdentities(t *testing.T) {
	const byToken = "identity jwt {\n\t\t\tcookie jwt\n\t\t\tsecret " + jwtSecret + "\n\t\t\talgorithms HS256\n\t\t\tuser sub\n\t\t}"
	for name, both := range map[string]string{"the session first": "%WHOAMI%\n\t\t" + byToken, "the token first": byToken + "\n\t\t%WHOAMI%"} {
		t.Run(name, func(t *testing.T) {
			s := start(t, oneHost, strings.Replace(plainSite, "%WHOAMI%", both, 1))
			exp := time.Now().Add(time.Hour).Unix()
			claims := func(user string) string {
				b, _ := json.Marshal(map[string]any{"sub": user, "exp": exp})
				return string(b)
			}
			hs := `{"alg":"HS256","typ":"JWT"}`
			good := token(hs, claims("mallory"), jwtSecret)
			m := s.visitor("office.test", "mallory").enrol()
			if a := raw(t, s.addr, message("GET", documents, "office.test", m.cookies()+"; jwt="+good)); a.status != 200 {
				t.Fatalf("both say mallory: %d %s", a.status, a.reason())
			}
			flag := m.cookie("mfa")
			beside := func(name, jwt string) {
				t.Helper()
				raw(t, s.addr, message("GET", documents, "office.test", "Cookie: sid=bob; jwt="+jwt+"; mfa="+flag))
				raw(t, s.addr, message("GET", documents, "office.test", "Cookie: jwt="+jwt+"; mfa="+flag+"; sid=bob"))
				s.clean(name + " beside bob's session")
			}
			beside("a good one", good) // first: once somebody else is known, the flag is over
			forged := map[string]string{"wrong key": token(hs, claims("mallory"), "x"), "none": token(`{"alg":"none"}`, claims("mallory"), jwtSecret), "HS512 by name": token(`{"alg":"HS512"}`, claims("mallory"), jwtSecret),
				"RS256 by name": token(`{"alg":"RS256"}`, claims("mallory"), jwtSecret), "no exp": token(hs, `{"sub":"mallory"}`, jwtSecret), "twice": token(hs, `{"sub":"bob","sub":"mallory","exp":9999999999}`, jwtSecret), "crit": token(`{"alg":"HS256","crit":["x"],"x":1}`, claims("mallory"), jwtSecret)}
			for name, j := range forged {
				beside(name, j)
			}
			for name, j := range forged {
				if a := raw(t, s.addr, message("GET", documents, "office.test", "Cookie: jwt="+j+"; mfa="+flag)); a.status == 200 {
					t.Errorf("%s passes alone", name)
				}
			}
		})
	}
}

// issuer is a provider with keys of every kind, and a page that lists them.
type issuer struct {
	rsa   *rsa.PrivateKey
	other *rsa.PrivateKey // not in the list
	ec    *ecdsa.PrivateKey
	ed    ed25519.PrivateKey
	list  []byte // JWKS
	pem   []byte // of the RSA key
	asked atomic.Int64
	evil  *httptest.Server // where a token's own header may point
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{}
	var err1, err2, err3, err4 error
	i.rsa, err1 = rsa.GenerateKey(rand.Reader, 2048)
	i.other, err2 = rsa.GenerateKey(rand.Reader, 2048)
	i.ec, err3 = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, i.ed, err4 = ed25519.GenerateKey(rand.Reader)
	der, err5 := x509.MarshalPKIXPublicKey(&i.rsa.PublicKey)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	i.pem = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: &i.rsa.PublicKey, KeyID: "r", Use: "sig"}, {Key: &i.ec.PublicKey, KeyID: "e", Use: "sig"}, {Key: i.ed.Public(), KeyID: "d", Use: "sig"},
	}}
	if i.list, err1 = json.Marshal(set); err1 != nil {
		t.Fatal(err1)
	}
	evil, _ := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &i.other.PublicKey, KeyID: "r", Use: "sig"}}})
	i.evil = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i.asked.Add(1)
		_, _ = w.Write(evil)
	}))
	t.Cleanup(i.evil.Close)
	return i
}

// sign makes a token whose header is what the attacker likes and whose
// signature is that of a method, with whatever key that takes.
func sign(t *testing.T, header, claims string, m jwt.SigningMethod, key any) string {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	sig, err := m.Sign(text, key)
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// TestAdvisory_CVE_2016_5431_NoKeyIsTakenForAnother: a public key is a secret
// that everybody knows, and a token's own header chooses no key (also
// CVE-2015-9235, CVE-2018-0114, CVE-2022-21449; RFC 8725 3.1, 3.10).
func TestAdvisory_CVE_2016_5431_NoKeyIsTakenForAnother(t *testing.T) {
	i := newIssuer(t)
	claims := fmt.Sprintf(`{"sub":"mallory","iss":"https://id.test","aud":"gate","exp":%d}`, time.Now().Add(time.Hour).Unix())
	none := base64.RawURLEncoding.EncodeToString
	der, _ := x509.MarshalPKIXPublicKey(&i.rsa.PublicKey)
	forged := map[string]string{
		"none": none([]byte(`{"alg":"none","kid":"r"}`)) + "." + none([]byte(claims)) + ".", "none, other case": none([]byte(`{"alg":"nOnE","kid":"r"}`)) + "." + none([]byte(claims)) + ".",
		"another key under the same kid": sign(t, `{"alg":"RS256","kid":"r"}`, claims, jwt.SigningMethodRS256, i.other), "another key, no kid": sign(t, `{"alg":"RS256"}`, claims, jwt.SigningMethodRS256, i.other),
		"a zero signature": none([]byte(`{"alg":"ES256","kid":"e"}`)) + "." + none([]byte(claims)) + "." + none(make([]byte, 64)), "a zero Ed25519 signature": none([]byte(`{"alg":"EdDSA","kid":"d"}`)) + "." + none([]byte(claims)) + "." + none(make([]byte, 64)),
		"RS256 said, ES256 done": sign(t, `{"alg":"RS256","kid":"e"}`, claims, jwt.SigningMethodES256, i.ec), "ES256 said of the RSA key": sign(t, `{"alg":"ES256","kid":"r"}`, claims, jwt.SigningMethodES256, i.ec),
		"another audience": sign(t, `{"alg":"RS256","kid":"r"}`, strings.Replace(claims, `"gate"`, `"shop"`, 1), jwt.SigningMethodRS256, i.rsa), "another issuer": sign(t, `{"alg":"RS256","kid":"r"}`, strings.Replace(claims, "id.test", "evil.test", 1), jwt.SigningMethodRS256, i.rsa),
		"no audience": sign(t, `{"alg":"RS256","kid":"r"}`, strings.Replace(claims, `"aud":"gate",`, "", 1), jwt.SigningMethodRS256, i.rsa), "unknown kid": sign(t, `{"alg":"RS256","kid":"../../dev/null"}`, claims, jwt.SigningMethodRS256, i.other),
	}
	for name, secret := range map[string][]byte{
		"PEM": i.pem, "PEM without its last line end": bytes.TrimSpace(i.pem), "DER": der, "the list": i.list, "the modulus": i.rsa.N.Bytes(), "the modulus as text": []byte(none(i.rsa.N.Bytes())), "the Ed25519 key": i.ed.Public().(ed25519.PublicKey), "nothing": {}, "a zero": {0},
	} {
		for kid := range strings.FieldsSeq("r e d x") {
			forged["HMAC with "+name+", kid "+kid] = sign(t, `{"alg":"HS256","kid":"`+kid+`"}`, claims, jwt.SigningMethodHS256, secret)
		}
	}
	own, _ := json.Marshal(jose.JSONWebKey{Key: &i.other.PublicKey, KeyID: "r"})
	for name, header := range map[string]string{
		"jwk": `"jwk":` + string(own), "jku": `"jku":"` + i.evil.URL + `"`, "x5u": `"x5u":"` + i.evil.URL + `"`, "kid that is an address": `"kid":"` + i.evil.URL + `"`, "kid of a file": `"kid":"/dev/null"`, "kid that is SQL": `"kid":"' UNION SELECT 'x"`,
	} {
		forged[name] = sign(t, `{"alg":"RS256",`+header+`}`, claims, jwt.SigningMethodRS256, i.other)
		forged["HMAC, "+name] = sign(t, `{"alg":"HS256",`+header+`}`, claims, jwt.SigningMethodHS256, []byte{})
	}
	good := map[string]string{
		"RS256": sign(t, `{"alg":"RS256","kid":"r"}`, claims, jwt.SigningMethodRS256, i.rsa), "ES256": sign(t, `{"alg":"ES256","kid":"e","typ":"at+jwt"}`, claims, jwt.SigningMethodES256, i.ec),
		"EdDSA": sign(t, `{"alg":"EdDSA","kid":"d","typ":"JWT"}`, claims, jwt.SigningMethodEdDSA, i.ed),
	}
	for name, key := range map[string]string{"jwks": "jwks %DIR%/keys.json", "public_key": "public_key %DIR%/key.pem"} {
		t.Run(name, func(t *testing.T) {
			s := &site{t: t, app: newApp(t), dir: t.TempDir()}
			write(t, s.dir+"/keys.json", string(i.list))
			write(t, s.dir+"/key.pem", string(i.pem))
			conf := strings.Replace(plainSite, "%WHOAMI%", "identity jwt {\n\t\t\tcookie jwt\n\t\t\theader Authorization\n\t\t\t"+key+"\n\t\t\tissuer https://id.test\n\t\t\taudience gate\n\t\t\tuser sub\n\t\t}", 1)
			s.run(oneHost, conf)
			s.app.do(func() { s.app.users["x"] = "bob" })
			for what, token := range forged {
				for _, line := range []string{"Cookie: sid=x; jwt=" + token, "Cookie: sid=x\r\nAuthorization: Bearer " + token} {
					if a := raw(t, s.addr, message("GET", documents, "office.test", line)); a.status != 401 {
						t.Errorf("%s: %d %s, want 401", what, a.status, a.reason())
					}
				}
			}
			s.clean("a forged token")
			for what, token := range good {
				if name == "public_key" && what != "RS256" {
					continue
				}
				if a := raw(t, s.addr, message("GET", documents, "office.test", "Cookie: jwt="+token)); a.reason() != "enroll" {
					t.Errorf("%s itself: %d %s, want enroll", what, a.status, a.reason())
				}
			}
		})
	}
	if n := i.asked.Load(); n != 0 {
		t.Errorf("a token had keys fetched %d times", n)
	}
}

// TestDesign_M10_KeysOfOthersNeedTheirNames: with a list of keys any client's token
// would be an identity, unless issuer and audience are said; and a list is
// fetched in clear by nobody.
func TestDesign_M10_KeysOfOthersNeedTheirNames(t *testing.T) {
	for name, c := range map[string]struct{ lines, want string }{
		"no issuer":              {"jwks https://id.test/keys\naudience a", "'jwks' needs 'issuer' and 'audience'"},
		"no audience":            {"jwks https://id.test/keys\nissuer a", "'jwks' needs 'issuer' and 'audience'"},
		"in clear":               {"jwks http://id.test/keys\nissuer a\naudience b", "https"},
		"two kinds of keys":      {"jwks https://id.test/keys\nissuer a\naudience b\nsecret " + jwtSecret, "keys of two kinds"},
		"HMAC with a public key": {"public_key /x.pem\nalgorithms HS256", "does not fit the key"},
		"RSA with a secret":      {"secret " + jwtSecret + "\nalgorithms RS256", "does not fit the key"},
		"none":                   {"secret " + jwtSecret + "\nalgorithms none", "does not fit the key"},
		"no key":                 {"issuer a", "has no key"},
		"short secret":           {"secret short", "secret"},
	} {
		dir := t.TempDir()
		write(t, dir+"/policy.yaml", oneHost)
		conf, _, err := adapt(dir, fill(global+strings.Replace(plainSite, "%WHOAMI%", "identity jwt {\ncookie jwt\nuser sub\n"+c.lines+"\n}", 1), dir, "127.0.0.1:9"))
		if err == nil {
			var cfg caddy.Config
			if err = json.Unmarshal(conf, &cfg); err == nil {
				err = caddy.Validate(&cfg)
			}
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
