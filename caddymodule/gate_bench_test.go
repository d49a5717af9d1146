package caddymodule

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	gojwt "github.com/golang-jwt/jwt/v5"
)

// blank is a writer that costs nothing, so that the figures are the chain's.
type blank struct{ h http.Header }

func (b *blank) Header() http.Header         { return b.h }
func (b *blank) Write(p []byte) (int, error) { return len(p), nil }
func (b *blank) WriteHeader(int)             {}

const benchSecret = "a secret of the bench alone, 32 bytes or more"

// BenchmarkGate is what one request costs in a site's whole chain, without
// network and app: "plain" beside the gate's ways.
func BenchmarkGate(b *testing.B) {
	head, _, _ := strings.Cut(simple, "http://:0")
	jwtGate := "mfa {\nprotect /documents /admin\nidentity jwt {\ncookie sid\nsecret \"" + benchSecret + "\"\nuser sub\nemail email\n}\n}\n"
	token, err := gojwt.NewWithClaims(gojwt.SigningMethodHS256, gojwt.MapClaims{"sub": "bob", "email": "bob@mail.test", "exp": time.Now().Add(time.Hour).Unix()}).SignedString([]byte(benchSecret))
	if err != nil {
		b.Fatal(err)
	}
	app := "handle /login {\nreverse_proxy %APP%\n}\nhandle /api/* {\nreverse_proxy %APP%\n}\nhandle {\nrespond ok\n}\n"
	for _, c := range []struct{ name, site, path, sid string }{
		{"plain", app, "/documents/1", ""},
		{"open", whoamiBench + app, "/financeiro/1", ""},
		{"flagged jwt", jwtGate + app, "/documents/1", token},
		{"flagged 50 pages", jwtGate + app, "/documents/%d/view", token},
		{"flagged whoami", whoamiBench + app, "/documents/1", ""},
		{"flagged whoami, after another's form", whoamiBench + app, "/documents/1", ""},
		{"blocked", whoamiBench + app, "/documents/1", ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := start(b, head+"http://:0 {\n"+c.site+"}\n", nil)
			who := s.signedIn("bob")
			cookies := "sid=" + c.sid
			if c.sid == "" {
				cookies = who.cookies()
			}
			if strings.HasPrefix(c.name, "flagged") {
				if c.sid != "" {
					who.setCookie("sid", c.sid)
				}
				who.enroll()
				cookies = who.cookies()
			}
			srv := server(b)
			w := &blank{h: http.Header{}}
			b.ReportAllocs()
			paths := make([]string, 50)
			for i := range paths {
				paths[i] = strings.Replace(c.path, "%d", strconv.Itoa(i), 1)
			}
			for i := 0; b.Loop(); i++ {
				path := paths[i%len(paths)]
				r, _ := http.NewRequest("GET", path, nil)
				r.RequestURI, r.Host, r.RemoteAddr = path, "localhost", "127.0.0.1:1"
				r.Header["Cookie"], r.Header["Accept"] = []string{cookies}, []string{"application/json"}
				clear(w.h)
				if strings.HasSuffix(c.name, "form") {
					b.StopTimer()
					form, _ := http.NewRequest("POST", "/financeiro/1", nil)
					form.RequestURI, form.Host, form.RemoteAddr = "/financeiro/1", "localhost", "127.0.0.1:1"
					form.Header["Cookie"] = []string{"sid=another" + strconv.Itoa(i)}
					srv.ServeHTTP(w, form)
					clear(w.h)
					b.StartTimer()
				}
				srv.ServeHTTP(w, r)
			}
		})
	}
}

const whoamiBench = "mfa {\nprotect /documents /admin\nidentity whoami /api/me {\nuser json login\nemail json email\ncookies sid\n}\n}\n"

func server(b testing.TB) *caddyhttp.Server {
	b.Helper()
	app, err := caddy.ActiveContext().App("http")
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range app.(*caddyhttp.App).Servers {
		return s
	}
	b.Fatal("no server")
	return nil
}
