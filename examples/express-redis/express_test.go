// Package expressredis tries the example: express with its sessions in Redis
// behind the gate, with a real browser.
package expressredis

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

const (
	invoices = "/invoices"
	owed     = "1234.56" // on every page behind the gate
)

type site struct {
	*apptest.Example
	redis *redistest.Server
}

func start(t *testing.T, env ...string) *site {
	t.Helper()
	s := prepare(t, env...)
	s.StartCaddy(t, "/login")
	return s
}

// prepare starts the app, and Caddy not yet.
func prepare(t *testing.T, env ...string) *site {
	t.Helper()
	apptest.Tool(t, "node", "nodejs")
	apptest.Tool(t, "npm", "npm")
	s := &site{redis: redistest.Start(t)}
	s.Example = apptest.NewExample(t, "express-redis", append(env, "REDIS_PORT="+s.redis.Port(), "REDIS_PASSWORD="+redistest.Password, "SESSION_SECRET=keyboard cat")...)
	s.StartApp(t, "/login")
	return s
}

func signIn(t *testing.T, v *apptest.Visitor, name string) {
	t.Helper()
	if got := v.Post("/login", url.Values{"name": {name}, "password": {name + "-pass"}}); got.Status != http.StatusFound {
		t.Fatalf("signing in as %s: %d %s", name, got.Status, got.Body)
	}
}

func as(t *testing.T, s *site, name string) *apptest.Visitor {
	t.Helper()
	v := apptest.NewVisitor(t, s.URL)
	signIn(t, v, name)
	return v
}

func want(t *testing.T, v *apptest.Visitor, status int, part string) {
	t.Helper()
	got := v.Open(invoices)
	if got.Status != status || !strings.Contains(got.Body, part) || status != http.StatusOK && strings.Contains(got.Body, owed) {
		t.Fatalf("%d, want %d and %q:\n%.300s", got.Status, status, part, got.Body)
	}
}

func TestAPersonEnrols(t *testing.T) {
	s := start(t)
	b := apptest.NewBrowser(t, "en")
	b.Open(s.URL + invoices)
	b.Wait(`input[name="name"]`) // a stranger is led to the application's own form
	b.Type(`input[name="name"]`, "alice")
	b.Type(`input[name="password"]`, "alice-pass")
	b.Click("form button")
	b.Wait("#who")
	b.Open(s.URL + invoices)
	b.Wait("main .button")
	s.Enrol(t, b, "alice@acme.example")
	b.At(s.URL + invoices)
	b.Wait("#who")
}

// The app takes one spelling of a name alone, and is not needed to know who
// somebody is: gone, it opens nothing.
func TestSpellingsAndTheAppGone(t *testing.T) {
	s := prepare(t)
	trouble := s.Trouble(t)
	s.StartCaddy(t, "/login")
	for _, name := range []string{"ALICE", " alice", "alice "} {
		v := apptest.NewVisitor(t, s.URL)
		if got := v.Post("/login", url.Values{"name": {name}, "password": {"alice-pass"}}); got.Status != http.StatusForbidden {
			t.Errorf("it takes %q for alice: %d", name, got.Status)
		}
		want(t, v, http.StatusSeeOther, "")
	}
	alice, bob := as(t, s, "alice"), as(t, s, "bob")
	alice.Open(invoices)
	s.EnrolBy(t, alice, "alice@acme.example")
	trouble.Answer(apptest.HangsUp)
	want(t, bob, http.StatusForbidden, "/.mfa/enroll")
	want(t, alice, http.StatusBadGateway, "")
	trouble.Answer(apptest.Says(http.StatusTooManyRequests))
	want(t, bob, http.StatusForbidden, "/.mfa/enroll")
	trouble.Answer(nil)
	want(t, alice, http.StatusOK, "alice")
}

