package caddymodule

import (
	"net/http"
	"regexp"
	"testing"
)

// What the gate's pages show is kept by any cache on the way: it must not carry
// a cookie that the app sets anew whenever it is asked who somebody is, which
// would be somebody's session for everybody.
func TestWhatPagesShowCarriesNoCookie(t *testing.T) {
	s := start(t, simple, nil)
	s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
		http.SetCookie(w, &http.Cookie{Name: "renewed", Value: "bobs", Path: "/"})
		return false
	}
	b := s.signedIn("bob")
	block := b.page("/documents/1").want(403)
	if block.Header["Set-Cookie"] == nil {
		t.Fatal("the app's cookie is not handed on at all")
	}
	before := s.app.questions()
	names := regexp.MustCompile(`/\.mfa/assets/[a-z0-9.-]+`).FindAllString(block.body, -1)
	if len(names) == 0 {
		t.Fatalf("the page shows nothing: %.300s", block.body)
	}
	for _, name := range append(names, "/.mfa/assets/none.css") {
		got := b.get(name, "Accept", "*/*")
		if set := got.Header["Set-Cookie"]; set != nil {
			t.Errorf("%s: %d with the cookies %q", name, got.StatusCode, set)
		}
	}
	if n := s.app.questions(); n != before {
		t.Errorf("the app was asked %d times", n-before)
	}
}
