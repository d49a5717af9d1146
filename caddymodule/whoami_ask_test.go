package caddymodule

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// However many requests of one visitor come at once, the app is asked once, and
// the one that began it may leave.
func TestWhoami_OneQuestionForACrowd(t *testing.T) {
	s := start(t, simple, nil)
	b := s.signedIn("bob").enroll()
	b.get("/documents/1").want(200)
	b.send("POST", "/open", "x=1").want(200) // what was remembered is dropped
	asked, answer := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.app.handle = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/api/me" {
			once.Do(func() { close(asked) })
			<-answer
		}
		return false
	}
	before := s.app.questions()
	ctx, leave := context.WithCancel(context.Background())
	first := make(chan error, 1)
	go func() {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/documents/1", nil)
		if err == nil {
			_, err = b.Do(r) //nolint:bodyclose // it never gets one
		}
		first <- err
	}()
	<-asked
	var crowd sync.WaitGroup
	statuses := make(chan int, 30)
	for range 30 {
		crowd.Go(func() {
			r, err := http.NewRequest(http.MethodGet, s.base+"/documents/1", nil)
			if err != nil {
				t.Error(err)
				return
			}
			res, err := b.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			_ = res.Body.Close()
			statuses <- res.StatusCode
		})
	}
	leave()
	if err := <-first; err == nil {
		t.Error("the first did not leave")
	}
	close(answer)
	crowd.Wait()
	close(statuses)
	for status := range statuses {
		if status != 200 {
			t.Errorf("status %d", status)
		}
	}
	if n := s.app.questions() - before; n != 1 {
		t.Errorf("the app was asked %d times", n)
	}
}

// The app is asked as the Caddyfile says: by POST, with the token of a first
// call in its header, and what stands for nobody is nobody.
func TestWhoami_AsConfigured(t *testing.T) {
	conf := strings.Replace(simple, "identity whoami /api/me {\n\t\t\tuser json login\n\t\t\temail json email\n\t\t\tname json name",
		"identity whoami /rpc?q={mfa.before.token} {\n\t\t\tmethod POST\n\t\t\theader_up X-Csrf {mfa.before.token}\n\t\t\theader_up X-Requested-With XMLHttpRequest\n"+
			"\t\t\tbefore /form token html \"input[name=csrf]\" attr value\n\t\t\tuser json result.0.id\n\t\t\temail json result.0.mail\n\t\t\tnobody guest\n\t\t\tpassword /password", 1)
	s := start(t, conf, nil)
	var rpc *http.Request
	s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.Path {
		case "/form":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			http.SetCookie(w, &http.Cookie{Name: "csrf", Value: "c/1", Path: "/"})
			_, _ = io.WriteString(w, `<form><input name=csrf value="c/1"></form>`)
			return true
		case "/rpc":
			rpc = r.Clone(context.Background())
			w.Header().Set("Content-Type", "application/json")
			user := s.app.user(r)
			if user == "" {
				user = "guest"
			}
			fmt.Fprintf(w, `{"result":[{"id":%q,"mail":%q}]}`, user, user+"@mail.test")
			return true
		case "/password":
			_, _ = io.WriteString(w, "changed")
			return true
		}
		return false
	}
	s.browser().get("/documents/1", "Cookie", "lang=en", "Accept", "application/json").want(401).reason("no-identity")
	b := s.signedIn("bob")
	got := b.get("/documents/1", "Accept", "application/json").want(403).reason("enroll")
	if set := got.Header["Set-Cookie"]; !strings.HasPrefix(strings.Join(set, "|"), "csrf=c/1") {
		t.Errorf("the first call's cookie did not come to the visitor: %q", set)
	}
	if rpc.Method != "POST" || rpc.URL.RawQuery != "q=c%2F1" || rpc.Header.Get("X-Csrf") != "c/1" || rpc.Header.Get("X-Requested-With") == "" || !strings.Contains(rpc.Header.Get("Cookie"), "csrf=c/1") {
		t.Errorf("asked by %s %s with %v", rpc.Method, rpc.URL, rpc.Header)
	}
	b.enroll()
	b.get("/documents/1").want(200)
	// A changed password ends every proof of the person, in other browsers too.
	other := s.signedIn("bob")
	other.form("/password", nil).want(200)
	b.get("/documents/1", "Accept", "application/json").want(403).reason("verify")
}

// An app may sign somebody in on any path, by a link it mailed say, and go on
// with the session's cookie as it was.
func TestWhoami_ForgetsWhereACookieIsSet(t *testing.T) {
	s := start(t, simple, nil)
	b := s.signedIn("bob")
	b.enroll()
	b.get("/documents/1").want(200)
	s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
		c, err := r.Cookie("sid")
		if r.URL.Path != "/from-a-mail" || err != nil {
			return false
		}
		s.app.sessions[c.Value] = "eve"
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: c.Value, Path: "/"})
		return true
	}
	b.get("/from-a-mail").want(200)
	b.get("/documents/1", "Accept", "application/json").want(403).reason("enroll")
}
