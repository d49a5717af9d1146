package attack

import (
	"context"
	"fmt"
	"net/http"
	"testing"
)

// TestAdvisory_HD5_TrailersAreFieldsToo: what a client may not say in a field it
// may not say behind the body either, where some servers add it to the fields.
func TestAdvisory_HD5_TrailersAreFieldsToo(t *testing.T) {
	s := start(t, oneHost, plainSite)
	var got http.Header
	s.app.do(func() {
		s.app.handle = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/open" {
				got = r.Clone(context.Background()).Trailer
			}
			return false
		}
	})
	send := func(names string, lines ...string) {
		text := "3\r\nabc\r\n0\r\n"
		for _, l := range lines {
			text += l + "\r\n"
		}
		raw(t, s.addr, message("POST", "/open", "office.test", "Cookie: sid=bob", "Transfer-Encoding: chunked", "Trailer: "+names)+text+"\r\n")
	}
	for _, name := range []string{"Mfa-User", "mfa-status", "Mfa_User", "Mfa.User", "X-Original-URL", "X-HTTP-Method-Override", "Proxy", "Authorization", "Cookie", "X-Api-Key", "Access-Token", "Forwarded", "X-Script-Name", "X-Forwarded-Prefix"} {
		send(name, name+": mallory")
		s.app.do(func() {
			if len(got) > 0 {
				t.Errorf("%s: %v", name, got)
			}
		})
		send("X-Checksum, "+name, "X-Checksum: 1", name+": mallory")
		s.app.do(func() {
			if fmt.Sprint(got) != "map[X-Checksum:[1]]" {
				t.Errorf("%s beside another: %v", name, got)
			}
		})
	}
}
