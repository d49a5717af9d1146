package caddymodule

import (
	"strings"
	"testing"
)

// A protocol that is granted would be a tunnel past the gate, on an open path too.
func TestSawFields_UpgradeDoesNotReachTheApp(t *testing.T) {
	s := start(t, simple, nil)
	s.browser().get("/open", "Connection", "Upgrade, HTTP2-Settings", "Upgrade", "h2c", "HTTP2-Settings", "AAMAAABk").want(200)
	if r, _ := s.app.lastRequest(); r.Header["Upgrade"] != nil || r.Header["Connection"] != nil || r.Header["Http2-Settings"] != nil {
		t.Errorf("the app is asked for %v", r.Header)
	}
}

// Behind a proxy that Caddy trusts the visitor came by https, and the gate's
// cookies are those that no other site can set.
func TestSawFields_SchemeOfATrustedProxy(t *testing.T) {
	for proxies, want := range map[string]string{"": "mfa-ticket=", "servers {\n\t\ttrusted_proxies static 127.0.0.0/8 ::1/128\n\t}": "__Host-mfa-ticket="} {
		s := start(t, strings.Replace(simple, "%PRELUDE%", "%PRELUDE%\n\t"+proxies, 1), nil)
		got := s.signedIn("bob").get("/documents/1", "Accept", "application/json", "X-Forwarded-Proto", "https").want(403)
		if set := strings.Join(got.Header["Set-Cookie"], "|"); !strings.HasPrefix(set, want) {
			t.Errorf("with %q: %s", proxies, set)
		}
	}
}
