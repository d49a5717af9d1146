package caddymodule

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

const whoamiGate = `mfa {
	%MOUNT%
	protect %PROTECT%
	identity whoami %WHO% {
		user json login
		email json email
		login /login
	}
}
`

// The question to the app goes through the site's own handlers, whatever they
// are, and the real request after it finds them as if nothing had been asked.
func TestWhoami_InEveryPlacement(t *testing.T) {
	for name, c := range map[string]struct {
		site                      string
		protect, who, mount, page string
	}{
		"ok/site":   {site: "%GATE%\nreverse_proxy %APP%", page: "/documents/1"},
		"ok/handle": {site: "%GATE%\nhandle /api/* {\nreverse_proxy %APP%\n}\nhandle {\nreverse_proxy %APP%\n}", page: "/documents/1"},
		"ok/nested handles": {
			site: "%GATE%\nhandle /api/* {\nhandle /api/me {\nreverse_proxy %APP%\n}\n}\nhandle {\nhandle /documents/* {\nreverse_proxy %APP%\n}\nhandle {\nreverse_proxy %APP%\n}\n}",
			page: "/documents/1",
		},
		"ok/route": {site: "route {\n%GATE%\nreverse_proxy %APP%\n}", page: "/documents/1"},
		"ok/inside handle_path": {
			site:  "handle_path /app/* {\n%GATE%\nreverse_proxy %APP%\n}\nhandle {\nreverse_proxy %APP%\n}",
			mount: "/app/.mfa", page: "/app/documents/1",
		},
		"ok/encode and templates": {site: "%GATE%\nencode gzip\ntemplates\nreverse_proxy %APP%", page: "/documents/1"},
		"ok/file_server": {
			site: "root * %DIR%/www\n%GATE%\nhandle /api/* {\nreverse_proxy %APP%\n}\nhandle /login {\nreverse_proxy %APP%\n}\nhandle {\nfile_server\n}",
			page: "/documents/file.txt",
		},
		"ok/uri strip_prefix before it": {
			site: "uri strip_prefix /portal\n%GATE%\nreverse_proxy %APP%", page: "/portal/documents/1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			gate := strings.NewReplacer("%PROTECT%", or(c.protect, "/documents"), "%WHO%", or(c.who, "/api/me"), "%MOUNT%", mountLine(c.mount)).Replace(whoamiGate)
			head, _, _ := strings.Cut(simple, "http://:0")
			s := start(t, head+"http://:0 {\n"+strings.ReplaceAll(c.site, "%GATE%", gate)+"\n}\n",
				map[string]string{"www/documents/file.txt": "SECRET file", "www/index.html": "open"})
			mount := or(c.mount, "/.mfa")
			b := s.browser()
			b.form("/login", url.Values{"user": {"bob"}}).want(200)

			b.get(c.page, "Accept", "application/json").want(403).reason("enroll")
			b.page(c.page).want(403)
			if n := s.app.hitsOn("/documents"); n != 0 {
				t.Fatalf("%d blocked requests reached the app", n)
			}
			b.enrollAt(mount)
			got := b.get(c.page).want(200)
			if !strings.Contains(got.body, "SECRET") {
				t.Errorf("the page did not come whole: %q", got.body)
			}
			if cc := got.Header.Get("Cache-Control"); !strings.HasPrefix(cc, "private") {
				t.Errorf("Cache-Control %q", cc)
			}
		})
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func mountLine(m string) string {
	if m == "" {
		return ""
	}
	return "mount " + m
}

func (b *browser) enrollAt(mount string) {
	b.t.Helper()
	b.call("POST", mount+"/api/email", map[string]any{}).want(200)
	b.call("POST", mount+"/api/email/verify", map[string]any{"code": b.s.mail.code(b.t)}).want(200)
	var begun struct{ Secret string }
	b.call("POST", mount+"/api/methods/totp", map[string]any{}).want(200).json(&begun)
	b.secret = strings.ReplaceAll(begun.Secret, " ", "")
	b.call("POST", mount+"/api/methods/totp/verify", map[string]any{"code": b.totp(), "name": "phone"}).want(200)
}

// Nothing of the app's answer to the question comes to the visitor but its
// Set-Cookie, and nothing of the visitor's request but who he is goes into it.
func TestWhoami_IsKeptApart(t *testing.T) {
	s := start(t, strings.Replace(simple, "login /login", "login /login\n\t\t\tcache 0s", 1), nil)
	var question *http.Request
	s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/api/me" {
			question = r.Clone(r.Context())
			w.Header().Set("Link", "</x>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("X-App", "secret")
			w.Header().Add("Set-Cookie", "renewed=1; Path=/")
		}
		return false
	}
	b := s.signedIn("bob").enroll()
	body := strings.Repeat("x", 200_000)
	got := b.send("POST", "/documents/new?q=1", body, "Content-Type", "text/plain", "Range", "bytes=0-0", "If-None-Match", "*",
		"X-HTTP-Method-Override", "DELETE", "X-Other", "1").want(200)
	if got.Header.Get("X-App") != "" || got.Header.Get("Link") != "" {
		t.Errorf("fields of the question's answer came through: %v", got.Header)
	}
	if !strings.Contains(strings.Join(got.Header["Set-Cookie"], "|"), "renewed=1") {
		t.Errorf("its Set-Cookie did not: %q", got.Header["Set-Cookie"])
	}
	last, lastBody := s.app.lastRequest()
	if lastBody != body {
		t.Errorf("the body of the real request: %d bytes, want %d", len(lastBody), len(body))
	}
	if !strings.Contains(last.Header.Get("Cookie"), "renewed=1") {
		t.Errorf("the request that follows lacks the cookie: %q", last.Header["Cookie"])
	}
	for _, h := range []string{"Range", "If-None-Match", "X-Http-Method-Override", "X-Other", "Content-Type"} {
		if question.Header.Get(h) != "" {
			t.Errorf("the question carries %s: %q", h, question.Header.Get(h))
		}
	}
	if question.Method != "GET" || question.URL.RawQuery != "" || question.ContentLength > 0 {
		t.Errorf("the question: %s %s with %d bytes", question.Method, question.URL, question.ContentLength)
	}
}

// One visit is one line in the access log, with one object "mfa" in it.
func TestAccessLog_OneLineAVisit(t *testing.T) {
	conf := strings.Replace(simple, "reverse_proxy", "log {\n\t\toutput file %DIR%/access.log\n\t}\n\treverse_proxy", 1)
	s := start(t, conf, nil)
	b := s.signedIn("bob")
	b.get("/documents/1", "Accept", "application/json").want(403)
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(s.dir, "access.log"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	if len(lines) != 2 { // the sign-in, the blocked request
		t.Fatalf("%d lines:\n%s", len(lines), raw)
	}
	for _, want := range []string{`"mfa":{"verdict":"enroll","reason":"enroll","tenant":"default","reference":"`} {
		if !strings.Contains(lines[1], want) {
			t.Errorf("no %s in %s", want, lines[1])
		}
	}
	if strings.Count(string(raw), `"mfa":{`) != 2 {
		t.Errorf("not one object a line:\n%s", raw)
	}
}

// A whoami answer over the bound must not be taken for its beginning, nor cut
// the visitor's connection.
func TestWhoami_OverlongAnswerIsDown(t *testing.T) {
	s := start(t, simple, nil)
	s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/me" {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"login":"bob","pad":"`+strings.Repeat("x", 3<<20)+`"}`)
		return true
	}
	b := s.signedIn("bob")
	r := b.get("/documents/1", "Accept", "application/json").want(503).reason("identity-down")
	if r.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}
