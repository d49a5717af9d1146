package attack

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
)

const documents = "/documents/1"

// clean fails where anything protected went out to bob.
func (s *site) clean(what string) {
	s.t.Helper()
	if l := s.app.loot(); len(l) > 0 {
		s.t.Errorf("%s: served %q", what, l)
	}
}

func TestDesign_C1_SecondCredentialBesideAProof(t *testing.T) {
	s := start(t, oneHost, plainSite)
	m := s.visitor("office.test", "mallory").enrol()
	basic := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("bob:pw"))
	for _, c := range []struct{ method, target, line string }{
		{"GET", "/documents/1?user=bob&password=pw", "X-A: b"}, {"GET", "/documents/1?u%73er=bob&pass%77ord=pw", "X-A: b"},
		{"GET", "/documents/1?api_key=bobs", "X-A: b"}, {"GET", "/documents/1?PHPSESSID=bob", "X-A: b"}, {"GET", "/documents/1;jsessionid=bob", "X-A: b"},
		{"GET", documents, basic}, {"POST", documents, basic}, {"HEAD", documents, basic}, {"GET", documents, "authorization: basic " + basic[21:]},
		{"GET", documents, "X-Api-Key: bobs"}, {"GET", documents, "x-api-key: bobs"}, {"GET", documents, "X-Auth-Token: bobs"}, {"PUT", documents, "X-API-KEY: bobs"},
		{"GET", documents, "X-Access-Token: bobs"}, {"GET", documents, "Access-Token: bobs"}, {"GET", documents, "Auth-Token: bobs"}, {"GET", documents, "api-key: bobs"}, {"GET", documents, "Apikey: bobs"},
	} {
		a := raw(t, s.addr, message(c.method, c.target, "office.test", m.cookies(), c.line))
		s.clean(fmt.Sprint(c))
		if a.status == 200 {
			t.Errorf("%v passes", c)
		}
	}
	// CGI and WSGI read X_Api_Key as X-Api-Key: refused, or gone on the way.
	s.app.last()
	a := raw(t, s.addr, message("GET", documents, "office.test", m.cookies(), "X_Api_Key: bobs"))
	//lint:ignore SA1008 the spelling is the attack
	if r, _ := s.app.last(); a.status == 200 && len(r.Header["X_Api_Key"]) > 0 {
		t.Error("X_Api_Key arrives")
	}
	if a := raw(t, s.addr, message("GET", documents, "office.test", m.cookies())); a.status != 200 {
		t.Errorf("mallory herself gets %d", a.status)
	}
}

// TestDesign_C1_ATokenInJSON: who takes a bearer's token from a form takes it from JSON as
// well (passport-http-bearer, Doorkeeper, Laravel's token guard, Flask-Security), before
// mallory's session. Keys of other services, and what lies deeper, are an app's own affair.
func TestDesign_C1_ATokenInJSON(t *testing.T) {
	s := start(t, oneHost, plainSite)
	m := s.visitor("office.test", "mallory").enrol()
	s.app.do(func() {
		s.app.handle = func(_ http.ResponseWriter, r *http.Request) bool {
			var in struct {
				Token string `json:"access_token"`
			}
			if body := s.app.bodies[len(s.app.bodies)-1]; r.URL.Path != "/api/me" && json.Unmarshal([]byte(body), &in) == nil && in.Token == "bobs" {
				s.app.served = append(s.app.served, r.RequestURI+" to bob")
			}
			return false
		}
	})
	pad := `{"x":"` + strings.Repeat("a", 70_000) + `",`
	for _, body := range []string{`{"access_token":"bobs"}`, `{"x":[{}],"\u0061ccess_token":"bobs"}`, pad + `"access_token":"bobs"}`} {
		for _, kind := range []string{"application/json", "application/vnd.api+json; charset=utf-8", "text/x-json"} {
			for how, sent := range map[string]string{fmt.Sprint("Content-Length: ", len(body)): body, "Transfer-Encoding: chunked": fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)} {
				raw(t, s.addr, message("POST", documents, "office.test", m.cookies(), "Content-Type: "+kind, how)+sent)
				s.clean(fmt.Sprintf("%s, %s, %.30s", kind, how, body))
			}
		}
	}
	for _, body := range []string{`{"settings":{"access_token":"x"},"api_key":"y","text":"access_token"}`, pad + `"access_token":null}`} {
		if a := m.send("POST", documents, body, "Content-Type", "application/json"); a.status != 200 {
			t.Errorf("%.30s: %d %s", body, a.status, a.reason())
		}
	}
}

