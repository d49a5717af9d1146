// Package djangoadmin tries the example: the unmodified admin site of Debian's
// Django behind the gate, with a real browser.
package djangoadmin

import (
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

const (
	people = "/admin/auth/user/"
	secret = "bob@acme.example" // in the list of people
)

func start(t *testing.T) *apptest.Example {
	t.Helper()
	e, _, _ := startApp(t)
	e.StartCaddy(t, "/admin/login/")
	return e
}

// discovered is the site behind what `caddy mfa discover` drafts for it.
func discovered(t *testing.T) *apptest.Example {
	t.Helper()
	e, redis, _ := startApp(t)
	d := apptest.Discover(t, e.App+"/admin/", e.URL, "alice-pass", "--user", "alice")
	d.OnlyReads(1)
	e.Mailer(d)
	// The session in Redis instead of a name that is shown.
	d.Answer("\t\t# identity redis redis://127.0.0.1:6379 {\n\t\t#\tformat django\n\t\t#\tuser _auth_user_id\n\t\t# }\n",
		"\t\tidentity redis redis://127.0.0.1:"+redis+"/1 {\n\t\t\tformat django\n\t\t\tuser _auth_user_id\n\t\t}\n")
	d.Drop("\t\tidentity whoami ")
	d.Answer("first: email", "first: none")
	e.Use(t, d)
	e.StartCaddy(t, "/admin/login/")
	return e
}

func startApp(t *testing.T) (e *apptest.Example, port string, redis *apptest.Process) {
	t.Helper()
	port = apptest.Port(t)
	e = apptest.NewExample(t, "django-admin", "REDIS_PORT="+port)
	redis = apptest.Start(t, exec.Command(apptest.Tool(t, "redis-server", "redis-server"), "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", e.Data))
	e.StartApp(t, "/admin/login/")
	return e, port, redis
}

var csrfField = regexp.MustCompile(`name="csrfmiddlewaretoken" value="([^"]+)"`)

// signIn sends the application's own form.
func signIn(t *testing.T, v *apptest.Visitor, name, password string) {
	t.Helper()
	form := v.Open("/admin/login/")
	token := csrfField.FindStringSubmatch(form.Body)
	if token == nil {
		t.Fatalf("no form: %d %.300s", form.Status, form.Body)
	}
	got := v.Post("/admin/login/", url.Values{"csrfmiddlewaretoken": {token[1]}, "username": {name}, "password": {password}, "next": {"/admin/"}})
	if got.Status != http.StatusFound || v.Cookie("sessionid") == "" {
		t.Fatalf("signing in as %q: %d %.300s", name, got.Status, got.Body)
	}
}

func as(t *testing.T, e *apptest.Example, name string) *apptest.Visitor {
	t.Helper()
	v := apptest.NewVisitor(t, e.URL)
	signIn(t, v, name, name+"-pass")
	return v
}

func TestAnAdministratorEnrols(t *testing.T) { enrols(t, start(t)) }

// The draft is tried by what the example's own configuration is tried by.
func TestWhatIsDiscovered(t *testing.T) {
	t.Run("a person", func(t *testing.T) { enrols(t, discovered(t)) })
	t.Run("ways around", func(t *testing.T) { waysAround(t, discovered(t)) })
}

func enrols(t *testing.T, e *apptest.Example) {
	b := apptest.NewBrowser(t, "en")
	b.Open(e.URL + people)
	b.Wait("#id_username") // a stranger is led to the application's own form
	b.Type("#id_username", "alice")
	b.Type("#id_password", "alice-pass")
	b.Click(`input[type="submit"]`)
	b.Wait("main .button")
	b.At(e.URL + people)
	if text := b.Text(); strings.Contains(text, secret) {
		t.Fatalf("the block shows the page:\n%s", text)
	}
	b.Shot("django-block")
	app := e.Enrol(t, b, "")
	b.At(e.URL + people)
	b.Says(secret)
	b.Shot("django-page")

	// Another person in the same browser, then the first one again.
	b.Open(e.URL + "/admin/logout/")
	b.Open(e.URL + "/admin/login/?next=" + people)
	b.Type("#id_username", "bob")
	b.Type("#id_password", "bob-pass")
	b.Click(`input[type="submit"]`)
	b.Wait("main .button")
	if text := b.Text(); strings.Contains(text, secret) {
		t.Fatalf("the second person sees:\n%s", text)
	}
	b.Open(e.URL + "/admin/logout/")
	b.Open(e.URL + "/admin/login/?next=" + people)
	b.Type("#id_username", "alice")
	b.Type("#id_password", "alice-pass")
	b.Click(`input[type="submit"]`)
	b.GiveCode(app.Code(t))
	b.At(e.URL + people)
	b.Says(secret)
}

func TestWaysAround(t *testing.T) { waysAround(t, start(t)) }

func waysAround(t *testing.T, e *apptest.Example) {
	alice := as(t, e, "alice")
	codes := e.EnrolBy(t, alice, "").RecoveryCodes
	if got := alice.Open(people); got.Status != http.StatusOK || !strings.Contains(got.Body, secret) {
		t.Fatalf("her own page: %d", got.Status)
	}

	// Signed out and in again, by whatever spelling the application takes for
	// her name: it is she, who has a factor and has not proven it.
	flag := "mfa=" + alice.Cookie("mfa") + "; "
	for _, name := range []string{"alice", " alice", "ａｌｉｃｅ"} {
		v := apptest.NewVisitor(t, e.URL)
		signIn(t, v, name, "alice-pass")
		if got := v.Open(people); got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), "/.mfa/verify") {
			t.Errorf("as %q: %d %s", name, got.Status, got.Header.Get("Location"))
		}
		if got := bare(t, e, flag+"sessionid="+v.Cookie("sessionid"), people); got.Status != http.StatusForbidden {
			t.Errorf("as %q with the flag of the session before: %d", name, got.Status)
		}
	}
	if len(codes) == 0 {
		t.Error("no recovery codes")
	}
	session := "sessionid=" + as(t, e, "alice").Cookie("sessionid")
	bob := "sessionid=" + as(t, e, "bob").Cookie("sessionid")
	for name, got := range map[string]apptest.Answer{
		"not signed in":              bare(t, e, "", people),
		"a session that is none":     bare(t, e, "sessionid=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", people),
		"the key of something else":  bare(t, e, "sessionid=../../../../aaaaaaaaaaaaaaaaaa", people),
		"two sessions":               bare(t, e, session+"; "+bob, people),
		"the path in another case":   bare(t, e, session, "/ADMIN/auth/user/"),
		"two slashes":                bare(t, e, session, "//admin//auth/user/"),
		"escaped":                    bare(t, e, session, "/%61dmin/auth/user/"),
		"through the sign-in":        bare(t, e, session, "/admin/login/../auth/user/"),
		"through it, escaped":        bare(t, e, session, "/admin/login/%2e%2e/auth/user/"),
		"a search of people":         bare(t, e, session, "/admin/auth/user/autocomplete/?term=bob"),
		"a page of one person":       bare(t, e, session, "/admin/auth/user/3/change/"),
		"a change of the password":   bare(t, e, session, "/admin/password_change/"),
		"a stranger's name for both": bare(t, e, session, people+"?_auth_user_id=1"),
	} {
		if got.Status < 300 || strings.Contains(got.Body, secret) {
			t.Errorf("%s: %d\n%.200s", name, got.Status, got.Body)
		}
	}
}

