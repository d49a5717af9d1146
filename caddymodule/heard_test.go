package caddymodule

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// An app that has changed a password has changed it, also where its answer comes so
// late that the form which opened the page can no longer be looked into, and nobody
// gets to see it.
func TestHeard_OfAnAnswerThatIsRefused(t *testing.T) {
	s := start(t, strings.Replace(offices, "logout /logout", "logout /logout\npassword /account/password", 1), map[string]string{"policy.yaml": `version: 1
tenants:
  silva:
    name: Silva
    require: mfa
    protect: [/documents, /account]
    allow: [{path: /account/password, query: {step: "2"}}]
`})
	s.app.setTenant("bob", "silva")
	b := s.signedIn("bob").enroll()
	b.get("/documents/1").want(200)
	other := s.signedIn("bob")
	after := time.Duration(0)
	s.app.handle = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/account/password" {
			advance(t, after)
		}
		return r.URL.Path == "/account/password"
	}
	for i, c := range []struct {
		takes  time.Duration
		status int
	}{{0, 200}, {longAfter + time.Second, 403}} {
		after = c.takes
		other.send("POST", "/account/password?step=2", "new=x", "Accept", "application/json", "Content-Type", "application/x-www-form-urlencoded").want(c.status)
		b.get("/documents/1", "Accept", "application/json").want(403).reason("verify")
		b.call("POST", "/.mfa/api/verify/codes/verify", map[string]any{"code": b.codes[i]}).want(200)
		b.get("/documents/1").want(200)
	}
}

// A change under way ends with its request also where the app gave no answer: else
// the app would be asked again about each answer that the visitor gets.
func TestHeard_OfNoAnswer(t *testing.T) {
	s := start(t, strings.Replace(simple, "logout /logout", "logout /logout\npassword /account/password\ncookies sid\ncache 30s", 1), nil)
	b := s.signedIn("bob").enroll()
	s.app.handle = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/account/password" {
			panic(http.ErrAbortHandler)
		}
		return false
	}
	b.send("POST", "/account/password", "new=x").want(502)
	b.get("/documents/1").want(200)
	before := s.app.questions()
	for range 3 {
		b.get("/documents/1").want(200)
	}
	if n := s.app.questions() - before; n != 0 {
		t.Errorf("the app was asked %d times for 3 requests", n)
	}
}
