// Package dokuwiki tries the example: the unmodified wiki of the Debian package
// behind the gate, with a real browser.
package dokuwiki

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

const (
	openPage = "/doku.php?id=start&do=show"
	payroll  = "/doku.php?id=finance:payroll"
	secret   = "48,115.90"
)

func start(t *testing.T) *apptest.Example {
	t.Helper()
	e := startWiki(t)
	e.StartCaddy(t, openPage)
	return e
}

func startWiki(t *testing.T) *apptest.Example {
	t.Helper()
	apptest.Tool(t, "php", "php-cli php-xml")
	e := apptest.NewExample(t, "dokuwiki")
	e.StartApp(t, openPage)
	return e
}

// discovered is the wiki behind what `caddy mfa discover` drafts for it.
func discovered(t *testing.T) *apptest.Example {
	t.Helper()
	e := startWiki(t)
	d := apptest.Discover(t, e.App, e.URL, "alice-pass", "--user", "alice")
	d.OnlyReads(1)
	e.Mailer(d)
	d.Answer(`# - {path: "/doku.php", query: {"id": "start"}, keys: []} #`, `- {path: "/doku.php", query: {"id": "start", "do": "show"}, keys: []} #`)
	e.Use(t, d)
	e.StartCaddy(t, openPage)
	return e
}

// signIn goes through the wiki's own form.
func signIn(t *testing.T, w *apptest.Example, b *apptest.Browser, login string) {
	t.Helper()
	apptest.Eventually(t, 30*time.Second, "the wiki's form", func() bool {
		b.Open(w.URL + "/doku.php?id=start&do=login")
		if b.Peek(`"" + (document.querySelector("#focus__this") !== null)`) == "true" {
			return true
		}
		// Somebody is signed in again, as signOut says.
		if out := b.Peek(`(document.querySelector('a[href*="do=logout"]') || {href: ""}).href`); out != "" {
			b.Open(out)
		}
		return false
	})
	b.Type("#focus__this", login)
	b.Type(`#dw__login input[name="p"]`, login+"-pass")
	b.Click("#dw__login button")
	b.Wait("main .button") // the page after signing in is the gate's
}

// signOut signs out until it is so: a picture that was on its way with the
// cookies of before signs in again, since the wiki renews them in every answer.
func signOut(t *testing.T, w *apptest.Example, b *apptest.Browser) {
	b.Open(w.URL + openPage)
	b.Click(`a[href*="do=logout"]`)
	apptest.Eventually(t, 30*time.Second, "the wiki's form", func() bool {
		switch b.Peek(`document.readyState + location.search.includes("do=login") + (document.querySelector("#dw__login") !== null)`) {
		case "completetruetrue":
			return true
		case "completetruefalse":
			b.Open(w.URL + openPage)
			b.Click(`a[href*="do=logout"]`)
		}
		return false
	})
}

func TestAWikiUserEnrolsAndReadsThePage(t *testing.T) { enrolsAndReads(t, start(t)) }

// The draft is tried by what the example's own configuration is tried by.
func TestWhatIsDiscovered(t *testing.T) {
	w := discovered(t)
	waysAround(t, w)
	enrolsAndReads(t, w)
}

func enrolsAndReads(t *testing.T, w *apptest.Example) {
	b := apptest.NewBrowser(t, "en")

	b.Open(w.URL + openPage)
	b.Says("Welcome to the wiki")
	b.Open(w.URL + payroll)
	b.Wait("#dw__login") // a stranger is led to the wiki's own form

	signIn(t, w, b, "alice")
	b.Open(w.URL + payroll)
	b.Wait("main .button")
	if text := b.Text(); strings.Contains(text, secret) || strings.Contains(text, "Payroll") {
		t.Fatalf("the block shows the page:\n%s", text)
	}
	b.Shot("dokuwiki-block")
	app := w.Enrol(t, b, "alice@acme.example")
	b.At(w.URL + payroll)
	b.Says(secret)
	b.Shot("dokuwiki-page")

	// Another person in the same browser: alice's proof is not theirs.
	signOut(t, w, b)
	signIn(t, w, b, "bob")
	b.Open(w.URL + payroll)
	b.Wait("main .button")
	if text := b.Text(); strings.Contains(text, secret) || !strings.Contains(text, "bob") {
		t.Errorf("the second user sees:\n%s", text)
	}

	// Alice again, signed in anew: asked for her code, and back on the page.
	signOut(t, w, b)
	signIn(t, w, b, "alice")
	b.Open(w.URL + payroll)
	b.GiveCode(app.Code(t))
	b.At(w.URL + payroll)
	b.Says(secret)
}

// TestWaysAround tries what the wiki itself would serve without the gate: a
// name and a password on any address, Basic authentication, a remembered
// sign-in, and the other spellings and scripts that lead to the same page.
func TestWaysAround(t *testing.T) { waysAround(t, start(t)) }

