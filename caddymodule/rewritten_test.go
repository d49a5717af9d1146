package caddymodule

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

// What routes before the gate made of a target is judged beside what was sent,
// however little of it they left: nothing of a path is "/" to the app.
func TestRewritten_TheRootIsJudged(t *testing.T) {
	for _, line := range []string{`uri replace /app ""`, "uri strip_prefix /app", `uri path_regexp ^/app ""`} {
		t.Run(line, func(t *testing.T) {
			site := strings.NewReplacer("LINES", "", "http://:0 {\n", "http://:0 {\n\t"+line+"\n").Replace(switching)
			s := start(t, site, map[string]string{"policy.yaml": "version: 1\ntenants:\n  office: {require: mfa, protect: [/], allow: [/app, /open]}\n"})
			b := s.browser()
			b.get("/app", "Accept", "application/json").want(401).reason("no-identity")
			b.get("/app/documents", "Accept", "application/json").want(401).reason("no-identity")
			if n := s.app.hitsOn("/"); n != 0 {
				t.Errorf("%d requests reached the app", n)
			}
			b.get("/app/open/1").want(200)
		})
	}
}

// Only a target that the app sees as it was sent is taken for unchanged.
func TestRewritten(t *testing.T) {
	sent := policy.Target{Path: "/open/1", RawQuery: "q=1"}
	for name, c := range map[string]struct {
		sent    policy.Target
		url     url.URL
		now     policy.Target
		changed bool
	}{
		"ok/as sent":             {sent, url.URL{Path: "/open/1", RawQuery: "q=1"}, sent, false},
		"ok/escapes as sent":     {policy.Target{Path: "/a%2fb"}, url.URL{Path: "/a/b", RawPath: "/a%2fb"}, policy.Target{Path: "/a%2fb"}, false},
		"ok/the root of no path": {policy.Target{Path: "/"}, url.URL{}, policy.Target{Path: "/"}, false},
		"fail/another path":      {sent, url.URL{Path: "/documents", RawQuery: "q=1"}, policy.Target{Path: "/documents", RawQuery: "q=1"}, true},
		"fail/another query":     {sent, url.URL{Path: "/open/1", RawQuery: "q=2"}, policy.Target{Path: "/open/1", RawQuery: "q=2"}, true},
		"fail/no query":          {sent, url.URL{Path: "/open/1"}, policy.Target{Path: "/open/1"}, true},
		"fail/nothing":           {sent, url.URL{}, policy.Target{Path: "/"}, true},
		"ok/twice encoded":       {policy.Target{Path: "/%2564"}, url.URL{Path: "/%64"}, policy.Target{Path: "/%2564"}, false},
		"fail/encoded once more": {policy.Target{Path: "/%64"}, url.URL{Path: "/%64"}, policy.Target{Path: "/%2564"}, true},
		"fail/another spelling":  {policy.Target{Path: "/a!b"}, url.URL{Path: "/a!b", RawPath: "/a%21b"}, policy.Target{Path: "/a%21b"}, true},
		"fail/in absolute form":  {policy.Target{Path: "http://a.example/open"}, url.URL{Path: "/open"}, policy.Target{Path: "/open"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.URL = &c.url
			now, changed := (&passage{r: r, sent: c.sent}).rewritten()
			if now != c.now || changed != c.changed {
				t.Errorf("%+v, changed %v", now, changed)
			}
		})
	}
}
