package attack

import (
	"strings"
	"sync"
	"testing"
)

var confirming = strings.Replace(plainSite, "%WHOAMI%", "%WHOAMI%\n\t\tanonymous confirm", 1)

func TestDesign_C10_ConfirmIsNeitherRacedNorFooled(t *testing.T) {
	s := start(t, oneHost, confirming)
	for _, line := range []string{"Range: bytes=0-0", `If-None-Match: "x"`, "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT", "Connection: Upgrade\r\nUpgrade: h2c", "Authorization: Basic Ym9iOnB3", "X-Api-Key: bobs", "Content-Length: 2\r\nX: ab", "X-HTTP-Method-Override: DELETE", "Expect: 100-continue"} {
		a := raw(t, s.addr, message("GET", documents, "office.test", "Cookie: sid=nobody", line)+"ab")
		s.clean(line)
		r, body := s.app.last()
		if strings.Contains(a.body, "of bob") {
			t.Errorf("%s: %q", line, a.body)
		}
		if r != nil {
			for _, f := range []string{"Cookie", "Range", "If-None-Match", "If-Modified-Since", "Upgrade", "Authorization", "X-Api-Key", "X-Http-Method-Override"} {
				if r.Header.Get(f) != "" {
					t.Errorf("%s: %s reached the app", line, f)
				}
			}
			if body != "" {
				t.Errorf("%s: a body reached the app", line)
			}
		}
	}
	for _, target := range []string{"/documents/1?user=bob&password=pw", "/documents/1;jsessionid=bob", "/documents/1?PHPSESSID=bob", "/documents/1?api_key=bobs"} {
		raw(t, s.addr, message("GET", target, "office.test"))
		s.clean(target)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for on := true; ; on = !on {
			select {
			case <-stop:
				return
			default:
				s.app.do(func() { s.app.users["raced"] = map[bool]string{true: "bob"}[on] })
			}
		}
	})
	for range 300 {
		raw(t, s.addr, message("GET", documents, "office.test", "Cookie: sid=raced"))
	}
	close(stop)
	wg.Wait()
	s.clean("raced")
}
