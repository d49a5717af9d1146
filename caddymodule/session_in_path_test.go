package caddymodule

import (
	"strings"
	"testing"
)

// A servlet container writes the session id into the first form it shows. Where
// it is the cookie's, the request is one without it; any other is a second
// credential, or a way to another address.
func TestASessionIDThatRepeatsTheCookie(t *testing.T) {
	s := start(t, simple, nil)
	b := s.signedIn("bob").enroll()
	const id = "8572887ED59575D93F0A59C73A53AAB7.node-1"
	b.setCookie("JSESSIONID", id)
	b.get("/documents/1").want(200)
	for name, c := range map[string]struct {
		path, reaches string
		status        int
		reason        string
	}{
		"ok/the same id":          {"/documents/1;jsessionid=" + id + "?a=;jsessionid", "GET /documents/1?a=;jsessionid", 200, ""},
		"fail/another id":         {"/documents/1;jsessionid=" + id + "x", "", 400, "mixed-credentials"},
		"fail/two ids":            {"/documents/1;jsessionid=" + id + ";jsessionid=B", "", 400, "mixed-credentials"},
		"fail/another before it":  {"/documents/1;jsessionid=B;jsessionid=" + id, "", 400, "mixed-credentials"},
		"fail/in the middle":      {"/documents;jsessionid=" + id + "/1", "", 400, "mixed-credentials"},
		"fail/in the query":       {"/documents/1?jsessionid=" + id, "", 400, "mixed-credentials"},
		"fail/in another writing": {"/documents/1;JSESSIONID=" + id, "", 400, "mixed-credentials"},
		"fail/escaped":            {"/documents/1%3Bjsessionid=" + id, "", 400, "mixed-credentials"},
		"ok/an open page as well": {"/login;jsessionid=" + id, "GET /login", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s.app.mu.Lock()
			s.app.last = nil
			s.app.mu.Unlock()
			got := b.get(c.path).want(c.status)
			if !strings.Contains(got.body, c.reason) {
				t.Errorf("the reason is not %s: %.200s", c.reason, got.body)
			}
			reached := ""
			if r, _ := s.app.lastRequest(); r != nil {
				reached = r.Method + " " + r.RequestURI
			}
			if reached != c.reaches {
				t.Errorf("the app got %q, want %q", reached, c.reaches)
			}
		})
	}
	stranger := s.browser()
	stranger.setCookie("JSESSIONID", id)
	stranger.get("/documents/1;jsessionid=" + id).want(401)
}
