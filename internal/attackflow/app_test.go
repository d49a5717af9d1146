package attackflow

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// legacy is the app behind the gate: sessions in memory, a sign-in form, and
// facts about each person that a test may change (as a person can on the open
// profile page of many apps).
type legacy struct {
	*httptest.Server
	mu       sync.Mutex
	sessions map[string]string         // session id to user
	facts    map[string]map[string]any // user to what /api/me says beyond the defaults
	hits     map[string]int            // "GET /path" to requests, the gate's own questions left out
	serial   int
	says     http.Header // what its pages say beside their text
}

func newLegacy(t *testing.T) *legacy {
	t.Helper()
	l := &legacy{sessions: map[string]string{}, facts: map[string]map[string]any{}, hits: map[string]int{}}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

// set changes one fact about a person.
func (l *legacy) set(user, fact string, value any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.facts[user] == nil {
		l.facts[user] = map[string]any{}
	}
	l.facts[user][fact] = value
}

// session signs somebody in without a request.
func (l *legacy) session(user string) (id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serial++
	id = fmt.Sprintf("session-%d-of-the-app", l.serial)
	l.sessions[id] = user
	return id
}

func (l *legacy) hitsOn(part string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, c := range l.hits {
		if strings.Contains(k, part) {
			n += c
		}
	}
	return n
}

func (l *legacy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	user := ""
	if c, err := r.Cookie("sid"); err == nil {
		user = l.sessions[c.Value]
	}
	if r.URL.Path == "/api/me" {
		l.me(w, user)
		return
	}
	l.hits[r.Method+" "+r.URL.Path]++
	switch {
	case r.URL.Path == "/login" && r.Method == http.MethodPost:
		v, _ := url.ParseQuery(string(body))
		l.serial++
		id := fmt.Sprintf("session-%d-of-the-app", l.serial)
		l.sessions[id] = v.Get("user")
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: id, Path: "/", HttpOnly: true})
		fmt.Fprint(w, "welcome ", v.Get("user"))
	case r.URL.Path == "/logout":
		if c, err := r.Cookie("sid"); err == nil {
			delete(l.sessions, c.Value)
		}
		http.SetCookie(w, &http.Cookie{Name: "sid", Path: "/", MaxAge: -1})
	default:
		maps.Copy(w.Header(), l.says)
		fmt.Fprintf(w, "SECRET of %s at %s", user, r.URL.Path)
	}
}

// me tells who is signed in, as an API that a page of the app would use.
func (l *legacy) me(w http.ResponseWriter, user string) {
	if user == "" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	me := map[string]any{"login": user, "email": mailOf(user), "name": "", "tenant": "office"}
	maps.Copy(me, l.facts[user])
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(me)
}

func mailOf(user string) string { return user + "@mail.test" }
