package identity

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const theSecret = "0123456789abcdef0123456789abcdef"

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// sign makes a token of any header and payload, well-formed or not.
func sign(t testing.TB, alg string, key any, header, payload string) string {
	t.Helper()
	text := b64(header) + "." + b64(payload)
	sig, err := jwt.GetSigningMethod(alg).Sign(text, key)
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func hs256(t testing.TB, payload string) string {
	return sign(t, "HS256", []byte(theSecret), `{"alg":"HS256","typ":"JWT"}`, payload)
}

// claimsOf is a good payload with changes; nil takes a claim away.
func claimsOf(changes map[string]any) string {
	c := map[string]any{"sub": "bob", "exp": theTime.Add(time.Hour).Unix(), "iat": theTime.Unix()}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	data, _ := json.Marshal(c)
	return string(data)
}

func mustJWT(t testing.TB, change func(*JWT)) Source {
	t.Helper()
	cfg := JWT{Cookie: "jwt", Header: "Authorization", Secret: theSecret, Facts: Claims{User: "sub"}}
	if change != nil {
		change(&cfg)
	}
	s, err := NewJWT(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJWTClaims(t *testing.T) {
	at := func(d time.Duration) int64 { return theTime.Add(d).Unix() }
	for name, tc := range map[string]struct {
		payload string
		want    State
	}{
		"ok/good":                    {claimsOf(nil), Known},
		"ok/fraction":                {`{"sub":"bob","exp":1772400000.5}`, Known},
		"ok/issuer of no interest":   {claimsOf(map[string]any{"iss": 7, "aud": false}), Known},
		"ok/unmapped duplicate-like": {claimsOf(map[string]any{"Sub2": "x", "email": 7}), Known},
		"ok/expired is absent":       {claimsOf(map[string]any{"exp": at(0)}), Absent},
		"ok/nobody":                  {claimsOf(map[string]any{"sub": ""}), Nobody},
		"ok/no user":                 {claimsOf(map[string]any{"sub": nil}), Nobody},
		"ok/user zero":               {claimsOf(map[string]any{"sub": "0"}), Nobody},
		"fail/no exp":                {claimsOf(map[string]any{"exp": nil}), Forged},
		"fail/exp text":              {claimsOf(map[string]any{"exp": "1999999999"}), Forged},
		"fail/exp null":              {`{"sub":"bob","exp":null}`, Forged},
		"fail/exp 0":                 {`{"sub":"bob","exp":0}`, Absent},
		"fail/exp negative":          {`{"sub":"bob","exp":-1}`, Forged},
		"fail/exp endless":           {`{"sub":"bob","exp":1e400}`, Forged},
		"fail/exp far":               {`{"sub":"bob","exp":1e18}`, Forged},
		"fail/iat in the future":     {claimsOf(map[string]any{"iat": at(time.Second)}), Forged},
		"fail/iat text":              {claimsOf(map[string]any{"iat": "0"}), Forged},
		"fail/nbf in the future":     {claimsOf(map[string]any{"nbf": at(time.Second)}), Forged},
		"fail/nbf list":              {claimsOf(map[string]any{"nbf": []int{0}}), Forged},
		"fail/user number":           {claimsOf(map[string]any{"sub": 7}), Forged},
		"fail/user list":             {claimsOf(map[string]any{"sub": []string{"bob"}}), Forged},
		"fail/user with line end":    {claimsOf(map[string]any{"sub": "bob\r\nX: y"}), Forged},
		"fail/duplicate":             {`{"sub":"mallory","sub":"bob","exp":1999999999}`, Forged},
		"fail/duplicate inside":      {`{"sub":"bob","exp":1999999999,"x":{"a":1,"a":2}}`, Forged},
		"fail/other case":            {`{"sub":"bob","exp":1,"EXP":1999999999}`, Forged},
		"fail/other case alone":      {`{"Sub":"bob","exp":1999999999}`, Forged},
		"fail/trailing data":         {`{"sub":"bob","exp":1999999999}{}`, Forged},
		"fail/null":                  {`null`, Forged},
		"fail/list":                  {`[{"sub":"bob","exp":1999999999}]`, Forged},
		"fail/empty":                 {``, Forged},
		"fail/not UTF-8":             {"{\"sub\":\"b\xff\",\"exp\":1999999999}", Forged},
	} {
		t.Run(name, func(t *testing.T) {
			a := ask(t, mustJWT(t, nil), visitTo(nil, "/", "Cookie: jwt="+hs256(t, tc.payload)))
			user := ""
			if tc.want == Known {
				user = "bob"
			}
			wantState(t, a, tc.want, user)
		})
	}
}

func TestJWTText(t *testing.T) {
	good := hs256(t, claimsOf(nil))
	head, rest, _ := strings.Cut(good, ".")
	payload, sig, _ := strings.Cut(rest, ".")
	header := func(h string) string { return sign(t, "HS256", []byte(theSecret), h, claimsOf(nil)) }
	none := b64(`{"alg":"none"}`) + "." + b64(claimsOf(nil)) + "."
	last := map[byte]string{}
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		last[byte(c)] = string(c)
	}
	for name, token := range map[string]string{
		"fail/none":               none,
		"fail/none with sig":      none + sig,
		"fail/None":               strings.Replace(none, b64(`{"alg":"none"}`), b64(`{"alg":"None"}`), 1),
		"fail/no alg":             header(`{"typ":"JWT"}`),
		"fail/alg list":           header(`{"alg":["HS256"]}`),
		"fail/alg in lower case":  header(`{"alg":"hs256"}`),
		"fail/other alg":          header(`{"alg":"HS512"}`),
		"fail/asymmetric alg":     header(`{"alg":"RS256"}`),
		"fail/duplicate alg":      header(`{"alg":"HS256","alg":"HS256"}`),
		"fail/Alg":                header(`{"Alg":"none","alg":"HS256"}`),
		"fail/crit":               header(`{"alg":"HS256","crit":["exp"],"exp":1}`),
		"fail/crit empty":         header(`{"alg":"HS256","crit":[]}`),
		"fail/b64":                header(`{"alg":"HS256","b64":false}`),
		"fail/typ":                header(`{"alg":"HS256","typ":"dpop+jwt"}`),
		"fail/typ of the gate":    header(`{"alg":"HS256","typ":"mfa-flag+jwt"}`),
		"fail/typ number":         header(`{"alg":"HS256","typ":1}`),
		"fail/nested":             header(`{"alg":"HS256","cty":"JWT"}`),
		"fail/compressed":         header(`{"alg":"HS256","zip":"DEF"}`),
		"fail/kid number":         header(`{"alg":"HS256","kid":1}`),
		"fail/header null":        header(`null`),
		"fail/header trailing":    header(`{"alg":"HS256"} x`),
		"fail/other secret":       sign(t, "HS256", []byte(theSecret+"x"), `{"alg":"HS256"}`, claimsOf(nil)),
		"fail/no signature":       head + "." + payload + ".",
		"fail/two parts":          head + "." + payload,
		"fail/four parts":         good + ".x",
		"fail/five parts":         good + ".x.y",
		"fail/many dots":          strings.Repeat(".", 16000),
		"fail/padding":            good + "=",
		"fail/padding inside":     head + "=." + payload + "." + sig,
		"fail/line end":           head + "." + payload + "." + sig[:9] + "\n" + sig[9:],
		"fail/carriage return":    head + "." + payload + "\r." + sig,
		"fail/standard alphabet":  head + "." + payload + "." + sig[:9] + "+" + sig[10:],
		"fail/spare bits":         good[:len(good)-1] + last[good[len(good)-1]+1],
		"fail/space":              good[:9] + " " + good[9:],
		"fail/over-long":          header(`{"alg":"HS256","x":"` + strings.Repeat("x", maxToken) + `"}`),
		"fail/deep":               header(`{"alg":"HS256","x":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`),
		"fail/payload exchanged":  head + "." + b64(claimsOf(map[string]any{"sub": "eve"})) + "." + sig,
		"fail/no token at all":    "x",
		"fail/one more byte":      good + "A",
		"fail/quoted":             `"` + good + `"`,
		"fail/other token's head": b64(`{"typ":"JWT","alg":"HS256"}`) + "." + payload + "." + sig,
	} {
		t.Run(name, func(t *testing.T) {
			a := ask(t, mustJWT(t, func(c *JWT) { c.Cookie, c.Header = "", "X-Token" }), visitTo(nil, "/", "X-Token: "+token))
			wantState(t, a, Forged, "")
		})
	}
	for name, token := range map[string]string{
		"ok/no typ": header(`{"alg":"HS256"}`), "ok/at+jwt": header(`{"alg":"HS256","typ":"AT+JWT"}`), "ok/kid": header(`{"alg":"HS256","kid":"a"}`), "ok/good": good,
	} {
		t.Run(name, func(t *testing.T) {
			wantState(t, ask(t, mustJWT(t, nil), visitTo(nil, "/", "Cookie: jwt="+token)), Known, "bob")
		})
	}
}

func TestJWTWhere(t *testing.T) {
	bob, eve := hs256(t, claimsOf(nil)), hs256(t, claimsOf(map[string]any{"sub": "eve"}))
	old := hs256(t, claimsOf(map[string]any{"exp": 1700000000, "iat": nil}))
	for name, tc := range map[string]struct {
		headers []string
		want    State
	}{
		"ok/cookie":                   {[]string{"Cookie: a=1; jwt=" + bob}, Known},
		"ok/bearer":                   {[]string{"Authorization: bearer " + bob}, Known},
		"ok/both":                     {[]string{"Cookie: jwt=" + bob, "Authorization: Bearer " + bob}, Known},
		"ok/expired beside good":      {[]string{"Cookie: jwt=" + old, "Authorization: Bearer " + bob}, Known},
		"ok/none":                     {nil, Absent},
		"ok/other scheme":             {[]string{"Authorization: Basic " + bob}, Absent},
		"ok/empty cookie":             {[]string{"Cookie: jwt="}, Absent},
		"fail/two people":             {[]string{"Cookie: jwt=" + bob, "Authorization: Bearer " + eve}, Conflict},
		"fail/forged beside good":     {[]string{"Cookie: jwt=" + bob, "Authorization: Bearer " + eve + "x"}, Conflict},
		"fail/cookie twice":           {[]string{"Cookie: jwt=" + bob + "; jwt=" + eve}, Conflict},
		"fail/cookie twice, one line": {[]string{"Cookie: jwt=" + bob + ",jwt=" + eve}, Conflict},
		"fail/cookie twice, spelled":  {[]string{"Cookie: jwt=" + bob, "Cookie: J%57T=" + eve}, Conflict},
		"fail/header twice":           {[]string{"Authorization: Bearer " + bob, "Authorization: Bearer " + eve}, Conflict},
		"fail/two in a header":        {[]string{"Authorization: Bearer " + bob + ", Bearer " + eve}, Forged},
	} {
		t.Run(name, func(t *testing.T) {
			a := ask(t, mustJWT(t, nil), visitTo(nil, "/", tc.headers...))
			if a.State != tc.want {
				t.Errorf("got %v (%v), want %v", a.State, a.Err, tc.want)
			}
		})
	}
}

func TestJWTTwoTenants(t *testing.T) {
	src := mustJWT(t, func(c *JWT) { c.Facts.Tenant = "org" })
	silva, costa := hs256(t, claimsOf(map[string]any{"org": "silva"})), hs256(t, claimsOf(map[string]any{"org": "costa"}))
	if a := ask(t, src, visitTo(nil, "/", "Cookie: jwt="+silva, "Authorization: Bearer "+costa)); a.State != Conflict {
		t.Errorf("got %v", a.State)
	}
}

func TestJWTRemembered(t *testing.T) {
	src := mustJWT(t, nil)
	v := visitTo(nil, "/", "Cookie: jwt="+hs256(t, claimsOf(nil)))
	wantState(t, ask(t, src, v), Known, "bob")
	wantState(t, ask(t, src, later(v, time.Hour-time.Second)), Known, "bob")
	wantState(t, ask(t, src, later(v, time.Hour)), Absent, "")
	if n := len(src.(*token).seen.entries); n != 1 {
		t.Errorf("%d tokens remembered", n)
	}
	ask(t, src, visitTo(nil, "/", "Cookie: jwt=x"+hs256(t, claimsOf(nil))))
	if n := len(src.(*token).seen.entries); n != 1 {
		t.Errorf("a bad token is remembered")
	}
}

func TestJWTIssuerAudienceLeeway(t *testing.T) {
	src := mustJWT(t, func(c *JWT) {
		c.Issuer, c.Audience, c.Leeway = []string{"https://i"}, []string{"app", "old"}, time.Minute
	})
	for name, tc := range map[string]struct {
		claims map[string]any
		want   State
	}{
		"ok/text":            {map[string]any{"iss": "https://i", "aud": "app"}, Known},
		"ok/list":            {map[string]any{"iss": "https://i", "aud": []string{"x", "old"}}, Known},
		"ok/leeway":          {map[string]any{"iss": "https://i", "aud": "app", "exp": theTime.Add(-59 * time.Second).Unix(), "iat": theTime.Add(time.Minute).Unix()}, Known},
		"ok/beyond leeway":   {map[string]any{"iss": "https://i", "aud": "app", "exp": theTime.Add(-time.Minute).Unix()}, Absent},
		"fail/iat":           {map[string]any{"iss": "https://i", "aud": "app", "iat": theTime.Add(61 * time.Second).Unix()}, Forged},
		"fail/no issuer":     {map[string]any{"aud": "app"}, Forged},
		"fail/issuer":        {map[string]any{"iss": "https://i/", "aud": "app"}, Forged},
		"fail/issuer list":   {map[string]any{"iss": []string{"https://i"}, "aud": "app"}, Forged},
		"fail/no audience":   {map[string]any{"iss": "https://i"}, Forged},
		"fail/audience":      {map[string]any{"iss": "https://i", "aud": []string{"x"}}, Forged},
		"fail/mixed list":    {map[string]any{"iss": "https://i", "aud": []any{"app", 1}}, Forged},
		"fail/audience none": {map[string]any{"iss": "https://i", "aud": ""}, Forged},
	} {
		a := ask(t, src, visitTo(nil, "/", "Cookie: jwt="+hs256(t, claimsOf(tc.claims))))
		if a.State != tc.want {
			t.Errorf("%s: got %v (%v), want %v", name, a.State, a.Err, tc.want)
		}
	}
}

func TestJWTFacts(t *testing.T) {
	src := mustJWT(t, func(c *JWT) {
		c.Facts = Claims{"sub", "email", "u.name", "org", "https://x/roles", "sid", "amr", "acr", "auth_time"}
	})
	read := func(claims map[string]any) Person {
		return ask(t, src, visitTo(nil, "/", "Cookie: jwt="+hs256(t, claimsOf(claims)))).Person
	}
	p := read(map[string]any{"email": "b@x", "u": map[string]any{"name": "Bob"}, "org": "silva", "https://x/roles": []string{"a"}, "sid": "s", "amr": []string{"pwd", "mfa"}, "acr": "2", "auth_time": 1772366000})
	if p.Email != "b@x" || p.Name != "Bob" || p.Tenant != "silva" || len(p.Roles) != 1 || p.Session != "s" || len(p.Methods) != 2 || p.ACR != "2" || p.Time.Unix() != 1772366000 {
		t.Errorf("got %+v", p)
	}
	p = read(map[string]any{"email": 7, "org": 7, "sid": []int{7}, "amr": "mfa", "auth_time": "1772366000"})
	if p.Email != "" || p.Tenant != WrongTenant || p.Session != "" || p.Methods != nil || !p.Time.IsZero() {
		t.Errorf("values of the wrong type were read: %+v", p)
	}
	if p = read(map[string]any{"amr": []any{"mfa", 1}}); p.Methods != nil {
		t.Errorf("a list that is not all texts was read: %q", p.Methods)
	}
}
