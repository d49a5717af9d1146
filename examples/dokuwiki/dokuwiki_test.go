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

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

const (
	openPage = "/doku.php?id=start&do=show"
	payroll  = "/doku.php?id=finance:payroll"
	secret   = "48,115.90"
)

// wiki is the wiki behind Caddy.
type wiki struct {
	url  string
	mail *apptest.Postbox
}

func start(t *testing.T) *wiki {
	t.Helper()
	apptest.Tool(t, "php", "php-cli php-xml")
	dir := filepath.Join(apptest.Root(), "examples/dokuwiki")
	port, appPort, data := apptest.Port(t), apptest.Port(t), t.TempDir()
	w := &wiki{url: "http://localhost:" + port, mail: apptest.StartPostbox(t)}
	env := append(os.Environ(), "PORT="+port, "APP_PORT="+appPort, "SMTP_PORT="+w.mail.Port, "ADMIN_PORT="+apptest.Port(t),
		"DATA="+data, "XDG_DATA_HOME="+filepath.Join(data, "caddy"), "XDG_CONFIG_HOME="+filepath.Join(data, "config"))
	app := exec.Command(filepath.Join(dir, "start.sh"))
	app.Env = env
	apptest.Start(t, app).Answers(t, "http://127.0.0.1:"+appPort+openPage)
	caddy := exec.Command(apptest.Caddy(t), "run", "--adapter", "caddyfile", "--config", filepath.Join(dir, "Caddyfile"))
	caddy.Env = env
	apptest.Start(t, caddy).Answers(t, w.url+openPage)
	return w
}

// signIn goes through the wiki's own form.
func (w *wiki) signIn(b *apptest.Browser, login string) {
	b.Open(w.url + "/doku.php?id=start&do=login")
	b.Wait("#focus__this")
	b.Type("#focus__this", login)
	b.Type(`#dw__login input[name="p"]`, login+"-pass")
	b.Click("#dw__login button")
	b.Wait("main .button") // the page after signing in is the gate's
}

func TestAWikiUserEnrolsAndReadsThePage(t *testing.T) {
	w := start(t)
	b := apptest.NewBrowser(t, "en")

	b.Open(w.url + openPage)
	b.Says("Welcome to the wiki")
	b.Open(w.url + payroll)
	b.Wait("#dw__login") // a stranger is led to the wiki's own form

	w.signIn(b, "alice")
	b.Open(w.url + payroll)
	b.Wait("main .button")
	if text := b.Text(); strings.Contains(text, secret) || strings.Contains(text, "Payroll") {
		t.Fatalf("the block shows the page:\n%s", text)
	}
	b.Shot("dokuwiki-block")
	app := w.enrol(t, b, "alice@acme.example")
	b.At(w.url + payroll)
	b.Says(secret)
	b.Shot("dokuwiki-page")

	// Another person in the same browser: alice's proof is not theirs.
	b.Open(w.url + openPage)
	b.Click(`a[href*="do=logout"]`)
	b.Wait("#dw__login")
	w.signIn(b, "bob")
	b.Open(w.url + payroll)
	b.Wait("main .button")
	if text := b.Text(); strings.Contains(text, secret) || !strings.Contains(text, "bob") {
		t.Errorf("the second user sees:\n%s", text)
	}

	// Alice again, signed in anew: asked for her code, and back on the page.
	b.Open(w.url + openPage)
	b.Click(`a[href*="do=logout"]`)
	b.Wait("#dw__login")
	w.signIn(b, "alice")
	b.Open(w.url + payroll)
	b.GiveCode(app.Code(t))
	b.At(w.url + payroll)
	b.Says(secret)
}

// enrol starts at the block page and ends on the page behind it.
func (w *wiki) enrol(t *testing.T, b *apptest.Browser, address string) *apptest.Authenticator {
	t.Helper()
	b.Click("main .button")
	b.Wait(`form[action$="/api/email"] .button`)
	b.Click(`form[action$="/api/email"] .button`)
	b.Wait("#code")
	b.GiveCode(w.mail.Code(t, address))
	b.Wait(`form[action$="/api/methods/totp"] .button`)
	b.Click(`form[action$="/api/methods/totp"] .button`)
	b.Wait(".scan svg")
	uri, err := url.Parse(b.Eval(`document.querySelector('a[href^="otpauth:"]').href`))
	if err != nil {
		t.Fatal(err)
	}
	app := &apptest.Authenticator{Secret: uri.Query().Get("secret")}
	b.GiveCode(app.Code(t))
	b.Wait("#codes li")
	b.Click("#saved")
	b.Click("main form .button")
	return app
}

// TestWaysAround tries what the wiki itself would serve without the gate: a
// name and a password on any address, Basic authentication, a remembered
// sign-in, and the other spellings and scripts that lead to the same page.
func TestWaysAround(t *testing.T) {
	w := start(t)
	alice := w.client(t, "alice")
	if got := alice.Open(payroll); got.Status != http.StatusForbidden {
		t.Fatalf("the page itself: %d", got.Status)
	}
	form := url.Values{"u": {"alice"}, "p": {"alice-pass"}}
	login := "u=alice&p=alice-pass"
	basic := []string{"Authorization", "Basic YWxpY2U6YWxpY2UtcGFzcw=="}
	stranger := func() *apptest.Visitor { return apptest.NewVisitor(t, w.url) }
	for name, try := range map[string]func() apptest.Answer{
		"credentials in the query":       func() apptest.Answer { return stranger().Open(payroll + "&" + login) },
		"credentials beside a session":   func() apptest.Answer { return w.client(t, "bob").Open(payroll + "&" + login) },
		"credentials first in the query": func() apptest.Answer { return stranger().Open("/doku.php?" + login + "&id=finance:payroll") },
		"credentials in other spellings": func() apptest.Answer { return stranger().Open(payroll + "&%75=alice&%70=alice-pass") },
		"credentials in a form":          func() apptest.Answer { return stranger().Post(payroll, form) },
		"Basic authentication":           func() apptest.Answer { return stranger().Open(payroll, basic...) },
		"Basic beside a session":         func() apptest.Answer { return w.client(t, "bob").Open(payroll, basic...) },
		"Basic on the open page's address": func() apptest.Answer {
			return stranger().Open("/doku.php?id=start&do=show&id=finance:payroll", basic...)
		},
		"a remembered sign-in alone":       func() apptest.Answer { return w.remembered(t, "alice").Open(payroll) },
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
func (w *wiki) client(t *testing.T, login string) *apptest.Visitor {
	t.Helper()
	return w.enter(t, url.Values{"id": {"start"}, "do": {"login"}, "u": {login}, "p": {login + "-pass"}})
}

// remembered has a sign-in that outlives the session, and no session.
func (w *wiki) remembered(t *testing.T, login string) *apptest.Visitor {
	t.Helper()
	v := w.enter(t, url.Values{"id": {"start"}, "do": {"login"}, "u": {login}, "p": {login + "-pass"}, "r": {"1"}})
	u, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	v.Client.Jar.SetCookies(u, []*http.Cookie{{Name: "DokuWiki", MaxAge: -1, Path: "/"}})
	return v
}

func (w *wiki) enter(t *testing.T, form url.Values) *apptest.Visitor {
	t.Helper()
	v := apptest.NewVisitor(t, w.url)
	v.Open("/doku.php?id=start&do=login")
	if got := v.Post("/doku.php?id=start", form); got.Status != http.StatusFound {
		t.Fatalf("signing in to the wiki: %d\n%.500s", got.Status, got.Body)
	}
	return v
}
