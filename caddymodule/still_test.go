package caddymodule

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A request with a slow body passes as mallory; while the app waits for the
// rest, her session is signed in as bob. The app answers as bob, and nobody may
// see that answer; not either where the session is one that the app set only when
// it was asked who she is, by another id than the one she sent.
func TestDesign_C2_OvertakenByASignIn(t *testing.T) {
	for name, renewed := range map[string]bool{"the session she sent": false, "the session the app gave her instead": true} {
		t.Run(name, func(t *testing.T) {
			s := start(t, simple, nil)
			arrived := make(chan struct{})
			s.app.arrives = func(r *http.Request) {
				if r.URL.Path == "/documents/slow" {
					close(arrived)
				}
			}
			s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
				c, err := r.Cookie("sid")
				switch {
				case err == nil && r.URL.Path == "/api/me" && c.Value == "old":
					http.SetCookie(w, &http.Cookie{Name: "sid", Value: "sid-1", Path: "/"})
				case err == nil && r.URL.Path == "/login" && r.URL.RawQuery == "same":
					s.app.sessions[c.Value] = "bob" // an app that keeps the session's id
					return true
				}
				return false
			}
			b := s.signedIn("mallory").enroll()
			b.get("/documents/1").want(200)
			s.app.mu.Lock()
			s.app.sessions["old"] = "mallory"
			s.app.mu.Unlock()

			body, feed := io.Pipe()
			req, err := http.NewRequest("POST", s.base+"/documents/slow", body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "text/plain")
			sent := b.cookies()
			if renewed {
				sent = strings.Replace(sent, "sid=sid-1", "sid=old", 1)
			}
			req.Header.Set("Cookie", sent)
			answered := make(chan *http.Response)
			go func() {
				res, err := new(http.Client).Do(req)
				if err != nil {
					t.Error(err)
				}
				answered <- res
			}()
			if _, err := feed.Write([]byte(strings.Repeat("x", 1<<20))); err != nil { // more than what waits in buffers on the way
				t.Fatal(err)
			}
			<-arrived // the gate has let it pass
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
		})
	}
}

// Mallory, who proved, signs in as bob in the same session. That must not be
// forgotten because requests end then that came long before.
func TestDesign_C2_ASignInIsNotForgottenForOlderRequests(t *testing.T) {
	for name, c := range map[string]struct{ begin, end []string }{
		"uploads, the later one first":            {[]string{"POST /1", "POST /2", "POST /switch"}, []string{"/switch", "/2", "/1"}},
		"pages that set a cookie, a minute apart": {[]string{"POST /switch", "GET /1", "GET /2"}, []string{"/switch", "/1", "/2"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, simple, nil)
			arrived, goOn := make(chan bool), map[string]chan bool{"/1": make(chan bool), "/2": make(chan bool), "/switch": make(chan bool)}
			s.app.arrives = func(r *http.Request) {
				if on := goOn[r.URL.Path]; on != nil {
					arrived <- true
					<-on
				}
			}
			b := s.signedIn("mallory").enroll()
			s.app.mu.Lock()
			s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
				if goOn[r.URL.Path] == nil {
					return false
				}
				w.Header().Set("Set-Cookie", "language=en")
				if r.URL.Path == "/switch" {
					s.app.sessions["sid-1"] = "bob"
				}
				return true
			}
			s.app.mu.Unlock()
			ask := func(method, path string) *reply {
				kept := b.cookies()
				if path == "/1" || path == "/2" {
					kept = "sid=another of hers"
				}
				return s.browser().send(method, path, "", "Cookie", kept)
			}
			answered := make(chan *reply)
			for _, one := range c.begin {
				method, path, _ := strings.Cut(one, " ")
				go func() { answered <- ask(method, path) }()
				<-arrived
				advance(t, time.Minute)
			}
			ask("GET", "/documents/1").want(200)
			for _, path := range c.end {
				goOn[path] <- true
				<-answered
			}
			if got := ask("GET", "/documents/1"); got.StatusCode != http.StatusForbidden {
				t.Errorf("%d %.200s", got.StatusCode, got.body)
			}
		})
	}
}

// An app that writes its sign-in anew whenever it is asked who somebody is: what
// it wrote for a picture that was on its way must not undo the sign-out.
func TestNoSignInAgainAfterASignOut(t *testing.T) {
	const renewed = "keep"
	s := start(t, simple, nil)
	b := s.browser()
	s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.URL.Path == "/api/me":
			http.SetCookie(w, &http.Cookie{Name: renewed, Value: "bob, as before", Path: "/"})
		case r.URL.RawQuery == "late":
			s.app.mu.Unlock()
			b.get("/logout").want(200)
			s.app.mu.Lock()
		}
		return false
	}
	b.signIn("bob")
	b.enroll()
	for _, c := range []struct {
		query   string
		status  int
		relayed bool
	}{{"", 200, true}, {"?late", 401, false}} {
		got := b.get("/documents/picture" + c.query).want(c.status)
		if set := strings.Contains(strings.Join(got.Header["Set-Cookie"], "; "), renewed); set != c.relayed {
			t.Errorf("%q: the cookie of before reaches the visitor: %v", c.query, set)
		}
	}
}
