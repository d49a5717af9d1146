package caddymodule

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// switching is a site whose one tenant requires nothing until it is told to.
// LINES stands for what the identity says of sessions.
const switching = `{
	%PRELUDE%
	mfa %DIR%/policy.yaml {
		store bolt %DIR%/mfa.db
		mail smtp smtp://%SMTP% {
			from security@portal.test
		}
	}
}
http://:0 {
	mfa {
		identity whoami /api/me {
			user json login
			email json email
			LINES
			login /login
			logout /logout
			cache 0s
		}
	}
	reverse_proxy %APP%
}
`

func switchable(require, activate string) string {
	return "version: 1\ntenants:\n  office: {require: " + require + ", activate: " + activate + ", protect: [/documents]}\n"
}

// require changes the policy and waits until it counts.
func (s *live) require(require, activate string) {
	s.t.Helper()
	s.write("policy.yaml", switchable(require, activate))
	s.policyCounts()
}

// policyCounts takes two looks at the policy file, as its clock does.
func (s *live) policyCounts() {
	s.t.Helper()
	app := s.state()
	app.look()
	app.look()
}

// X1, S1.15, S2.18: a session that was there before goes on; the next sign-in is
// asked, at the latest a day later.
func TestX1_NextSession(t *testing.T) {
	for name, lines := range map[string]string{"by the app's cookies": "", "by the identity's session": "session json sid"} {
		t.Run(name, func(t *testing.T) {
			s := start(t, strings.Replace(switching, "LINES", lines, 1), map[string]string{"policy.yaml": switchable("none", "next-session")})
			s.app.sessionFact = lines != ""
			b, late := s.signedIn("bob"), s.signedIn("eve")
			b.get("/documents/1").want(200)
			old := b.value("mfa-seen")
			if old == "" {
				t.Fatal("the session is not noted")
			}
			b.get("/documents/1").want(200)
			if b.value("mfa-seen") != old {
				t.Error("a session noted once is noted again")
			}

			s.require("mfa", "next-session")
			b.get("/documents/1").want(200)
			if r, _ := s.app.lastRequest(); r.Header.Get("Mfa-Status") != "not-required" || strings.Contains(r.Header.Get("Cookie"), "mfa-seen") {
				t.Errorf("the app is told %q, with cookies %q", r.Header.Get("Mfa-Status"), r.Header.Get("Cookie"))
			}
			late.get("/documents/1").want(403).reason("enroll") // nobody saw this session before
			stranger := s.signedIn("bob")
			stranger.setCookie("mfa-seen", old) // replayed in a new sign-in
			stranger.get("/documents/1").want(403).reason("enroll")
			late.setCookie("mfa-seen", old) // another person's
			late.get("/documents/1").want(403).reason("enroll")

			b.form("/login", url.Values{"user": {"bob"}}).want(200)
			b.get("/documents/1").want(403).reason("enroll")
			b.setCookie("mfa-seen", old) // kept and put back
			b.get("/documents/1").want(403).reason("enroll")
		})
	}
}

// The same where a server in front says how it was asked, as every one does that
// ends TLS.
func TestX1_NextSession_BehindAServerInFront(t *testing.T) {
	s := start(t, strings.Replace(switching, "LINES", "", 1), map[string]string{"policy.yaml": switchable("none", "next-session")})
	b := s.signedIn("bob")
	front := []string{"X-Forwarded-Proto", "http", "X-Forwarded-Host", "portal.test"}
	b.get("/documents/1", front...).want(200)
	s.require("mfa", "next-session")
	b.get("/documents/1", front...).want(200)
	b.form("/login", url.Values{"user": {"bob"}}).want(200)
	b.get("/documents/1", front...).want(403).reason("enroll")
}

// A password, or a token, is the same at every sign-in: who sends one with each
// request is known by no session that could have been there before.
func TestX1_NextSession_OfNoPassword(t *testing.T) {
	start(t, simple, nil)
	g, _ := remembered(t)
	for authorization, session := range map[string]bool{"": true, "Basic Ym9iOmJvYg==": false} {
		r := httptest.NewRequest("GET", "/documents/1", nil)
		r.Header.Set("Cookie", "sid=1")
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		p, _ := g.enter(httptest.NewRecorder(), r, nil)
		if s := p.signIn(); (s != "") != session {
			t.Errorf("of Authorization %q: session %q", authorization, s)
		}
	}
}