func waysAround(t *testing.T, w *apptest.Example) {
	alice := client(t, w, "alice")
	if got := alice.Open(payroll); got.Status != http.StatusForbidden {
		t.Fatalf("the page itself: %d", got.Status)
	}
	form := url.Values{"u": {"alice"}, "p": {"alice-pass"}}
	login := "u=alice&p=alice-pass"
	basic := []string{"Authorization", "Basic YWxpY2U6YWxpY2UtcGFzcw=="}
	stranger := func() *apptest.Visitor { return apptest.NewVisitor(t, w.URL) }
	for name, try := range map[string]func() apptest.Answer{
		"credentials in the query":       func() apptest.Answer { return stranger().Open(payroll + "&" + login) },
		"credentials beside a session":   func() apptest.Answer { return client(t, w, "bob").Open(payroll + "&" + login) },
		"credentials first in the query": func() apptest.Answer { return stranger().Open("/doku.php?" + login + "&id=finance:payroll") },
		"credentials in other spellings": func() apptest.Answer { return stranger().Open(payroll + "&%75=alice&%70=alice-pass") },
		"credentials in a form":          func() apptest.Answer { return stranger().Post(payroll, form) },
		"Basic authentication":           func() apptest.Answer { return stranger().Open(payroll, basic...) },
		"Basic beside a session":         func() apptest.Answer { return client(t, w, "bob").Open(payroll, basic...) },
		"Basic on the open page's address": func() apptest.Answer {
			return stranger().Open("/doku.php?id=start&do=show&id=finance:payroll", basic...)
		},
		"a remembered sign-in alone":       func() apptest.Answer { return remembered(t, w, "alice").Open(payroll) },
		"the raw export":                   func() apptest.Answer { return alice.Open("/doku.php?id=finance:payroll&do=export_raw") },
		"the page under an open act":       func() apptest.Answer { return alice.Open("/doku.php?id=finance:payroll&do=logout") },
		"the page under the open act show": func() apptest.Answer { return alice.Open("/doku.php?id=finance:payroll&do=show") },
		"two names, the open one last":     func() apptest.Answer { return alice.Open("/doku.php?id=finance:payroll&do=show&id=start") },
		"two names, the open one first":    func() apptest.Answer { return alice.Open("/doku.php?id=start&do=show&id=finance:payroll") },
		"the name as a list":               func() apptest.Answer { return alice.Open("/doku.php?id=start&do=show&id[]=finance:payroll") },
		"the act as a key":                 func() apptest.Answer { return alice.Open("/doku.php?id=start&do=show&do[export_raw]=1") },
		"a search from the open page":      func() apptest.Answer { return alice.Open("/doku.php?id=start&do=search&q=October") },
		"the name in a form":               func() apptest.Answer { return alice.Post(openPage, url.Values{"id": {"finance:payroll"}}) },
		"the act in a form": func() apptest.Answer {
			return alice.Post(openPage, url.Values{"do": {"export_raw"}, "id": {"finance:payroll"}})
		},
		"the script's other name":       func() apptest.Answer { return alice.Open("/index.php?id=finance:payroll") },
		"a path after the script":       func() apptest.Answer { return alice.Open("/doku.php/finance:payroll?id=finance:payroll") },
		"an escaped script":             func() apptest.Answer { return alice.Open("/%64oku.php?id=finance:payroll") },
		"two slashes":                   func() apptest.Answer { return alice.Open("//doku.php?id=finance:payroll") },
		"around through an open folder": func() apptest.Answer { return alice.Open("/lib/tpl/../../doku.php?id=finance:payroll") },
		"around it, escaped":            func() apptest.Answer { return alice.Open("/lib/tpl/%2e%2e/%2e%2e/doku.php?id=finance:payroll") },
		"the feed":                      func() apptest.Answer { return alice.Open("/feed.php?mode=list&ns=finance&content=html") },
		"the script interface":          func() apptest.Answer { return alice.Open("/lib/exe/ajax.php?call=linkwiz&q=finance:payroll") },
		"the media script":              func() apptest.Answer { return alice.Open("/lib/exe/fetch.php?media=finance:payroll") },
		"the detail script":             func() apptest.Answer { return alice.Open("/lib/exe/detail.php?id=finance:payroll&media=x") },
		"the remote interface":          func() apptest.Answer { return alice.Post("/lib/exe/xmlrpc.php", form) },
	} {
		t.Run("fail/"+name, func(t *testing.T) {
			got := try()
			if strings.Contains(got.Body, secret) || strings.Contains(got.Body, "Payroll") {
				t.Errorf("the page is shown: %d\n%s", got.Status, got.Body)
			}
			if got.Status < 300 {
				t.Errorf("it passes: %d\n%.300s", got.Status, got.Body)
			}
		})
	}
}