func TestDesign_C2a_SameSessionNewUser(t *testing.T) {
	s := start(t, oneHost, plainSite)
	m := s.visitor("office.test", "mallory").enrol()
	m.send("POST", "/login", "sid=mallory&user=bob", "Content-Type", "application/x-www-form-urlencoded")
	for range 5 {
		if a := m.send("GET", documents, ""); a.status == 200 {
			t.Error("passes as the user before")
		}
	}
	s.clean("after a sign-in as bob")
}

// An app that signs in whoever sends a name and a password in the query of any
// page, into the session that is there: on an open page nobody refuses it.
func TestDesign_C2a_SignedInByALink(t *testing.T) {
	for _, link := range []string{"/open?user=bob&password=pw", "/?login=x&user=bob&password=pw", "/open?%75ser=bob&pass%77ord=pw"} {
		t.Run(link, func(t *testing.T) {
			s := start(t, oneHost, plainSite)
			s.app.do(func() {
				s.app.handle = func(_ http.ResponseWriter, r *http.Request) bool {
					if q := r.URL.Query(); q.Get("user") != "" && q.Get("password") == "pw" {
						s.app.users["mallory"] = q.Get("user")
					}
					return false
				}
			})
			m := s.visitor("office.test", "mallory").enrol()
			m.send("GET", link, "")
			if a := m.send("GET", documents, ""); a.status == 200 {
				t.Error("passes as the user before")
			}
			s.clean(link)
		})
	}
}

// A slow body is overtaken by a sign-in of bob in the same session.
func TestDesign_C2a_SlowBodyOvertaken(t *testing.T) {
	s := start(t, oneHost, plainSite)
	m := s.visitor("office.test", "mallory").enrol()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(c, message("POST", documents, "office.test", m.cookies(), "Content-Length: 4")+"ab")
	m.send("POST", "/login", "sid=mallory&user=bob", "Content-Type", "application/x-www-form-urlencoded")
	_, _ = io.WriteString(c, "cd")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); strings.Contains(string(body), "SECRET of bob") {
		t.Errorf("%d %q", res.StatusCode, body)
	}
}

func TestDesign_C2b_C2c_UnnamedCookieOrAuthorization(t *testing.T) {
	s := start(t, oneHost, plainSite)
	m := s.visitor("office.test", "mallory").enrol()
	for _, line := range []string{m.cookies() + "; remember=bob", m.cookies() + "\r\nCookie: remember=bob", m.cookies() + "\r\nAuthorization: Basic Ym9iOnB3"} {
		raw(t, s.addr, message("GET", documents, "office.test", m.cookies())) // primes the cache
		if a := raw(t, s.addr, message("GET", documents, "office.test", line)); a.status == 200 {
			t.Errorf("%q passes", line[len(line)-30:])
		}
		s.clean(line)
	}
}

func TestDesign_C2d_SameSessionIdAtAnotherHost(t *testing.T) {
	s := start(t, strings.Replace(oneHost, "office.test", "office.test, other.test", 1), plainSite)
	s.app.users["other.test|mallory"] = "bob"
	m := s.visitor("office.test", "mallory").enrol()
	a := raw(t, s.addr, message("GET", documents, "other.test", m.cookies()))
	if s.clean("at another host"); a.status == 200 {
		t.Error("passes")
	}
}

const twoTenants = `version: 1
defaults: {first: none, protect: [/documents]}
tenants:
  office: {hosts: [office.test], require: mfa}
  lax: {hosts: [lax.test]}
  strict: {require: mfa}
  free: {require: none}
`

var byTenant = strings.Replace(plainSite, "%WHOAMI%", strings.Replace(whoami, "user json login", "user json login\n\t\t\ttenant json tenant", 1), 1)

