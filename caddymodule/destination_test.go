package caddymodule

import (
	"strings"
	"testing"
)

// A move out of an open folder must not lead into a protected one.
func TestDestination(t *testing.T) {
	s := start(t, simple, nil)
	bob := s.signedIn("bob")
	for name, to := range map[string]string{
		"a path":              "/documents/x",
		"an address":          s.base + "/documents/x",
		"another host's":      "http://elsewhere.test/documents/x",
		"another spelling":    "/open/..%2fDocuments/x",
		"no slash":            "documents/x",
		"nothing to be read":  "http://%zz/documents",
		"a scheme of its own": "documents:x",
	} {
		t.Run("fail/"+name, func(t *testing.T) {
			for _, method := range []string{"MOVE", "COPY", "BMOVE"} {
				if r := bob.send(method, "/open/x", "", "Destination", to, "Accept", "application/json"); r.StatusCode != 403 && r.StatusCode != 400 {
					t.Errorf("%s: %d", method, r.StatusCode)
				}
			}
		})
	}
	s.browser().send("MOVE", "/open/x", "", "Destination", "/documents/x", "Accept", "application/json").want(401).reason("no-identity")
	if n := s.app.hitsOn("/open"); n != 0 {
		t.Errorf("%d requests reached the app", n)
	}
	bob.send("MOVE", "/open/x", "", "Destination", s.base+"/open/y").want(200)
	bob.get("/open/x", "Destination", "/documents/x").want(200)
	bob.enroll()
	got := bob.send("MOVE", "/open/x", "", "Destination", "/documents/x").want(200)
	if !strings.HasPrefix(got.Header.Get("Cache-Control"), "private") {
		t.Errorf("Cache-Control %q", got.Header.Get("Cache-Control"))
	}
}
