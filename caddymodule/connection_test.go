package caddymodule

import (
	"strings"
	"testing"
	"time"
)

// A client names the field that the gate knows it by as one of this connection alone,
// for the proxy to drop it behind the gate: the app would serve whomever another
// credential names, here a cookie's session, which nobody asked about.
func TestStripConnection_TakesWhatTheProxyWould(t *testing.T) {
	const cookie = "\t\t\tcookie sid\n"
	token := claim(t, "mallory", time.Hour, "mfa")
	for field, value := range map[string]string{"Authorization": "Bearer " + token, "X-Token": token} {
		t.Run(field, func(t *testing.T) {
			s := start(t, strings.Replace(claiming, cookie, "\t\t\theader "+field+"\n", 1), nil)
			eve := s.signedIn("eve")
			for range 2 { // found out, and remembered
				eve.get("/documents/1", field, value, "Connection", "keep-alive").want(200)
			}
			before := s.app.hitsOn("/documents/1")
			for _, list := range []string{field, "close, " + strings.ToLower(field)} {
				eve.get("/documents/1", field, value, "Connection", list, "Accept", "application/json").want(401)
			}
			if n := s.app.hitsOn("/documents/1"); n != before {
				t.Errorf("the app served %d requests", n-before)
			}
		})
	}
}

// Nor has a remembered visitor his cookies dropped behind the gate.
func TestStripConnection_TakesTheCookies(t *testing.T) {
	s := start(t, simple, nil)
	b := letPass(t, s)
	before := s.app.hitsOn("/documents/1")
	for range 2 {
		b.get("/documents/1", "Connection", "close, Cookie", "Accept", "application/json").want(401)
	}
	if n := s.app.hitsOn("/documents/1"); n != before {
		t.Errorf("the app served %d requests", n-before)
	}
}