// What routes behind the gate add for the app is not the visitor's: his stream, looked
// at while the app answers, goes on as the session that it was opened by.
func TestX1_NextSession_OfAStream(t *testing.T) {
	policy := func(require string) string {
		return strings.Replace(switchable(require, "next-session"), "[/documents]", "[/documents, /feed]", 1)
	}
	site := strings.NewReplacer("LINES", "", "\treverse_proxy", "\trequest_header Authorization \"Basic YXBwOmFwcA==\"\n\treverse_proxy").Replace(switching)
	s, _ := startFeed(t, site, map[string]string{"policy.yaml": policy("none")})
	b := s.signedIn("bob")
	b.get("/documents/1").want(200)
	s.write("policy.yaml", policy("mfa"))
	s.policyCounts()
	_, events := b.open("/feed/events")
	goesOn(t, events)
}

// H10: a session kept alive is not kept alive for ever.
func TestDesign_H10_AnOldSessionEnds(t *testing.T) {
	s := start(t, strings.Replace(switching, "LINES", "", 1), map[string]string{"policy.yaml": switchable("none", "next-session")})
	b := s.signedIn("bob")
	b.get("/documents/1").want(200)
	s.require("mfa", "next-session")
	advance(t, 23*time.Hour)
	b.get("/documents/1").want(200)
	seen := b.value("mfa-seen")
	advance(t, time.Hour+time.Minute)
	b.get("/documents/1").want(403).reason("enroll")
	if b.value("mfa-seen") != seen {
		t.Error("an old session renews itself")
	}
}

// By the identity's own word on when the person signed in, also a session that
// the gate never saw goes on.
func TestX1_NextSessionByTheTimeOfSignIn(t *testing.T) {
	s := start(t, strings.Replace(switching, "LINES", "time json since", 1), map[string]string{"policy.yaml": switchable("none", "next-session")})
	s.app.sessionFact = true
	b := s.signedIn("bob")
	advance(t, 2*time.Second)
	s.require("mfa", "next-session")
	b.get("/documents/1").want(200)
	if b.value("mfa-seen") != "" {
		t.Error("a session is noted as one that was asked nothing, by a tenant that asks")
	}
	advance(t, 2*time.Second)
	s.signedIn("bob").get("/documents/1").want(403).reason("enroll")

	// The store remembers since when; a restart does not begin anew.
	if err := s.load(s.conf); err != nil {
		t.Fatal(err)
	}
	b.get("/documents/1").want(200)
	s.signedIn("eve").get("/documents/1").want(403).reason("enroll")
	advance(t, 24*time.Hour)
	b.get("/documents/1").want(403).reason("enroll")
}

func TestX1_Now(t *testing.T) {
	s := start(t, strings.Replace(switching, "LINES", "", 1), map[string]string{"policy.yaml": switchable("none", "now")})
	b := s.signedIn("bob")
	b.get("/documents/1").want(200)
	if b.value("mfa-seen") != "" {
		t.Error("a session is noted though nobody asks")
	}
	s.require("mfa", "now")
	b.get("/documents/1").want(403).reason("enroll")
}

func TestX1_ADate(t *testing.T) {
	day := now().UTC().Add(48 * time.Hour).Format(time.DateOnly)
	s := start(t, strings.Replace(switching, "LINES", "", 1), map[string]string{"policy.yaml": switchable("mfa", day)})
	b := s.signedIn("bob")
	b.get("/documents/1").want(200)
	advance(t, 48*time.Hour)
	b.get("/documents/1").want(403).reason("enroll")
}

// state is the running app's.
func (s *live) state() *appState {
	s.t.Helper()
	app, err := caddy.ActiveContext().AppIfConfigured("mfa")
	if err != nil {
		s.t.Fatal(err)
	}
	return app.(*App).state
}

// value is that of one of the browser's cookies, "" for none.
func (b *browser) value(name string) string {
	u, _ := url.Parse(b.s.base)
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// S2.4, S4.5: at the next sign-in nothing goes on before a factor is set up, and
// then all does.
func TestS4_5_TheNextSignInSetsUpFirst(t *testing.T) {
	s := start(t, strings.Replace(switching, "LINES", "", 1), map[string]string{"policy.yaml": switchable("none", "next-session")})
	b := s.signedIn("bob")
	b.get("/documents/1").want(200)
	s.require("mfa", "next-session")
	b.get("/documents/1").want(200) // S2.18: a running session goes on
	b.get("/logout").want(200)
	b.signIn("bob")
	block := b.page("/documents/1?x=2").want(403)
	if !strings.Contains(block.body, `href="/.mfa/enroll?to=%2Fdocuments%2F1%3Fx%3D2"`) {
		t.Errorf("the block page does not lead to setting up:\n%s", block.body)
	}
	hits := s.app.hitsOn("/documents")
	b.form("/documents/1", url.Values{"x": {"1"}}).want(403)
	if s.app.hitsOn("/documents") != hits {
		t.Error("the app is reached before")
	}
	b.enroll().get("/documents/1?x=2").want(200)
}
