package caddymodule

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// sessionBy is a directive with an identity in Redis.
func sessionBy(urls, lines string) string {
	return site("identity redis " + urls + " {\n" + lines + "\n}")
}

func TestParseRedisSession(t *testing.T) {
	tests := []adaptCase{
		{name: "ok/json", caddyfile: sessionBy("redis://127.0.0.1:6379/2", "signed {env.S}\nuser passport.user"),
			want: `json:{"signed":"{env.S}","source":"redis","urls":["redis://127.0.0.1:6379/2"],"user":"passport.user"}`},
		{name: "ok/php", caddyfile: sessionBy("redis://127.0.0.1", "format php\ncookie app\nuser auth.user\ntenant auth.office"), want: `json:"cookie":"app","format":"php"`},
		{name: "ok/django", caddyfile: sessionBy("rediss://r.example.com", "format django\nusername u\npassword {env.P}\nuser _auth_user_id")},
		{name: "ok/prefix", caddyfile: sessionBy("redis://127.0.0.1", "prefix s:\nuser u"), want: `json:"prefix":"s:"`},
		{name: "ok/no prefix, signed", caddyfile: sessionBy("redis://127.0.0.1", "prefix \"\"\nsigned {env.S}\nuser u"), want: `json:"prefix":""`},
		{name: "ok/cluster", caddyfile: sessionBy("redis://127.0.0.1:1 redis://127.0.0.1:2", "user u")},
		{name: "ok/from outside", caddyfile: sessionBy("{env.SESSIONS}", "user u")},

		{name: "fail/no URL", caddyfile: site("identity redis {\nuser u\n}"), want: "takes the URL of the app's Redis"},
		{name: "fail/no user", caddyfile: sessionBy("redis://127.0.0.1", "email mail"), want: "a session exists says nothing of whose it is"},
		{name: "fail/pickle", caddyfile: sessionBy("redis://127.0.0.1", "format pickle\nuser u"), want: "unknown 'format pickle'"},
		{name: "fail/php signs nothing", caddyfile: sessionBy("redis://127.0.0.1", "format php\nsigned {env.S}\nuser u"), want: "'signed' is for 'format json'"},
		{name: "fail/no scheme", caddyfile: sessionBy("127.0.0.1:6379", "user u"), want: "write for example rediss://redis.example.com:6379"},
		{name: "fail/path", caddyfile: sessionBy("redis://127.0.0.1", "user a..b"), want: "is no dot path"},
		{name: "fail/prefix of the client", caddyfile: sessionBy("redis://127.0.0.1", "prefix {path}\nuser u"), want: "'prefix' takes one text without placeholders"},
		{name: "fail/cache", caddyfile: sessionBy("redis://127.0.0.1", "user u\ncache 30s"), want: "unknown word 'cache' in 'identity redis'"},

		{name: "warn/in clear", caddyfile: sessionBy("redis://r.example.com", "user u"), warn: "sessions come in clear text"},
		{name: "warn/any key", caddyfile: sessionBy("redis://127.0.0.1", "prefix \"\"\nuser u"), warn: "the cookie names any key of the database"},
		{name: "warn/literal secret", caddyfile: sessionBy("redis://127.0.0.1", "signed cat\nuser u"), warn: "the secret of 'signed' is a literal"},
	}
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}

// sessionSite is the simple site that reads the app's sessions in Redis.
func sessionSite(s *redistest.Server, lines string) string {
	head, rest, _ := strings.Cut(simple, "\t\tidentity whoami")
	_, tail, _ := strings.Cut(rest, "\n\t\t}\n")
	return head + "\t\tidentity redis redis://" + s.Addr + " {\n\t\t\tpassword " + redistest.Password + "\n" + lines + "\n\t\t}\n" + tail
}

// session signs the browser in as the app does, with a session in Redis.
func (b *browser) session(s *redistest.Server, id, user string) *browser {
	b.t.Helper()
	b.setCookie("sid", id)
	b.s.app.mu.Lock()
	b.s.app.sessions[id] = user
	b.s.app.mu.Unlock()
	s.Do(b.t, "SET", "sess:"+id, fmt.Sprintf(`{"cookie":{},"user":{"name":%q,"mail":"%s@mail.test"}}`, user, user))
	return b
}

