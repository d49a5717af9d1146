package caddymodule

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A gate inside a block that rewrites stands behind the site's: the flag that
// the outer one strips still counts for it.
func TestNested_InnerGateSeesTheFlag(t *testing.T) {
	head, _, _ := strings.Cut(simple, "http://:0")
	outer := strings.NewReplacer("%PROTECT%", "/documents", "%WHO%", "/api/me", "%MOUNT%", "").Replace(whoamiGate)
	inner := strings.NewReplacer("%PROTECT%", "/secret", "%WHO%", "/api/me", "%MOUNT%", "").Replace(whoamiGate)
	s := start(t, head+"http://:0 {\n"+outer+"handle_path /x/* {\n"+inner+"reverse_proxy %APP%\n}\nhandle {\nreverse_proxy %APP%\n}\n}\n", nil)
	b := s.signedIn("bob")
	b.get("/x/secret/1", "Accept", "application/json").want(403).reason("enroll")
	b.enroll()
	b.get("/x/secret/1").want(200)
	b.get("/documents/1").want(200)
	if c := s.lastCookies(); strings.Contains(c, "mfa") {
		t.Errorf("the app saw a cookie of the gate: %q", c)
	}
}

// What the outer gate asks the app passes the inner one, though that protects it:
// nobody has to have proved who he is so that it can be found out.
func TestNested_TheInnerGateLetsQuestionsPass(t *testing.T) {
	head, _, _ := strings.Cut(simple, "http://:0")
	outer := strings.NewReplacer("%PROTECT%", "/documents", "%WHO%", "/x/api/me", "%MOUNT%", "realm people\n").Replace(whoamiGate)
	inner := strings.NewReplacer("%PROTECT%", "/api", "%WHO%", "/api/me", "%MOUNT%", "realm people\n").Replace(whoamiGate)
	s := start(t, head+"http://:0 {\n"+outer+"handle_path /x/* {\n"+inner+"reverse_proxy %APP%\n}\nhandle {\nreverse_proxy %APP%\n}\n}\n", nil)
	s.signedIn("bob").get("/documents/1", "Accept", "application/json").want(403).reason("enroll")
	if n := innersRunning.Load(); n != 0 {
		t.Errorf("%d questions of the gate are under way", n)
	}
}

func (s *live) lastCookies() string {
	r, _ := s.app.lastRequest()
	return strings.Join(r.Header["Cookie"], "; ")
}

// With a matcher a directive is two routes. A sign-in that passes by the one
// must drop what the other remembers of the visitor.
func TestMatcher_RoutesShareWhatTheyRemember(t *testing.T) {
	conf := strings.Replace(simple, "\tmfa {\n\t\tprotect", "\t@gated header X-Gate 1\n\tmfa @gated {\n\t\tprotect", 1)
	s := start(t, conf, nil)
	s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/login" || r.URL.RawQuery != "same" {
			return false
		}
		if c, err := r.Cookie("sid"); err == nil {
			s.app.sessions[c.Value] = "bob"
		}
		return true
	}
	b := s.signedIn("mallory").enroll()
	b.get("/documents/1", "X-Gate", "1").want(200)
	b.get("/documents/1").want(200) // outside the matcher
	b.form("/login?same", url.Values{"user": {"bob"}}).want(200)
	b.get("/documents/1", "X-Gate", "1", "Accept", "application/json").want(403).reason("enroll")
}
