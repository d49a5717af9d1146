package caddymodule

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestGate_OpenPathStaysOpen(t *testing.T) {
	s := start(t, simple, nil)
	b := s.browser()
	got := b.get("/financeiro", "Mfa-User", "mallory", "Mfa_User", "mallory", "Mfa.User", "mallory", "X-Original-URL", "/documents", "Proxy", "http://evil", "Cookie", "a=1;  b=2; __Host-mfa=x; mfa=y").want(200)
	if got.Header.Get("Cache-Control") != "public, max-age=60" {
		t.Errorf("an open page's Cache-Control changed: %q", got.Header.Get("Cache-Control"))
	}
	r, _ := s.app.lastRequest()
	for k := range r.Header {
		if forbiddenField(k) {
			t.Errorf("the app saw %s", k)
		}
	}
	if c := r.Header["Cookie"]; len(c) != 1 || c[0] != "a=1;  b=2" {
		t.Errorf("the app saw the cookies %q", c)
	}
	if s.app.questions() != 0 {
		t.Error("an open page asked the app who this is")
	}
}

func TestGate_TellsTheApp(t *testing.T) {
	s := start(t, simple, nil)
	b := s.signedIn("bob").enroll()
	b.get("/documents/1", "Connection", "Mfa-Status, Mfa-User").want(200)
	r, _ := s.app.lastRequest()
	for k, want := range map[string]string{"Mfa-Status": "verified", "Mfa-User": "bob", "Mfa-Tenant": "default", "Mfa-Methods": "totp"} {
		if got := r.Header.Get(k); got != want {
			t.Errorf("%s: %q, want %q", k, got, want)
		}
	}
	if r.Header.Get("Mfa-Time") == "" {
		t.Error("no Mfa-Time")
	}
	if strings.Contains(r.Header.Get("Cookie"), "mfa") {
		t.Errorf("the app saw a cookie of the gate: %q", r.Header.Get("Cookie"))
	}
}

func TestGate_BlockedForms(t *testing.T) {
	s := start(t, simple, nil)
	b := s.signedIn("bob")

	page := b.page("/documents/1?x=1").want(403)
	for k, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if got := page.Header.Get(k); got != want {
			t.Errorf("%s: %q, want %q", k, got, want)
		}
	}
	if csp := page.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("CSP %q", csp)
	}
	if !strings.Contains(page.body, "/.mfa/enroll") {
		t.Error("no way to enrol on the page")
	}

	var p struct {
		Type, Title, Detail, Reason, Reference, Tenant string
		Status                                         int
		EnrollURL                                      string `json:"enroll_url"`
		Methods                                        []string
	}
	r := b.get("/documents/1?x=1", "Accept", "application/json").want(403).json(&p)
	if ct := r.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/problem+json") {
		t.Errorf("Content-Type %q", ct)
	}
	if p.Type != "urn:mfa:enroll" || p.Status != 403 || p.Reason != "enroll" || p.Tenant != "default" || len(p.Reference) < 12 || p.Title == "" || p.Detail == "" {
		t.Errorf("%+v", p)
	}
	if !strings.HasPrefix(p.EnrollURL, s.base+"/.mfa/enroll") || len(p.Methods) != 1 || p.Methods[0] != "totp" {
		t.Errorf("%+v", p)
	}
	unsent := b.send("POST", "/documents/new", "a=1", "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "same-origin").want(403)
	if !strings.Contains(unsent.body, "_blank") {
		t.Error("a form that was not sent: no way to prove in a new tab")
	}
	if n := s.app.hitsOn("/documents"); n != 0 {
		t.Errorf("%d blocked requests reached the app", n)
	}
}

func TestGate_VerifyForms(t *testing.T) {
	s := start(t, simple, nil)
	s.signedIn("bob").enroll()
	b := s.signedIn("bob")
	r := b.page("/documents/1?x=1").want(303)
	if loc := r.Header.Get("Location"); !strings.HasPrefix(loc, "/.mfa/verify") {
		t.Errorf("Location %q", loc)
	}
	b.get("/documents/1", "Accept", "application/json").want(403).reason("verify")
	r = b.get("/documents/1", "Authorization", "Bearer x").want(400)
	r.reason("mixed-credentials")
}