func TestDesign_C2e_TenantSwitchedInTheSession(t *testing.T) {
	s := start(t, twoTenants, byTenant)
	s.app.tenants["bob"] = "free"
	if a := raw(t, s.addr, message("GET", documents, "any.test", "Cookie: sid=bob")); a.status != 200 {
		t.Fatalf("a tenant that asks nothing: %d %s", a.status, a.reason())
	}
	s.app.loot()
	raw(t, s.addr, message("POST", "/switch?to=strict", "any.test", "Cookie: sid=bob", "Content-Length: 0"))
	if a := raw(t, s.addr, message("GET", documents, "any.test", "Cookie: sid=bob")); a.status == 200 {
		t.Error("judged by the tenant before")
	}
	s.clean("after the switch")
}

func TestDesign_C4_HostOfAnotherTenant(t *testing.T) {
	s := start(t, twoTenants, byTenant)
	s.app.tenants["bob"] = "office"
	for _, host := range []string{"lax.test", "LAX.test", "lax.test.", "lax.test:80", "any.test", "", "office.test"} {
		for _, more := range []string{"X-A: b", "X-Forwarded-Host: lax.test", "Forwarded: host=lax.test", "X-Host: lax.test", "X-Tenant: lax"} {
			raw(t, s.addr, message("GET", documents, host, "Cookie: sid=bob", more))
			s.clean(host + " " + more)
		}
	}
	raw(t, s.addr, message("GET", "http://lax.test/documents/1", "office.test", "Cookie: sid=bob"))
	raw(t, s.addr, message("GET", "http://office.test/documents/1", "lax.test", "Cookie: sid=bob"))
	s.clean("absolute form")
}

func TestDesign_C5_UpgradesOtherThanWebSocket(t *testing.T) {
	s := start(t, oneHost, plainSite)
	s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Upgrade") == "" {
			return false
		}
		c, rw, err := w.(http.Hijacker).Hijack() // grants whatever is asked for
		if err == nil {
			fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", r.Header.Get("Upgrade"))
			_ = rw.Flush()
			_ = c.Close()
		}
		return true
	}
	ws := []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
	for _, lines := range [][]string{
		{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"}, {"Connection: upgrade", "Upgrade: H2C"}, {"Connection: Upgrade", "Upgrade: foo"},
		{"Connection: Upgrade", "Upgrade: TLS/1.0"}, {"Connection: Upgrade", "Upgrade: websocket"}, {"Connection: Upgrade", "Upgrade: websocket, h2c"}, {"Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket"},
		append([]string{"Upgrade: h2c"}, ws...), append([]string{"Content-Length: 3"}, ws...), append([]string{"Transfer-Encoding: chunked"}, ws...), append([]string{ws[0], "Upgrade: websocket\t,h2c"}, ws[2:]...),
	} {
		a := raw(t, s.addr, message("GET", "/open", "office.test", append(lines, "Cookie: sid=bob")...)+"0\r\n\r\n")
		r, _ := s.app.last()
		if a.status == 101 || r != nil && (r.Header.Get("Upgrade") != "" || r.Header.Get("Http2-Settings") != "") {
			t.Errorf("%q is granted: %d", lines, a.status)
		}
	}
	if a := s.get("/open", ws...); a.status != 101 {
		t.Errorf("a whole handshake on an open path: %d", a.status)
	}
	s.app.last()
	if a := s.get(documents, ws...); a.status != 403 {
		t.Errorf("a handshake on a protected path: %d", a.status)
	}
	if r, _ := s.app.last(); r != nil {
		t.Error("it reached the app")
	}
}

func TestDesign_C6_PreflightCarriesNobody(t *testing.T) {
	s := start(t, oneHost, plainSite)
	a := raw(t, s.addr, message("OPTIONS", documents, "office.test", "Cookie: sid=bob", "Authorization: Basic Ym9iOnB3", "X-Api-Key: bobs", "Origin: http://x.test", "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-a", "Content-Length: 3")+"abc")
	s.clean("preflight")
	r, body := s.app.last()
	if r != nil && (r.Header.Get("Cookie") != "" || r.Header.Get("Authorization") != "" || r.Header.Get("X-Api-Key") != "" || body != "") {
		t.Errorf("reached the app with %v %q", r.Header, body)
	}
	// What it is for must arrive, or the app takes it for an ordinary OPTIONS.
	if r == nil || r.Header.Get("Access-Control-Request-Method") != "PUT" || r.Header.Get("Access-Control-Request-Headers") != "x-a" || r.Header.Get("Origin") == "" {
		t.Errorf("no preflight any more: %v", r)
	}
	if strings.Contains(a.body, "SECRET") {
		t.Error("the page comes back")
	}
	for _, target := range []string{"/documents/1?user=bob&password=pw", "/documents/1?api_key=bobs", "/documents/1;jsessionid=bob", "/documents/1;jsessionid=bob?api_key=bobs"} {
		raw(t, s.addr, message("OPTIONS", target, "office.test", "Origin: http://x.test", "Access-Control-Request-Method: GET"))
		s.clean(target)
	}
	raw(t, s.addr, message("OPTIONS", documents, "office.test", "Cookie: sid=bob", "Origin: http://x.test"))
	s.clean("not quite a preflight")
}