// Whoever signs in, in whatever session, proves for himself.
func TestSessions(t *testing.T) {
	for name, env := range map[string][]string{"ok/a new id at sign-in": nil, "ok/the same id": {"KEEP_ID=1"}} {
		t.Run(name, func(t *testing.T) {
			s := start(t, env...)
			stranger := apptest.NewVisitor(t, s.URL)
			stranger.Open("/login") // has a session now
			if stranger.Cookie("connect.sid") == "" {
				t.Fatal("no session")
			}
			want(t, stranger, http.StatusSeeOther, "")

			alice := as(t, s, "alice")
			want(t, alice, http.StatusForbidden, "/.mfa/enroll")
			app := s.EnrolBy(t, alice, "alice@acme.example").App
			want(t, alice, http.StatusOK, "alice")

			alice.Open("/logout")
			signIn(t, alice, "alice")
			want(t, alice, http.StatusSeeOther, "") // to the proof
			alice.Prove(app)
			want(t, alice, http.StatusOK, "alice")
			signIn(t, alice, "bob") // in the same browser, without signing out
			want(t, alice, http.StatusForbidden, "/.mfa/enroll")
		})
	}
}

func TestBypasses(t *testing.T) {
	s := start(t)
	alice := as(t, s, "alice")
	s.EnrolBy(t, alice, "alice@acme.example")
	want(t, alice, http.StatusOK, "alice")
	bob, flag := as(t, s, "bob").Cookie("connect.sid"), "mfa="+alice.Cookie("mfa")
	hers := alice.Cookie("connect.sid")
	id := strings.TrimPrefix(strings.Split(hers, ".")[0], "s%3A")
	for name, cookies := range map[string]string{
		"her flag and bob's session": flag + "; connect.sid=" + bob,
		"two sessions":               flag + "; connect.sid=" + hers + "; connect.sid=" + bob,
		"two sessions, other order":  flag + "; connect.sid=" + bob + "; connect.sid=" + hers,
		"two spellings of the name":  flag + "; connect.sid=" + bob + "; connect%2Esid=" + hers,
		"an id that is not signed":   flag + "; connect.sid=" + id,
		"another signature":          flag + "; connect.sid=" + hers[:len(hers)-4] + "AAAA",
		"no session":                 flag,
	} {
		t.Run("fail/"+name, func(t *testing.T) {
			got := bare(t, s, cookies)
			if got.Status < 300 || strings.Contains(got.Body, owed) {
				t.Errorf("it passes: %d %s", got.Status, got.Body)
			}
		})
	}
}

// Express serves a page under many spellings of its address; each is protected.
func TestOtherSpellingsOfTheAddress(t *testing.T) {
	s := start(t)
	bob := "connect.sid=" + as(t, s, "bob").Cookie("connect.sid")
	for _, path := range []string{"/INVOICES/7", "/invoices/7/", "//invoices/7", "/%69nvoices/7", "/invoices/./7", "/login/../invoices/7", "/login/%2e%2e/invoices/7", "/invoices%2f7", "/invoices;x=1/7"} {
		got := apptest.NewVisitor(t, s.URL).Do(http.MethodGet, path, "", "Cookie", bob, "Accept", "application/json")
		if got.Status < 400 || strings.Contains(got.Body, owed) {
			t.Errorf("%s passes: %d %s", path, got.Status, got.Body)
		}
	}
}

// The gate reads the session once a second at most, and Redis away closes what
// is protected.
func TestRedis(t *testing.T) {
	s := start(t)
	alice := as(t, s, "alice")
	s.EnrolBy(t, alice, "alice@acme.example")
	want(t, alice, http.StatusOK, "alice")
	begun, before := time.Now(), s.redis.Commands(t, "get")
	for range 50 {
		want(t, alice, http.StatusOK, "alice")
	}
	seconds := 2 + int(time.Since(begun)/time.Second)
	if n := s.redis.Commands(t, "get") - before - 50; n > seconds { // the app itself reads it 50 times
		t.Errorf("the gate read the session %d times in %d seconds", n, seconds)
	}
	unread := as(t, s, "alice").Cookie("connect.sid")
	s.redis.Freeze(t)
	got := bare(t, s, "connect.sid="+unread+"; mfa="+alice.Cookie("mfa"))
	s.redis.Thaw(t)
	if got.Status != http.StatusServiceUnavailable || got.JSON("reason") != "identity-down" {
		t.Errorf("without redis: %d %s", got.Status, got.Body)
	}
	redistest.Eventually(t, "the gate to open", func() bool { return alice.Open(invoices).Status == http.StatusOK })
}

// bare sends one Cookie field as it is.
func bare(t *testing.T, s *site, cookies string) apptest.Answer {
	t.Helper()
	return apptest.NewVisitor(t, s.URL).Do(http.MethodGet, "/invoices/7", "", "Cookie", cookies, "Accept", "application/json")
}