func TestGate_TraceAndConnect(t *testing.T) {
	s := start(t, simple, nil)
	s.browser().send("TRACE", "/open", "").want(405)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 405 {
		t.Errorf("CONNECT: %d", res.StatusCode)
	}
}

// The flag is this person's: another one at the same browser, a sign-out and a
// sign-in each end it, and a copy of it as well.
func TestFlag_EndsWithTheSession(t *testing.T) {
	flagOf := func(b *browser) string {
		u, _ := url.Parse(b.s.base)
		for _, c := range b.Jar.Cookies(u) {
			if c.Name == "mfa" {
				return c.Value
			}
		}
		return ""
	}
	for name, end := range map[string]func(*browser){
		"sign-out":       func(b *browser) { b.get("/logout") },
		"sign-in again":  func(b *browser) { b.signIn("bob") },
		"another person": func(b *browser) { b.signIn("eve"); b.get("/documents/1").want(403); b.signIn("bob") },
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, simple, nil)
			b := s.signedIn("bob").enroll()
			copied := flagOf(b)
			if copied == "" {
				t.Fatal("no flag")
			}
			b.get("/documents/1").want(200)
			end(b)
			if got := flagOf(b); got != "" {
				t.Errorf("the flag is still there: %.20s", got)
			}
			thief := s.signedIn("bob")
			thief.get("/documents/1", "Accept", "application/json", "Cookie", "mfa="+copied).want(403).reason("verify")
		})
	}
}

func TestIdentity_DownFailsClosed(t *testing.T) {
	s := start(t, strings.Replace(simple, "login /login", "login /login\n\t\t\tcache 0s", 1), nil)
	b := s.signedIn("bob").enroll()
	for _, status := range []int{429, 500, 502, 206, 304, 204} {
		s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/api/me" {
				w.WriteHeader(status)
				return true
			}
			return false
		}
		r := b.get("/documents/1", "Accept", "application/json").want(503).reason("identity-down")
		if r.Header.Get("Retry-After") == "" {
			t.Errorf("%d: no Retry-After", status)
		}
		b.get("/open").want(200)
		advance(t, 2*time.Second)
	}
	s.app.handle = nil
	b.get("/documents/1").want(200) // and the flag is still there
}

func TestDesign_C1_SecondCredentialBesideTheIdentity(t *testing.T) {
	s := start(t, strings.Replace(simple, "protect", "credentials u p\n\t\tprotect", 1), nil)
	b := s.signedIn("mallory").enroll()
	for _, c := range [][]string{
		{"/documents/1?u=bob&p=pw"}, {"/documents/1?%75=bob&p=pw"}, {"/documents/1;jsessionid=1"}, {"/documents/1?access_token=x"},
		{"/documents/1", "X-Api-Key", "k"}, {"/documents/1", "Authorization", "Basic Ym9iOnB3"}, {"/documents/1", "U", "bob"},
	} {
		b.get(c[0], append(c[1:], "Accept", "application/json")...).want(400).reason("mixed-credentials")
	}
	b.form("/documents/1", url.Values{"u": {"bob"}, "p": {"pw"}}).want(400)
	if n := s.app.hitsOn("/documents"); n != 0 {
		t.Errorf("%d requests reached the app", n)
	}
	b.get("/documents/1?user=7&page=2").want(200)
	b.get("/open?u=bob&p=pw").want(200)
}