// TestRedisSession: the whole way, in front of an app that is never asked who
// its visitor is.
func TestRedisSession(t *testing.T) {
	server := redistest.Start(t)
	s := start(t, sessionSite(server, "cookie sid\nuser user.name\nemail user.mail"), nil)
	const bobs, eves, theirs = "bobs-session-000000", "eves-session-000000", "session-of-nobody-0"

	s.browser().get("/open").want(200)
	s.browser().get("/documents/1", "Accept", "application/json").want(401).reason("no-identity")
	server.Do(t, "SET", "sess:"+theirs, `{"cookie":{}}`)
	stranger := s.browser()
	stranger.setCookie("sid", theirs)
	stranger.get("/documents/1", "Accept", "application/json").want(401).reason("no-identity")

	bob := s.browser().session(server, bobs, "bob")
	bob.get("/documents/1", "Accept", "application/json").want(403).reason("enroll")
	bob.enroll()
	if got := bob.get("/documents/1").want(200); !strings.Contains(got.body, "SECRET of bob") {
		t.Fatal(got.body)
	}
	if n := s.app.questions(); n != 0 {
		t.Errorf("the app was asked %d times", n)
	}

	// eve signs in on bob's browser, with his flag still there: in a session of
	// her own, and in his (an app that keeps the id).
	bob.session(server, eves, "eve")
	bob.get("/documents/2", "Accept", "application/json").want(403).reason("enroll")
	again := s.browser().session(server, bobs, "eve")
	again.form("/login-of-eve", url.Values{}).want(200) // what goes before it, in any app
	again.get("/documents/2", "Accept", "application/json").want(403).reason("enroll")

	before := server.Commands(t, "get")
	proven := s.browser().session(server, "another-of-bobs-000", "bob")
	for range 20 {
		proven.get("/documents/3").want(403)
	}
	if n := server.Commands(t, "get") - before; n > 3 {
		t.Errorf("20 requests within a second or two asked redis %d times", n)
	}

	server.Freeze(t)
	fresh := s.browser()
	fresh.setCookie("sid", "never-seen-before-0")
	fresh.get("/documents/1", "Accept", "application/json").want(503).reason("identity-down")
	fresh.get("/open").want(200)
	server.Thaw(t)
	if n := s.app.hitsOn("/documents/2"); n != 0 {
		t.Errorf("eve reached the app %d times", n)
	}
}

// Who passed by a session in Redis is remembered, for no longer than the session's
// own answer is: a session that is gone is missed within the second.
func TestPassMemory_OfASession(t *testing.T) {
	advance(t, 0)
	server := redistest.Start(t)
	s := start(t, sessionSite(server, "cookie sid\nuser user.name\nemail user.mail"), nil)
	const id = "bobs-session-000000"
	bob := s.browser().session(server, id, "bob").enroll()
	for range 3 {
		bob.get("/documents/1").want(200)
	}
	if _, n := remembered(t); n != 1 {
		t.Fatalf("%d visitors are remembered, want 1", n)
	}
	server.Do(t, "DEL", "sess:"+id)
	advance(t, rememberedFor)
	bob.get("/documents/1", "Accept", "application/json").want(401).reason("no-identity")

	bob.session(server, id, "bob").get("/documents/1", "Accept", "application/json").want(403).reason("verify")
}

// TestDesign_M9_TheCookieNamesNothingButASession: an id that is not signed is the
// client's word for a key of the app's database. Only what a session's id can be is
// looked up, under the sessions' own prefix and in one cookie alone.
func TestDesign_M9_TheCookieNamesNothingButASession(t *testing.T) {
	server := redistest.Start(t)
	s := start(t, sessionSite(server, "cookie sid\nuser user.name"), nil)
	const whole = `{"user":{"name":"bob"}}`
	const good = "bobs-session-000000"
	for _, key := range []string{"sess:" + good, "other:" + good, good, "sess:", "sess:short", "sess:bobs session 00000", "sess:../" + good, "sess:" + strings.Repeat("x", 300), "sess:bobs*ession0000000", "sess:sess:" + good} {
		server.Do(t, "SET", key, whole)
	}
	ask := func(cookie string) *reply {
		return s.browser().get("/documents/1", "Accept", "application/json", "Cookie", cookie)
	}
	ask("sid=" + good).want(403).reason("enroll") // it is bob's
	for name, cookie := range map[string]string{
		"nothing": "sid=", "too short": "sid=short", "too long": "sid=" + strings.Repeat("x", 300), "a pattern": "sid=bobs*ession0000000", "a path": "sid=../" + good, "a path, encoded": "sid=..%2f" + good,
		"a space": "sid=bobs session 00000", "a key with its prefix": "sid=sess:" + good, "another prefix": "sid=other:" + good,
	} {
		if r := ask(cookie); r.StatusCode != 401 && r.StatusCode != 400 {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
		}
	}
	if r := ask("sid=" + good + "; sid=eves-session-000000"); r.StatusCode == 403 && strings.Contains(r.body, `"enroll"`) {
		t.Errorf("one of two cookies is taken: %s", r.body)
	}
	if n := s.app.hitsOn("/documents"); n != 0 {
		t.Errorf("%d requests reached the app", n)
	}
}
