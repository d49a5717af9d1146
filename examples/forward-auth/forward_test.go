// Package forwardauth tries the example: an unmodified calendar server that
// believes a header, a server that signs people in, and the gate between them.
package forwardauth

import (
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

const (
	calendar = "/alice/work/"
	entry    = calendar + "1.ics"
	event    = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//acme//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260102T100000Z\r\nSUMMARY:The merger\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	secret   = "The merger"
)

func start(t *testing.T) *apptest.Example {
	t.Helper()
	e, _ := startBoth(t)
	return e
}

func startBoth(t *testing.T) (*apptest.Example, *apptest.Process) {
	t.Helper()
	apptest.Tool(t, "radicale", "radicale")
	port := apptest.Port(t)
	e := apptest.NewExample(t, "forward-auth", "SIGNIN_PORT="+port)
	signin := exec.Command(apptest.Build(t, "signin", "./examples/forward-auth/signin"))
	signin.Env = e.Env
	process := apptest.Start(t, signin)
	process.Answers(t, "http://127.0.0.1:"+port+"/auth/login")
	e.StartApp(t, "/")
	e.StartCaddy(t, "/auth/login")

	app := apptest.NewVisitor(t, e.App)
	for _, step := range [][3]string{{"MKCALENDAR", calendar, ""}, {http.MethodPut, entry, event}} {
		if got := app.Do(step[0], step[1], step[2], "X-Remote-User", "alice"); got.Status != http.StatusCreated {
			t.Fatalf("%s %s: %d %s", step[0], step[1], got.Status, got.Body)
		}
	}
	return e, process
}

func signIn(t *testing.T, v *apptest.Visitor, login string) {
	t.Helper()
	if got := v.Post("/auth/login", url.Values{"name": {login}, "password": {login + "-pass"}}); got.Status != http.StatusSeeOther {
		t.Fatalf("signing in as %s: %d %s", login, got.Status, got.Body)
	}
}

func as(t *testing.T, e *apptest.Example, login string) *apptest.Visitor {
	t.Helper()
	v := apptest.NewVisitor(t, e.URL)
	signIn(t, v, login)
	return v
}

// list is what a calendar program asks first.
func list(v *apptest.Visitor, fields ...string) apptest.Answer {
	return v.Do("PROPFIND", calendar, `<?xml version="1.0"?><propfind xmlns="DAV:"><prop><getetag/></prop></propfind>`, append([]string{"Depth", "1"}, fields...)...)
}

func TestAPersonOfAnotherServerEnrols(t *testing.T) {
	e := start(t)
	b := apptest.NewBrowser(t, "en")
	b.Open(e.URL + "/.web/")
	b.Wait("#name") // a stranger is led to the sign-in
	b.Type("#name", "carol")
	b.Type("#password", "carol-pass")
	b.Click("button")
	b.Wait("#loginscene") // Radicale's own page, which is open
	b.Open(e.URL + "/carol/")
	b.Wait("main .button")
	b.Shot("forward-auth-block")
	e.Enrol(t, b, "carol@acme.example")
	b.At(e.URL + "/carol/")
	b.Shot("forward-auth-page")

	v := as(t, e, "alice")
	if got := v.Open(entry); got.Status != http.StatusForbidden || strings.Contains(got.Body, secret) {
		t.Fatalf("before enrolling: %d %s", got.Status, got.Body)
	}
	app := e.EnrolBy(t, v, "alice@acme.example").App
	if got := v.Open(entry); got.Status != http.StatusOK || !strings.Contains(got.Body, secret) {
		t.Fatalf("after enrolling: %d %s", got.Status, got.Body)
	}

	// Signed out and in again: the code is asked for.
	v.Post("/auth/logout", nil)
	if got := v.Open(entry); got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), "/auth/login") {
		t.Fatalf("signed out: %d %s", got.Status, got.Header.Get("Location"))
	}
	signIn(t, v, "alice")
	if got := v.Open(entry); got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), "/.mfa/verify") {
		t.Fatalf("signed in again: %d %s", got.Status, got.Header.Get("Location"))
	}
	v.Prove(app)
	if got := v.Open(entry); got.Status != http.StatusOK {
		t.Fatalf("proven again: %d", got.Status)
	}
	signIn(t, v, "bob")
	if got := v.Open(entry); got.Status != http.StatusForbidden {
		t.Fatalf("another person in the same browser: %d", got.Status)
	}
}

