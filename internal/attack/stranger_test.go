package attack

import (
	"os"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/caddyauth"
)

// TestDesign_C6_PreflightBehindFastCGI: FastCGI has more ways to tell who it is
// than the request's own fields: the target as it first came, REMOTE_USER, and
// whatever an env line takes of the visitor's request.
func TestDesign_C6_PreflightBehindFastCGI(t *testing.T) {
	addr, root, hits := fpm(t)
	hash, err := caddyauth.BcryptHash{}.Hash([]byte("planted-password"))
	if err != nil {
		t.Fatal(err)
	}
	proxy := "root * " + root + "\n\tphp_fastcgi " + addr + " {\n\t\tenv HTTP_X_SID {http.request.cookie.sid}{http.request.header.X-Api-Key}{http.request.uri.query.password}{http.request.orig_uri}{http.request.body}\n\t}\n"
	s := &site{t: t, app: newApp(t), dir: t.TempDir()}
	s.run(byPathAlone, "http://:0 {\n\tbasic_auth {\n\t\tplanted-user "+string(hash)+"\n\t}\n\tmfa\n\t"+proxy+"}\n")
	basic := "Authorization: Basic cGxhbnRlZC11c2VyOnBsYW50ZWQtcGFzc3dvcmQ="
	for _, target := range []string{
		"/x", "/x?user=planted-user&password=planted-password", "/x?api_key=planted-key", "/x?q=1", "/index.php/x?PHPSESSID=planted-sid",
		"/x;jsessionid=planted-sid", "/x;jsessionid=planted-sid?api_key=planted-key",
	} {
		raw(t, s.addr, message("OPTIONS", target, "office.test", basic, "Cookie: sid=planted-sid", "X-Api-Key: planted-key", "Origin: http://x.test", "Access-Control-Request-Method: GET", "Content-Length: 12")+"planted-body")
		seen, _ := os.ReadFile(hits + ".seen")
		_ = os.Remove(hits + ".seen")
		if strings.Contains(string(seen), "planted") {
			t.Errorf("%s: the app sees %s", target, seen)
		}
		if strings.HasSuffix(target, "/x") || strings.HasSuffix(target, "?q=1") {
			if len(seen) == 0 || strings.Contains(target, "q=1") && !strings.Contains(string(seen), `"q":"1"`) {
				t.Errorf("%s: nothing of it reaches the app: %s", target, seen)
			}
		}
	}
	// The same request without being a preflight tells all of it: the app is there.
	raw(t, s.addr, message("GET", "/x?q=1", "office.test", basic, "Cookie: sid=planted-sid"))
	if seen, _ := os.ReadFile(hits + ".seen"); !strings.Contains(string(seen), "planted-user") || !strings.Contains(string(seen), "planted-sid") {
		t.Errorf("an ordinary request tells %s", seen)
	}
}

// TestDesign_C10_ConfirmTellsNothingByPlaceholders: the stranger's request to the
// app carries nothing of the visitor's by a header_up either.
func TestDesign_C10_ConfirmTellsNothingByPlaceholders(t *testing.T) {
	s := start(t, oneHost, strings.Replace(confirming, "reverse_proxy %APP%", "reverse_proxy %APP% {\n\t\theader_up X-Told {http.request.cookie.sid}{http.request.header.X-Key}{http.request.body}{http.request.header.Accept}\n\t}", 1))
	a := raw(t, s.addr, message("GET", documents, "office.test", "Cookie: sid=nobody", "X-Key: planted", "Accept: text/plain"))
	r, _ := s.app.last()
	if r == nil || a.status != 200 {
		t.Fatalf("the page of a stranger: %d", a.status)
	}
	if got := r.Header.Get("X-Told"); got != "text/plain" {
		t.Errorf("the app is told %q", got)
	}
}