func TestDesign_C6_PreflightCarriesNobody(t *testing.T) {
	s := start(t, simple, nil)
	s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodOptions {
			return false
		}
		w.Header().Set("Access-Control-Allow-Origin", "https://x.test")
		w.Header().Set("X-Secret", s.app.user(r))
		_, _ = io.WriteString(w, "SECRET of "+s.app.user(r))
		return true
	}
	b := s.signedIn("bob")
	r := b.send("OPTIONS", "/documents/1", "", "Origin", "https://x.test", "Access-Control-Request-Method", "GET", "Authorization", "Basic eDp5").want(204)
	if r.body != "" || r.Header.Get("X-Secret") != "" || r.Header.Get("Access-Control-Allow-Origin") != "https://x.test" {
		t.Errorf("%v %q", r.Header, r.body)
	}
	last, _ := s.app.lastRequest()
	if last.Header.Get("Cookie") != "" || last.Header.Get("Authorization") != "" {
		t.Errorf("the app saw %v", last.Header)
	}
	b.send("OPTIONS", "/documents/1", "").want(403)
}

func TestAnonymous(t *testing.T) {
	t.Run("deny", func(t *testing.T) {
		s := start(t, simple, nil)
		s.browser().get("/documents/1", "Accept", "application/json").want(401).reason("no-identity")
		s.browser().page("/documents/1").want(401)
		if n := s.app.hitsOn("/documents"); n != 0 {
			t.Errorf("%d requests reached the app", n)
		}
	})
	t.Run("login", func(t *testing.T) {
		s := start(t, strings.Replace(simple, "protect", "anonymous login /login?next={http.mfa.return_to}\n\t\tprotect", 1), nil)
		r := s.browser().page("/documents/1?a=b&c=//evil").want(303)
		if got := r.Header.Get("Location"); got != "/login?next=%2Fdocuments%2F1%3Fa%3Db%26c%3D%2F%2Fevil" {
			t.Errorf("Location %q", got)
		}
		s.browser().get("/documents/1", "Accept", "application/json").want(401).reason("no-identity")
	})
	t.Run("login by a query", func(t *testing.T) {
		s := start(t, strings.Replace(simple, "protect", "anonymous login /app.php?do=login\n\t\tprotect", 1), nil)
		b := s.browser()
		if got := b.page("/documents/1").want(303).Header.Get("Location"); got != "/app.php?do=login" {
			t.Errorf("Location %q", got)
		}
	})
	t.Run("confirm", func(t *testing.T) {
		s := start(t, strings.Replace(simple, "protect", "anonymous confirm\n\t\tprotect", 1), nil)
		b := s.browser()
		got := b.get("/documents/login", "Authorization", "Basic Ym9iOnB3", "Range", "bytes=0-3", "If-None-Match", "*")
		if got.StatusCode != 400 { // a credential the app may know: not a stranger's request
			got.want(200)
		}
		got = b.get("/documents/login", "Cookie", "anonymous=1").want(200)
		if !strings.Contains(got.body, "SECRET of  at") {
			t.Errorf("%q", got.body)
		}
		last, _ := s.app.lastRequest()
		if last.Header.Get("Cookie") != "" {
			t.Errorf("the app saw the cookie %q", last.Header.Get("Cookie"))
		}
		b.send("POST", "/documents/login", "x=1").want(401)
		// An app that signs somebody in by itself gives nothing away.
		s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/documents/auto" {
				s.app.sessions["auto"] = "bob"
				http.SetCookie(w, &http.Cookie{Name: "sid", Value: "auto", Path: "/"})
			}
			return false
		}
		if got := b.get("/documents/auto", "Accept", "application/json").want(401); strings.Contains(got.body, "SECRET") {
			t.Errorf("%q", got.body)
		}
		// One that begins a new session at each question is believed the last.
		serial := 0
		s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
			serial++
			http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: fmt.Sprint("anonymous", serial), Path: "/"})
			return false
		}
		got = b.get("/documents/login", "Cookie", "anonymous=1").want(200)
		if set := got.Header["Set-Cookie"]; len(set) != 1 || serial != 3 || !strings.HasPrefix(set[0], "JSESSIONID=anonymous3;") {
			t.Errorf("after %d questions the cookies are %q", serial, set)
		}
	})
}

