package caddymodule

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// A browser sends a password of itself only below an address that asked for it.
// The request it sends elsewhere first must be asked too, whatever its method,
// and is no sign-out.
func TestAnAppThatSignsInByBasic(t *testing.T) {
	s := start(t, strings.Replace(simple, "protect", "anonymous confirm\n\t\tprotect", 1), nil)
	asks := true
	s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
		user, _, ok := r.BasicAuth()
		switch {
		case !ok && asks:
			w.Header().Set("Www-Authenticate", `Basic realm="files"`)
			w.WriteHeader(http.StatusUnauthorized)
		case !ok:
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/api/me":
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]string{"login": user, "email": user + "@mail.test"})
		default:
			return false
		}
		return true
	}
	bob := []string{"Authorization", "Basic Ym9iOnB3"}
	b := s.browser()
	b.get("/documents/1", bob...).want(403)
	b.enroll()
	b.get("/documents/1", bob...).want(200)
	for _, method := range []string{"GET", "POST", "PROPFIND", "DELETE"} {
		got := b.send(method, "/documents/elsewhere", "").want(401)
		if got.Header.Get("Www-Authenticate") != `Basic realm="files"` || got.Header["Set-Cookie"] != nil {
			t.Errorf("%s: the challenge is %q, the cookies %q", method, got.Header["Www-Authenticate"], got.Header["Set-Cookie"])
		}
		b.send(method, "/documents/elsewhere", "", bob...).want(200)
	}
	for _, method := range []string{"POST", "DELETE"} {
		if n := s.app.hitsOn(method + " /documents"); n != 1 {
			t.Errorf("%d %s reached the app, want the one with a password", n, method)
		}
	}
	asks = false // an app with a page to sign in at: this is a sign-out
	b.get("/documents/1").want(401)
	b.get("/documents/1", bob...).want(403)
}
