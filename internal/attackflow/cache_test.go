package attackflow

import (
	"bytes"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// greedy is a shared cache that keeps whatever it is not told to leave (RFC 9111):
// every answer to a GET, for ever and for everybody, whoever asked first. It heeds
// the fields for caches of its kind before the others (RFC 9213).
type greedy struct {
	next http.Handler
	mu   sync.Mutex
	kept map[string]*httptest.ResponseRecorder
}

func (g *greedy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	a := g.kept[r.URL.String()]
	g.mu.Unlock()
	if a == nil || r.Method != http.MethodGet {
		a = httptest.NewRecorder()
		g.next.ServeHTTP(a, r)
		if r.Method == http.MethodGet && mayKeep(a.Header()) {
			g.mu.Lock()
			g.kept[r.URL.String()] = a
			g.mu.Unlock()
		}
	}
	maps.Copy(w.Header(), a.Header())
	w.WriteHeader(a.Code)
	_, _ = bytes.NewReader(a.Body.Bytes()).WriteTo(w)
}

func mayKeep(h http.Header) bool {
	for _, field := range []string{"Surrogate-Control", "Cdn-Cache-Control", "Cache-Control"} {
		if v := h.Get(field); v != "" {
			return !strings.Contains(v, "private") && !strings.Contains(v, "no-store")
		}
	}
	return true
}

// cached is the site behind such a cache, with an app whose every page says that
// all may keep it.
func cached(t *testing.T) *site {
	t.Helper()
	s := start(t)
	s.app.says = http.Header{
		"Cache-Control": {"public, max-age=600, s-maxage=600"}, "Cdn-Cache-Control": {"max-age=600"}, "Surrogate-Control": {"max-age=600"},
		"Etag": {`"1"`}, "Last-Modified": {"Mon, 02 Nov 2026 00:00:00 GMT"}, "Expires": {"Fri, 01 Jan 2100 00:00:00 GMT"},
	}
	to, err := url.Parse(s.base)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(&greedy{next: httputil.NewSingleHostReverseProxy(to), kept: map[string]*httptest.ResponseRecorder{}})
	t.Cleanup(front.Close)
	s.host = strings.Replace(front.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	s.base = "http://" + s.host
	return s
}

// TestAdvisory_CA1_ABlockIsNotKept: what a refused visitor saw first is not what a
// proven one gets after, be it from a cache between or by a validator.
func TestAdvisory_CA1_ABlockIsNotKept(t *testing.T) {
	s := cached(t)
	bob := s.signedIn("bob")
	json := []string{"Accept", "application/json"}
	bob.page("/documents/1").want(403)
	bob.send("GET", "/documents/2", "", json...).want(403)
	s.browser().page("/documents/3").want(401)
	bob.enrolled()
	again := s.signedIn("bob")
	again.page("/documents/4").want(303)
	for _, path := range []string{"/documents/1", "/documents/2", "/documents/3", "/documents/4"} {
		if r := bob.page(path).want(200); r.body != "SECRET of bob at "+path {
			t.Errorf("%s: %s", path, r.body)
		}
	}
	for _, b := range []*browser{again, s.signedIn("ann"), s.browser()} {
		for field, value := range map[string]string{"If-None-Match": `"1"`, "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"} {
			r := b.page("/documents/1", field, value)
			if r.StatusCode == 304 || r.StatusCode == 200 || r.Header.Get("Etag")+r.Header.Get("Last-Modified") != "" {
				t.Errorf("%s: %d %v", field, r.StatusCode, r.Header)
			}
		}
	}
}

// TestAdvisory_CA2_AProtectedPageIsNotKept: what a proven visitor saw is not there
// for the next one who asks the cache, though the app says that all may keep it;
// and what is open stays as the app has it.
func TestAdvisory_CA2_AProtectedPageIsNotKept(t *testing.T) {
	s := cached(t)
	bob := s.signedIn("bob").enrolled()
	for _, path := range []string{"/documents/1", "/documents/app.css", "/admin?x=1"} {
		bob.page(path).want(200)
		for _, b := range []*browser{s.signedIn("bob"), s.signedIn("ann"), s.browser()} {
			if r := b.page(path); r.StatusCode == 200 || strings.Contains(r.body, "SECRET") {
				t.Errorf("%s: %q gets %d %s", path, b.user, r.StatusCode, r.body)
			}
		}
	}
	for range 2 {
		if r := s.browser().page("/open").want(200); r.Header.Get("Cache-Control") != s.app.says.Get("Cache-Control") {
			t.Errorf("an open page says %v", r.Header)
		}
	}
	if n := s.app.hitsOn("/open"); n != 1 {
		t.Errorf("the cache asked %d times for what it may keep", n)
	}
	// What the app itself lets nobody keep, not even this browser for a step back.
	s.app.says = http.Header{"Cache-Control": {"no-store"}}
	if cc := bob.page("/documents/9").want(200).Header.Get("Cache-Control"); !strings.Contains(cc, "no-store") {
		t.Errorf("no-store became %q", cc)
	}
}