// Without Redis nobody knows whose session it is: what is protected is closed,
// and the log says why.
func TestRedisGone(t *testing.T) {
	e, _, redis := startApp(t)
	trouble := e.Trouble(t)
	e.StartCaddy(t, "/admin/login/")
	alice, bob := as(t, e, "alice"), as(t, e, "bob")
	e.EnrolBy(t, alice, "")
	if got := alice.Open(people); got.Status != http.StatusOK {
		t.Fatalf("her own page: %d", got.Status)
	}
	trouble.Answer(apptest.HangsUp) // Django itself: nobody who has not proven learns of it
	if got := bob.Open(people); got.Status != http.StatusForbidden {
		t.Errorf("not proven, the application gone: %d", got.Status)
	}
	if got := alice.Open(people); got.Status != http.StatusBadGateway {
		t.Errorf("proven, the application gone: %d", got.Status)
	}
	redis.Stop(t)
	session := "sessionid=" + alice.Cookie("sessionid")
	apptest.Eventually(t, 30*time.Second, "the gate to close", func() bool {
		got := bare(t, e, "mfa="+alice.Cookie("mfa")+"; "+session, people)
		return got.Status == http.StatusServiceUnavailable && got.JSON("reason") == "identity-down" && got.Header.Get("Retry-After") != ""
	})
	apptest.Eventually(t, 10*time.Second, "the log to say why", func() bool { return strings.Contains(e.Caddy.Log(), "redis: down") })
}

// bare sends one Cookie field as it is, from a program.
func bare(t *testing.T, e *apptest.Example, cookies, path string) apptest.Answer {
	t.Helper()
	return apptest.NewVisitor(t, e.URL).Do(http.MethodGet, path, "", "Cookie", cookies, "Accept", "application/json")
}
