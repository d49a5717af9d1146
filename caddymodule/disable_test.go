package caddymodule

import (
	"strings"
	"testing"
)

func disabling(require, onDisable string) string {
	return "version: 1\ntenants:\n  office: {require: " + require + ", on_disable: " + onDisable + ", protect: [/documents]}\n"
}

// switchOff is a site with somebody who has a factor, and whose tenant then
// requires none.
func switchOff(t *testing.T, onDisable string) (s *live, enrolled *browser) {
	t.Helper()
	s = start(t, strings.Replace(switching, "LINES", "", 1), map[string]string{"policy.yaml": disabling("mfa", onDisable)})
	enrolled = s.signedIn("bob").enroll()
	enrolled.get("/documents/1").want(200)
	s.write("policy.yaml", disabling("none", onDisable))
	s.policyCounts()
	return s, enrolled
}

// S4.11, S4.13, X2: while the requirement is off, new people pass, and who has a
// factor goes on being asked for it at every sign-in.
func TestS4_13_KeepGoesOnAsking(t *testing.T) {
	s, b := switchOff(t, "keep")
	b.get("/documents/1").want(200)
	if s.told() != "verified" {
		t.Errorf("the app is told %q", s.told())
	}
	again := s.signedIn("bob")
	again.get("/documents/1").want(403).reason("verify")
	if to := again.page("/documents/1").want(303).Header.Get("Location"); !strings.HasPrefix(to, "/.mfa/verify") {
		t.Errorf("a page visit leads to %s", to)
	}
	again.secret = b.secret
	advance(t, 30e9)
	again.call("POST", "/.mfa/api/verify/totp/verify", map[string]any{"code": again.totp()}).want(200)
	again.get("/documents/1").want(200)
	s.signedIn("eve").get("/documents/1").want(200) // S4.11
	if s.told() != "not-required" {
		t.Errorf("the app is told %q", s.told())
	}
	if err := s.store().Close(); err != nil {
		t.Fatal(err)
	}
	s.signedIn("eve").get("/documents/1").want(503).reason("store-down")
}

// X2: released or to be wiped, nobody is asked; and no edit of the file deletes
// a factor: required again, it is there.
func TestX2_AnEditedFileDeletesNothing(t *testing.T) {
	for _, onDisable := range []string{"release", "wipe"} {
		t.Run(onDisable, func(t *testing.T) {
			s, b := switchOff(t, onDisable)
			again := s.signedIn("bob")
			again.get("/documents/1").want(200)
			s.write("policy.yaml", disabling("mfa", onDisable))
			s.policyCounts()
			again.get("/documents/1").want(403).reason("verify")
			b.get("/documents/1").want(200)
		})
	}
}
