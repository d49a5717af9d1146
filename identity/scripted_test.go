package identity

import (
	"context"
	"testing"
)

// Where only a script of the page sends the token, a request without it says
// nothing of who sits at the browser; where a cookie would have come, it says
// that nobody does.
func TestSilence(t *testing.T) {
	bearer := mustJWT(t, func(c *JWT) { c.Cookie = "" })
	either := mustJWT(t, nil)
	for name, tc := range map[string]struct {
		sources []Source
		headers []string
		want    bool
	}{
		"ok/a page opened":           {[]Source{bearer}, nil, true},
		"ok/two tokens of scripts":   {[]Source{bearer, bearer}, nil, true},
		"fail/a bad token":           {[]Source{bearer}, []string{"Authorization: Bearer x.y.z"}, false},
		"fail/a cookie could come":   {[]Source{either}, nil, false},
		"fail/one of two could come": {[]Source{bearer, either}, nil, false},
		"fail/the app could be told": {[]Source{mustWhoAmI(t, nil)}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			res := (&Chain{Sources: tc.sources}).Identify(context.Background(), visitTo(nil, "/", tc.headers...))
			if res.State != Nobody || res.Silent != tc.want {
				t.Errorf("%v, silent %v, want %v", res.State, res.Silent, tc.want)
			}
		})
	}
}

// A number tells one sign-in from the next in a token as well, but names nobody.
func TestNumbersAsSession(t *testing.T) {
	src := mustJWT(t, func(c *JWT) { c.Header, c.Facts.Session = "", "iat" })
	a := ask(t, src, visitTo(nil, "/", "Cookie: jwt="+hs256(t, claimsOf(map[string]any{"iat": 1700000001}))))
	if a.State != Known || a.Person.Session != "1700000001" {
		t.Errorf("%v, session %q", a.State, a.Person.Session)
	}
	src = mustJWT(t, func(c *JWT) { c.Header, c.Facts.User = "", "iat" })
	if a := ask(t, src, visitTo(nil, "/", "Cookie: jwt="+hs256(t, claimsOf(map[string]any{"iat": 1700000001})))); a.State == Known {
		t.Errorf("a number is the user %q", a.Person.User)
	}
}
