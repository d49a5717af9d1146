package apptest

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// Trouble stands between Caddy and an example's application, and answers in its
// stead where the test says so.
type Trouble struct {
	answer atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool]
}

// Answer is asked about each request from now on; where it returns false, the
// application answers. nil ends the trouble.
func (x *Trouble) Answer(answer func(w http.ResponseWriter, r *http.Request) bool) {
	if answer == nil {
		x.answer.Store(nil)
		return
	}
	x.answer.Store(&answer)
}

// Trouble puts one before the application. It is to be called before
// StartCaddy.
func (e *Example) Trouble(t testing.TB) *Trouble {
	t.Helper()
	to, err := url.Parse(e.App)
	if err != nil {
		t.Fatal(err)
	}
	x := &Trouble{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
		r.Out.Header = r.In.Header.Clone() // X-Forwarded-* as Caddy sends them
	}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer := x.answer.Load(); answer != nil && (*answer)(w, r) {
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	e.Env = append(e.Env, "APP_PORT="+s.URL[strings.LastIndexByte(s.URL, ':')+1:])
	return x
}

// Hangs answers nothing for as long as the asker waits.
func Hangs(_ http.ResponseWriter, r *http.Request) bool {
	<-r.Context().Done()
	return true
}

// HangsUp ends the connection without an answer.
func HangsUp(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }

// Says answers with a status.
func Says(status int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(status)
		return true
	}
}