func TestBlockError_HandleErrors(t *testing.T) {
	conf := strings.Replace(simple, "protect", "block error\n\t\tprotect", 1)
	conf = strings.Replace(conf, "\treverse_proxy", "\thandle_errors {\n\t\trespond `<a href=\"{http.mfa.enroll_url}\">{http.mfa.reason} {http.mfa.user}</a>` {err.status_code}\n\t}\n\treverse_proxy", 1)
	s := start(t, conf, nil)
	b := s.signedIn(`"><script>x</script>`)
	got := b.page(`/documents/"><script>`).want(403)
	if strings.Contains(got.body, "<script>") || !strings.Contains(got.body, "enroll") {
		t.Errorf("%q", got.body)
	}
}

// A cached whoami answers only the same visitor, and is dropped by what can
// change who that is.
func TestDesign_C2_WhoamiCache(t *testing.T) {
	s := start(t, simple, nil)
	b := s.signedIn("bob").enroll()
	b.get("/documents/1").want(200)
	before := s.app.questions()
	for range 20 {
		b.get("/documents/1").want(200)
	}
	if n := s.app.questions() - before; n > 1 {
		t.Errorf("%d questions for 20 requests of one visitor", n)
	}
	u, _ := url.Parse(s.base)
	b.Jar.SetCookies(u, []*http.Cookie{{Name: "office", Value: "42", Path: "/"}})
	before = s.app.questions()
	b.get("/documents/1").want(200)
	if s.app.questions() == before {
		t.Error("a cookie that was not named and changed: the old answer was used")
	}
}

func TestSubresource_DoesNotMoveTheWayBack(t *testing.T) {
	s := start(t, simple, nil)
	b := s.signedIn("bob")
	b.page("/documents/42?x=1").want(403)
	b.get("/documents/logo.png", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image", "Sec-Fetch-Site", "same-origin").want(403)
	var st struct {
		ReturnTo string `json:"return_to"`
	}
	b.get("/.mfa/api/state", "Accept", "application/json").want(200).json(&st)
	if st.ReturnTo != "/documents/42?x=1" {
		t.Errorf("return_to %q", st.ReturnTo)
	}
}

func TestWebSocket(t *testing.T) {
	s := start(t, simple, nil)
	b := s.signedIn("bob")
	b.get("/documents/ws", "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version", "13").want(403)
	if n := s.app.hitsOn("/documents"); n != 0 {
		t.Errorf("%d requests reached the app", n)
	}
}

func TestPolicy_ReloadedWhileRunning(t *testing.T) {
	policy := func(require string) string {
		return "version: 1\ntenants:\n  silva:\n    name: Silva\n    hosts: [localhost]\n    require: " + require + "\n    protect: [/documents]\n"
	}
	s := start(t, strings.Replace(offices, "\t\t\ttenant json tenant\n", "", 1), map[string]string{"policy.yaml": policy("none")})
	b := s.signedIn("bob")
	b.get("/documents/1").want(200)
	s.write("policy.yaml", policy("mfa"))
	s.eventually(b, 403)
	s.write("policy.yaml", "version: 1\ntenants:\n  silva:\n    hosts: [localhost]\n    require: nope\n")
	s.write("policy.yaml", policy("none"))
	s.eventually(b, 200)
}

// eventually waits until the page answers so: a policy is read again within
// 2 seconds.
func (s *live) eventually(b *browser, status int) {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if b.get("/documents/1").StatusCode == status {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("the page did not become %d", status)
}

// Mallory's flag, validly signed for a proof of her own, beside bob's session
// is nothing, and ends.
func TestFlag_IsOfOnePerson(t *testing.T) {
	s := start(t, simple, nil)
	mallory := s.signedIn("mallory").enroll()
	u, _ := url.Parse(s.base)
	b := s.signedIn("bob")
	for _, c := range mallory.Jar.Cookies(u) {
		if c.Name == "mfa" {
			b.setCookie("mfa", c.Value)
		}
	}
	b.get("/documents/1", "Accept", "application/json").want(403).reason("enroll")
	if strings.Contains(b.cookies(), "mfa=") {
		t.Error("the flag of somebody else is still in the browser")
	}
	if n := s.app.hitsOn("/documents"); n != 0 {
		t.Errorf("%d requests reached the app", n)
	}
}