func TestDesign_C7_DoorsBesideTheGateAreRefused(t *testing.T) {
	gate := "mfa {\n" + whoami + "\n}\n"
	for name, c := range map[string]string{
		"handle_errors":       "http://a.test {\n" + gate + "reverse_proxy %APP%\nhandle_errors {\nreverse_proxy %APP%\n}\n}",
		"rewrite after it":    "http://a.test {\nroute {\n" + gate + "rewrite * /documents{uri}\nreverse_proxy %APP%\n}\n}",
		"a client's identity": "http://a.test {\nmfa {\nidentity placeholder {header.Remote-User}\n}\nreverse_proxy %APP%\n}",
		"a client's tenant":   "http://a.test {\nmfa {\n" + whoami + "\ntenant {header.X-Tenant}\n}\nreverse_proxy %APP%\n}",
		"a path matcher":      "http://a.test {\nmfa /documents/* {\n" + whoami + "\n}\nreverse_proxy %APP%\n}",
	} {
		dir := t.TempDir()
		write(t, dir+"/policy.yaml", oneHost)
		conf, _, err := adapt(dir, fill(global+c, dir, "127.0.0.1:9"))
		if err == nil {
			var cfg caddy.Config
			if err := json.Unmarshal(conf, &cfg); err != nil {
				t.Fatal(err)
			}
			err = caddy.Validate(&cfg)
		}
		if err == nil {
			t.Errorf("%s is taken", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}

func TestDesign_C13_FormSaysTheArea(t *testing.T) {
	s := start(t, oneHost, plainSite)
	form, multi := "application/x-www-form-urlencoded", "multipart/form-data; boundary=B"
	for _, c := range []struct{ kind, body string }{
		{form, "page=mensagens"}, {form, "page=home&page=mensagens"}, {form, "%70age=mensagens"}, {form, "%20page=mensagens"}, {form, "page[]=mensagens"}, {form, "page=%6densagens&x=mensagens"}, {form, "a=" + strings.Repeat("x", 70000) + "&page=mensagens"},
		{strings.ToUpper(form), "page=mensagens"}, {form + "; charset=utf-8", "page=mensagens"}, {multi, "--B\r\nContent-Disposition: form-data; name=\"page\"\r\n\r\nmensagens\r\n--B--\r\n"}, {multi, "--B\r\nContent-Disposition: form-data; name=page\r\n\r\nmensagens\r\n--B"},
		{"multipart/form-data", "--B\r\nContent-Disposition: form-data; name=page\r\n\r\nmensagens\r\n--B--"},
	} {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			raw(t, s.addr, message(method, "/index.php?page=home", "office.test", "Cookie: sid=bob", "Content-Type: "+c.kind, fmt.Sprint("Content-Length: ", len(c.body)))+c.body)
			raw(t, s.addr, message(method, "/index.php", "office.test", "Cookie: sid=bob", "Content-Type: "+c.kind, "Transfer-Encoding: chunked")+fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(c.body), c.body))
			s.clean(fmt.Sprintf("%s %s %.60q", method, c.kind, c.body))
		}
	}
	s.app.last()
	body := "page=home&x=1"
	if a := raw(t, s.addr, message("POST", "/index.php", "office.test", "Cookie: sid=bob", "Content-Type: "+form, fmt.Sprint("Content-Length: ", len(body)))+body); a.status != 200 {
		t.Errorf("a harmless form: %d %s", a.status, a.reason())
	}
	if _, got := s.app.last(); got != body {
		t.Errorf("it arrives as %q", got)
	}
}
