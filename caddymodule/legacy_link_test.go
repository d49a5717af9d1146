package caddymodule

import (
	"strings"
	"testing"
)

// S3.42: links to the pages on which an app once had people register lead to the
// gate's own, by one line of the Caddyfile each; the app has none of it.
func TestS3_42_OldLinksLeadHere(t *testing.T) {
	site := strings.Replace(strings.Replace(switching, "LINES", "", 1), "http://:0 {", "http://:0 {\n\tredir /account/security /.mfa/\n\tredir /account/2fa/setup /.mfa/enroll", 1)
	s := start(t, site, map[string]string{"policy.yaml": "version: 1\ntenants:\n  office: {require: mfa, protect: [/account, /documents]}\n"})
	b := s.signedIn("bob")
	for from, to := range map[string]string{"/account/security": "/.mfa/", "/account/2fa/setup": "/.mfa/enroll"} {
		if at := b.page(from).want(302).Header.Get("Location"); at != to {
			t.Errorf("%s leads to %s", from, at)
		}
		b.page(to).want(200)
	}
	b.get("/account/profile").want(403).reason("enroll") // the rest of it is as protected as before
	if n := s.app.hitsOn("/account"); n != 0 {
		t.Errorf("the app was reached %d times", n)
	}
}
