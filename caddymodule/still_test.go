package caddymodule

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A request with a slow body passes as mallory; while the app waits for the
// rest, her session is signed in as bob. The app answers as bob, and nobody may
// see that answer.
func TestDesign_C2_OvertakenByASignIn(t *testing.T) {
	s := start(t, simple, nil)
	s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/login" || r.URL.RawQuery != "same" {
			return false
		}
		c, err := r.Cookie("sid")
		if err == nil {
			s.app.sessions[c.Value] = "bob" // an app that keeps the session's id
		}
		return true
	}
	b := s.signedIn("mallory").enroll()
	b.get("/documents/1").want(200)

	body, feed := io.Pipe()
	req, err := http.NewRequest("POST", s.base+"/documents/slow", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/plain")
	answered := make(chan *http.Response)
	go func() {
		res, err := b.Do(req)
		if err != nil {
			t.Error(err)
		}
		answered <- res
	}()
	if _, err := feed.Write([]byte("first")); err != nil { // the gate has let it pass once this is read
		t.Fatal(err)
	}
	if _, err := feed.Write([]byte(strings.Repeat("x", 1<<20))); err != nil {
		t.Fatal(err)
	}
	b.form("/login?same", url.Values{"user": {"bob"}}).want(200)
	if err := feed.Close(); err != nil {
		t.Fatal(err)
	}
	res := <-answered
	if res == nil {
		return
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "SECRET") || res.StatusCode != 401 {
		t.Errorf("%d %.200s", res.StatusCode, text)
	}
}
