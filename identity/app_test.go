package identity

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// theTime is the clock of all tests.
var theTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fakeApp is an app behind the gate: it answers sub-requests and keeps them.
type fakeApp struct {
	mu     sync.Mutex
	asked  []*http.Request
	answer http.HandlerFunc
}

func (a *fakeApp) call(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.asked = append(a.asked, r)
	a.mu.Unlock()
	rec := httptest.NewRecorder()
	a.answer(rec, r)
	return rec.Result(), nil
}

func (a *fakeApp) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.asked)
}

// sessions is an app that knows its users by the cookie sid or by Basic, and
// says so in JSON.
func sessions(users map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user := ""
		if c, err := r.Cookie("sid"); err == nil {
			user = users[c.Value]
		}
		if name, _, ok := r.BasicAuth(); ok && users["basic "+name] != "" {
			user = users["basic "+name]
		}
		if user == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"login":"`+user+`"}`)
	}
}

// says is an app that gives one answer to everybody.
func says(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{contentType}
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Add(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// visitTo is a visit of a GET with headers, given as "Name: value".
func visitTo(app *fakeApp, target string, headers ...string) *Visit {
	return visitBy(app, http.MethodGet, target, "", headers...)
}

func visitBy(app *fakeApp, method, target, form string, headers ...string) *Visit {
	var b io.Reader
	if form != "" {
		b = bytes.NewReader([]byte(form))
	}
	r := httptest.NewRequest(method, target, b)
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header[http.CanonicalHeaderKey(name)] = append(r.Header[http.CanonicalHeaderKey(name)], value)
	}
	v := &Visit{R: r, Site: "site", Now: theTime}
	if app != nil {
		v.Call = app.call
	}
	return v
}

// later is the same visit some time after.
func later(v *Visit, d time.Duration) *Visit {
	w := *v
	w.Now = v.Now.Add(d)
	return &w
}

func mustWhoAmI(t testing.TB, change func(*WhoAmI)) Source {
	t.Helper()
	cfg := WhoAmI{Path: "/api/me", Facts: Expressions{User: Expression{Kind: "json", Text: "login"}}}
	if change != nil {
		change(&cfg)
	}
	s, err := NewWhoAmI(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func off() *time.Duration { return new(time.Duration) }

func ask(t testing.TB, s Source, v *Visit) Answer {
	t.Helper()
	return s.Ask(context.Background(), v)
}

func wantState(t *testing.T, a Answer, want State, user string) {
	t.Helper()
	if a.State != want || a.Person.User != user && want != Mixed {
		t.Errorf("got %v %q (%v), want %v %q", a.State, a.Person.User, a.Err, want, user)
	}
}