// Whatever the wiki takes for a person's name is that person, to the gate as well.
func TestEverySpellingIsOnePerson(t *testing.T) {
	w := start(t)
	alice := client(t, w, "alice")
	alice.Open(payroll)
	app := w.EnrolBy(t, alice, "alice@acme.example").App
	for _, name := range []string{"alice", "ALICE", " alice", "alice ", "alice@"} {
		v := enter(t, w, url.Values{"id": {"start"}, "do": {"login"}, "u": {name}, "p": {"alice-pass"}})
		if got := v.Open(payroll); got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), "/.mfa/verify") {
			t.Errorf("as %q: %d to %q", name, got.Status, got.Header.Get("Location"))
		}
		if name == "ALICE" {
			v.Prove(app)
			if got := v.Open(payroll); got.Status != http.StatusOK || !strings.Contains(got.Body, secret) {
				t.Errorf("as %q, proven: %d", name, got.Status)
			}
		}
	}
}

// A wiki that does not say who is signed in closes what is protected, and the
// gate says why; strangers and open pages go on.
func TestTheWikiInTrouble(t *testing.T) {
	w := startWiki(t)
	trouble := w.Trouble(t)
	w.StartCaddy(t, openPage)
	alice := client(t, w, "alice")
	alice.Open(payroll)
	w.EnrolBy(t, alice, "alice@acme.example")
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		log    string
	}{
		"too many questions": {apptest.Says(http.StatusTooManyRequests), "the app answered with status 429"},
		"a fault":            {apptest.Says(http.StatusInternalServerError), "the app answered with status 500"},
		"gone":               {apptest.HangsUp, "whoami: down"},
		"slow":               {apptest.Hangs, "whoami: down"},
	} {
		t.Run("fail/"+name, func(t *testing.T) {
			said := strings.Count(w.Caddy.Log(), c.log)
			trouble.Answer(func(rw http.ResponseWriter, r *http.Request) bool {
				return r.URL.RawQuery == "do=profile" && c.answer(rw, r)
			})
			defer trouble.Answer(nil)
			// A wiki that asked for rest is left alone for a second.
			apptest.Eventually(t, 30*time.Second, "the log to say "+c.log, func() bool {
				got := alice.Call(http.MethodGet, payroll, nil)
				if got.Status != http.StatusServiceUnavailable || got.JSON("reason") != "identity-down" || got.Header.Get("Retry-After") == "" {
					t.Fatalf("%d %s, Retry-After %q", got.Status, got.Body, got.Header.Get("Retry-After"))
				}
				return strings.Count(w.Caddy.Log(), c.log) > said
			})
			if got := alice.Open(openPage); got.Status != http.StatusOK {
				t.Errorf("the open page: %d", got.Status)
			}
			if got := apptest.NewVisitor(t, w.URL).Open(payroll); got.Status/100 != 3 || !strings.Contains(got.Header.Get("Location"), "do=login") {
				t.Errorf("a stranger: %d to %q", got.Status, got.Header.Get("Location"))
			}
		})
	}
	apptest.Eventually(t, 30*time.Second, "the page after the trouble", func() bool {
		got := alice.Open(payroll)
		return got.Status == http.StatusOK && strings.Contains(got.Body, secret)
	})
}

// TestTheApplicationWouldHaveServedThem shows that the ways around are ways:
// without the gate the wiki serves the page by them.
func TestTheApplicationWouldHaveServedThem(t *testing.T) {
	port := apptest.Port(t)
	app := exec.Command(filepath.Join(apptest.Root(), "examples/dokuwiki/start.sh"))
	app.Env = append(os.Environ(), "APP_PORT="+port, "DATA="+t.TempDir())
	apptest.Start(t, app).Answers(t, "http://127.0.0.1:"+port+openPage)
	v := apptest.NewVisitor(t, "http://127.0.0.1:"+port)
	for name, got := range map[string]apptest.Answer{
		"query": v.Open(payroll + "&u=alice&p=alice-pass"),
		"basic": apptest.NewVisitor(t, v.Base).Open(payroll, "Authorization", "Basic YWxpY2U6YWxpY2UtcGFzcw=="),
	} {
		if got.Status != http.StatusOK || !strings.Contains(got.Body, secret) {
			t.Errorf("%s: %d\n%.300s", name, got.Status, got.Body)
		}
	}
}

// client signs in without a browser.
func client(t *testing.T, w *apptest.Example, login string) *apptest.Visitor {
	t.Helper()
	return enter(t, w, url.Values{"id": {"start"}, "do": {"login"}, "u": {login}, "p": {login + "-pass"}})
}

// remembered has a sign-in that outlives the session, and no session.
func remembered(t *testing.T, w *apptest.Example, login string) *apptest.Visitor {
	t.Helper()
	v := enter(t, w, url.Values{"id": {"start"}, "do": {"login"}, "u": {login}, "p": {login + "-pass"}, "r": {"1"}})
	u, err := url.Parse(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	v.Client.Jar.SetCookies(u, []*http.Cookie{{Name: "DokuWiki", MaxAge: -1, Path: "/"}})
	return v
}

func enter(t *testing.T, w *apptest.Example, form url.Values) *apptest.Visitor {
	t.Helper()
	v := apptest.NewVisitor(t, w.URL)
	v.Open("/doku.php?id=start&do=login")
	if got := v.Post("/doku.php?id=start", form); got.Status != http.StatusFound {
		t.Fatalf("signing in to the wiki: %d\n%.500s", got.Status, got.Body)
	}
	return v
}
