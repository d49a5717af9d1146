package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/pquerna/otp/totp"
)

// jwtSecret is that of the tokens with HS256.
const jwtSecret = "a secret of the bench alone, 32 bytes or more"

// signer is the key of the tokens with EdDSA.
var signer = func() (k struct {
	private ed25519.PrivateKey
	public  string // PEM
}) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		panic(err)
	}
	k.private, k.public = private, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	return k
}()

// token is one of bob, good for an hour, that names the methods by which he is said
// to have proved who he is.
func token(method jwt.SigningMethod, key any, amr ...string) string {
	claims := jwt.MapClaims{"sub": "bob", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix()}
	if len(amr) > 0 {
		claims["amr"] = amr
	}
	t, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		panic(err)
	}
	return t
}

// flagged enrols a user as a person would and returns a request with the flag, for
// one page where none is named.
func flagged(p *proc, session string, paths ...string) (request, error) {
	if len(paths) == 0 {
		paths = []string{"/documents/1"}
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return request{}, err
	}
	here := &url.URL{Scheme: "http", Host: p.addr, Path: "/"}
	name, value, _ := strings.Cut(session, "=")
	jar.SetCookies(here, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
	client := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	call := func(path string, in, out any) error {
		body, err := json.Marshal(in)
		if err != nil {
			return err
		}
		req, err := http.NewRequest(http.MethodPost, "http://"+p.addr+path, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json")
		req.Header.Set("Origin", "http://"+p.addr)
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: status %d: %.300s", path, res.StatusCode, text)
		}
		return json.Unmarshal(text, out)
	}
	var begun struct{ Secret string }
	if err := call("/.mfa/api/methods/totp", map[string]any{}, &begun); err != nil {
		return request{}, err
	}
	code, err := totp.GenerateCode(strings.ReplaceAll(begun.Secret, " ", ""), time.Now())
	if err != nil {
		return request{}, err
	}
	if err := call("/.mfa/api/methods/totp/verify", map[string]any{"code": code, "name": "bench"}, &struct{}{}); err != nil {
		return request{}, err
	}
	var cookies []string
	for _, c := range jar.Cookies(here) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	r := asking(p.addr, "Cookie: "+strings.Join(cookies, "; ")+"\r\n", http.StatusOK, paths...)
	r.plain = asking(p.addr, "Cookie: "+session+"\r\n", http.StatusOK, paths...).texts
	return r, nil
}