// A calendar program gets an answer it can read, never a page or a redirect.
func TestACalendarProgram(t *testing.T) {
	e := start(t)
	v := as(t, e, "alice")
	if got := list(v); got.Status != http.StatusForbidden || got.JSON("reason") != "enroll" {
		t.Fatalf("before enrolling: %d %s", got.Status, got.Body)
	}
	e.EnrolBy(t, v, "alice@acme.example")
	if got := list(v); got.Status != http.StatusMultiStatus || !strings.Contains(got.Body, "1.ics") {
		t.Fatalf("after enrolling: %d %s", got.Status, got.Body)
	}
	if got := list(as(t, e, "alice")); got.Status != http.StatusForbidden || got.JSON("reason") != "verify" {
		t.Fatalf("another program of hers: %d %s", got.Status, got.Body)
	}

	// The nightly copy proves nothing, and says who it is.
	if got := as(t, e, "svc-backup").Do("PROPFIND", "/svc-backup/", ""); got.Status >= 300 {
		t.Errorf("the service account: %d %s", got.Status, got.Body)
	}
}

func TestWaysAround(t *testing.T) {
	e := start(t)
	me := []string{"X-Remote-User", "alice", "Remote-User", "alice", "X_Remote_User", "alice"}
	for name, got := range map[string]apptest.Answer{
		"a stranger with the header":        apptest.NewVisitor(t, e.URL).Do("GET", entry, "", me...),
		"bob with the header":               as(t, e, "bob").Do("GET", entry, "", me...),
		"alice with the backup's header":    as(t, e, "alice").Do("GET", entry, "", "X-Remote-User", "svc-backup"),
		"alice with a password beside":      as(t, e, "alice").Do("GET", entry, "", "Authorization", "Basic YWxpY2U6YWxpY2UtcGFzcw=="),
		"through the open shell":            as(t, e, "alice").Do("GET", "/.web/../alice/work/1.ics", ""),
		"through it, escaped":               as(t, e, "alice").Do("GET", "/.web/%2e%2e/alice/work/1.ics", ""),
		"out of the protected by a move":    as(t, e, "alice").Do("MOVE", entry, "", "Destination", e.URL+"/.web/1.ics"),
		"hidden from the proxy":             as(t, e, "alice").Do("GET", entry, "", "Connection", "X-Remote-User"),
		"the backup from another address":   as(t, e, "svc-backup").Do("GET", "/alice/work/1.ics", "", "X-Forwarded-For", "127.0.0.1"),
		"her name in another case":          as(t, e, "ALICE").Do("GET", entry, ""),
		"her name with a space":             as(t, e, " alice").Do("GET", entry, ""),
		"the backup's name, another server": as(t, e, "SVC-BACKUP").Do("PROPFIND", "/svc-backup/", ""),
	} {
		if got.Status < 300 || strings.Contains(got.Body, secret) {
			t.Errorf("%s: %d\n%.200s", name, got.Status, got.Body)
		}
	}
	if file := filepath.Join(e.Data, "calendars", "collection-root", "alice", "work", "1.ics"); !exists(file) {
		t.Error("the entry has gone")
	}
}

// Without the server that knows the people nothing is served, to nobody.
func TestTheSignInGone(t *testing.T) {
	e, signin := startBoth(t)
	alice := as(t, e, "alice")
	alice.Open(entry)
	e.EnrolBy(t, alice, "alice@acme.example")
	if got := alice.Open(entry); got.Status != http.StatusOK {
		t.Fatalf("her own entry: %d", got.Status)
	}
	signin.Stop(t)
	for name, v := range map[string]*apptest.Visitor{"proven": alice, "a stranger": apptest.NewVisitor(t, e.URL)} {
		if got := v.Open(entry, "X-Remote-User", "alice"); got.Status != http.StatusBadGateway || strings.Contains(got.Body, secret) {
			t.Errorf("%s: %d %.200s", name, got.Status, got.Body)
		}
	}
}

func exists(file string) bool {
	found, err := filepath.Glob(file)
	return err == nil && len(found) == 1
}
