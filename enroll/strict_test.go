package enroll

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// forge signs what it likes with the real key: what the strict reader refuses
// even so shows that the header alone decides.
func forge(t testing.TB, w *world, header, payload string) string {
	t.Helper()
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(payload))
	sig, err := jwt.SigningMethodHS256.Sign(text, w.keys.newest().purpose[forFlag])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + enc.EncodeToString(sig)
}

func TestStrictTokens(t *testing.T) {
	w := newWorld(t)
	now := w.clock.now()
	token, err := w.SignFlag(w.flag("bob"))
	w.ok(err)
	parts := strings.Split(token, ".")
	head, _ := base64.RawURLEncoding.DecodeString(parts[0])
	body, _ := base64.RawURLEncoding.DecodeString(parts[1])
	header, payload := string(head), string(body)
	if forge(t, w, header, payload) != token {
		t.Fatal("the forger does not forge")
	}
	edit := func(old, new string) string {
		if !strings.Contains(payload, old) {
			t.Fatalf("%s has no %s", payload, old)
		}
		return strings.Replace(payload, old, new, 1)
	}
	var c claims
	if err := json.Unmarshal(body, &c); err != nil {
		t.Fatal(err)
	}
	exp, _ := json.Marshal(c.Expires)
	iat, _ := json.Marshal(c.Issued)
	kid := w.keys.newest().id
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"` + kid + `","typ":"mfa-flag+jwt"}`))
	for name, bad := range map[string]string{
		"fail/empty":             "",
		"fail/dots":              "..",
		"fail/many dots":         strings.Repeat(".", 4000),
		"fail/four parts":        token + "." + parts[2],
		"fail/huge":              token + strings.Repeat("A", 5000),
		"fail/no signature":      parts[0] + "." + parts[1] + ".",
		"fail/alg none":          none + "." + parts[1] + ".",
		"fail/none, signed":      none + "." + parts[1] + "." + parts[2],
		"fail/other alg":         forge(t, w, `{"alg":"HS512","kid":"`+kid+`","typ":"mfa-flag+jwt"}`, payload),
		"fail/crit":              forge(t, w, `{"alg":"HS256","crit":["exp"],"kid":"`+kid+`","typ":"mfa-flag+jwt"}`, payload),
		"fail/b64":               forge(t, w, `{"alg":"HS256","b64":false,"kid":"`+kid+`","typ":"mfa-flag+jwt"}`, payload),
		"fail/jku":               forge(t, w, `{"alg":"HS256","jku":"https://evil.example","kid":"`+kid+`","typ":"mfa-flag+jwt"}`, payload),
		"fail/other typ":         forge(t, w, `{"alg":"HS256","kid":"`+kid+`","typ":"JWT"}`, payload),
		"fail/no kid":            forge(t, w, `{"alg":"HS256","typ":"mfa-flag+jwt"}`, payload),
		"fail/other kid":         forge(t, w, `{"alg":"HS256","kid":"00000000","typ":"mfa-flag+jwt"}`, payload),
		"fail/spaces in header":  forge(t, w, `{"alg":"HS256", "kid":"`+kid+`","typ":"mfa-flag+jwt"}`, payload),
		"fail/two alg":           forge(t, w, `{"alg":"HS256","alg":"none","kid":"`+kid+`","typ":"mfa-flag+jwt"}`, payload),
		"fail/no exp":            forge(t, w, header, edit(`,"exp":`+string(exp), ``)),
		"fail/exp a string":      forge(t, w, header, edit(`"exp":`+string(exp), `"exp":"`+string(exp)+`"`)),
		"fail/exp null":          forge(t, w, header, edit(`"exp":`+string(exp), `"exp":null`)),
		"fail/exp far":           forge(t, w, header, edit(`"exp":`+string(exp), `"exp":99999999999`)),
		"fail/exp huge":          forge(t, w, header, edit(`"exp":`+string(exp), `"exp":1e30`)),
		"fail/no iat":            forge(t, w, header, edit(`,"iat":`+string(iat), ``)),
		"fail/no proof":          forge(t, w, header, edit(`,"auth_time":`+string(iat), ``)),
		"fail/proof in future":   forge(t, w, header, edit(`"auth_time":`+string(iat), `"auth_time":`+string(exp))),
		"fail/no user":           forge(t, w, header, edit(`"sub":"bob"`, `"sub":""`)),
		"fail/user a number":     forge(t, w, header, edit(`"sub":"bob"`, `"sub":7`)),
		"fail/no id":             forge(t, w, header, edit(`"jti":"`+c.ID+`"`, `"jti":""`)),
		"fail/other audience":    forge(t, w, header, edit(`/default"`, `/other"`)),
		"fail/list of audiences": forge(t, w, header, edit(`"aud":"`+c.Audience+`"`, `"aud":["`+c.Audience+`"]`)),
		"fail/null":              forge(t, w, header, `null`),
		"fail/list":              forge(t, w, header, `[]`),
		"fail/trailing data":     forge(t, w, header, payload+`{}`),
		"fail/line end":          parts[0] + "." + parts[1] + "." + parts[2] + "\n",
		"fail/line end inside":   parts[0] + "." + parts[1] + "." + parts[2][:10] + "\n" + parts[2][10:],
		"fail/padding":           token + "=",
		"fail/changed payload":   parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(edit("bob", "eve"))) + "." + parts[2],
	} {
		t.Run(name, func(t *testing.T) {
			if f, err := w.ReadFlag(bad, "default", now); err != ErrToken {
				t.Fatalf("got %+v, %v", f, err)
			}
		})
	}
	// The last character of a signature has two bits that say nothing.
	last := token[len(token)-1]
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		if byte(c) == last {
			continue
		}
		if _, err := w.ReadFlag(token[:len(token)-1]+string(c), "default", now); err != ErrToken {
			t.Fatalf("a second spelling counts: %c for %c", c, last)
		}
	}
	if w.seen.len() != 0 {
		t.Fatal("a bad token is remembered")
	}
}

func FuzzReadFlag(f *testing.F) {
	w := newWorld(f)
	token, err := w.SignFlag(w.flag("bob"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add(strings.Replace(token, ".", "..", 1))
	f.Add("e30.e30.e30")
	f.Fuzz(func(t *testing.T, in string) {
		got, err := w.ReadFlag(in, "default", w.clock.now())
		if (err == nil) != (in == token) || (got != nil) != (err == nil) {
			t.Fatalf("%q: %v, %v", in, got, err)
		}
	})
}
