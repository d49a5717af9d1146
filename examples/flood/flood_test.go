// Package flood tries the example: the unmodified single-page app of the npm
// registry behind the gate, with a real browser.
package flood

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/golang-jwt/jwt/v5"
)

const (
	secret     = "0123456789abcdef0123456789abcdef"
	secretFile = "flood.secret"
	settings   = "/api/settings"
	stream     = "/api/activity-stream"
	patience   = 30 * time.Second
)

func start(t *testing.T) *apptest.Example {
	t.Helper()
	e := startApp(t)
	e.StartCaddy(t, "/login")
	return e
}

// discovered is the app behind what `caddy mfa discover` drafts for it, given
// the cookie of somebody who is signed in: a script signs people in here.
func discovered(t *testing.T) *apptest.Example {
	t.Helper()
	e := startApp(t)
	v := apptest.NewVisitor(t, e.App)
	signIn(t, v, "alice")
	d := apptest.Discover(t, e.App, e.URL, "", "--user", "alice", "--cookie", "jwt="+v.Cookie("jwt"))
	d.OnlyReads(0)
	e.Mailer(d)
	for _, line := range []string{"identity jwt {", "\tcookie jwt", "\tuser username", "\tsession iat", "}"} {
		comment := "# " + line
		if line[0] == '\t' {
			comment = "#" + line
		}
		d.Answer("\t\t"+comment+"\n", "\t\t"+line+"\n")
	}
	d.Answer("#\tsecret {file./run/secrets/token-key}", "\tsecret {file."+filepath.Join(e.Data, secretFile)+"}")
	d.Drop("\t\tidentity whoami ")
	d.Answer("first: email", "first: none")
	d.Answer(`# - "/api/auth/authenticate" #`, `- "/api/auth/authenticate" #`)
	d.Answer(`# - "/api/auth/logout" #`, `- "/api/auth/logout" #`)
	e.Use(t, d)
	e.StartCaddy(t, "/login")
	return e
}

func startApp(t *testing.T) *apptest.Example {
	t.Helper()
	apptest.Tool(t, "node", "nodejs")
	e := apptest.NewExample(t, "flood")
	if err := os.WriteFile(filepath.Join(e.Data, secretFile), []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	e.StartApp(t, "/api/auth/verify")
	people(t, e)
	return e
}

// people makes the accounts on the application's own port.
func people(t *testing.T, e *apptest.Example) {
	t.Helper()
	const client = `"client":{"client":"Transmission","type":"rpc","version":1,"url":"http://127.0.0.1:1/rpc","username":"x","password":"x"}`
	v := apptest.NewVisitor(t, e.App)
	for i, name := range []string{"alice", "bob"} {
		body := fmt.Sprintf(`{"username":%q,"password":%q,%s,"level":%d}`, name, name+"-pass", client, 10-5*i)
		if got := v.Do(http.MethodPost, "/api/auth/register?cookie="+fmt.Sprint(i == 0), body, "Content-Type", "application/json"); got.Status != http.StatusOK {
			t.Fatalf("making the account of %s: %d %s", name, got.Status, got.Body)
		}
	}
}

// signIn is what the page's script does.
func signIn(t *testing.T, v *apptest.Visitor, login string) {
	t.Helper()
	got := v.Call(http.MethodPost, "/api/auth/authenticate", map[string]string{"username": login, "password": login + "-pass"})
	if got.Status != http.StatusOK || v.Cookie("jwt") == "" {
		t.Fatalf("signing in as %s: %d %s", login, got.Status, got.Body)
	}
}

func as(t *testing.T, e *apptest.Example, login string) *apptest.Visitor {
	t.Helper()
	v := apptest.NewVisitor(t, e.URL)
	signIn(t, v, login)
	return v
}

func TestAPersonOfASinglePageAppEnrols(t *testing.T) { enrols(t, start(t)) }

// The draft is tried by what the example's own configuration is tried by.
func TestWhatIsDiscovered(t *testing.T) {
	t.Run("a person", func(t *testing.T) { enrols(t, discovered(t)) })
	t.Run("the script", func(t *testing.T) { calls(t, discovered(t)) })
	t.Run("ways around", func(t *testing.T) { waysAround(t, discovered(t)) })
}

func enrols(t *testing.T, e *apptest.Example) {
	b := apptest.NewBrowser(t, "en")
	b.Open(e.URL + "/overview") // a stranger is led to the application's own form
	b.Wait(`input[name="username"]`)
	b.Type(`input[name="username"]`, "alice")
	b.Type(`input[name="password"]`, "alice-pass")
	b.Keys("\r")
	apptest.Eventually(t, patience, "the sign-in", func() bool {
		return b.Eval(`location.pathname`) == "/overview"
	})
	b.Open(e.URL + "/overview")
	b.Wait("main .button")
	b.Shot("flood-block")
	e.Enrol(t, b, "")
	b.At(e.URL + "/overview")
	b.Wait("#app .application__view")
	b.Shot("flood-page")
}

// A script's call is told in JSON what to do; so is an event stream.
func TestCallsOfTheScript(t *testing.T) { calls(t, start(t)) }

func calls(t *testing.T, e *apptest.Example) {
	v := as(t, e, "alice")
	for _, path := range []string{settings, stream} {
		got := v.Call(http.MethodGet, path, nil)
		if got.Status != http.StatusForbidden || got.JSON("reason") != "enroll" || !strings.HasPrefix(got.JSON("enroll_url"), e.URL+"/.mfa/enroll") {
			t.Fatalf("%s: %d %s", path, got.Status, got.Body)
		}
	}
	app := e.EnrolBy(t, v, "").App
	if got := v.Call(http.MethodGet, settings, nil); got.Status != http.StatusOK {
		t.Fatalf("after enrolling: %d %s", got.Status, got.Body)
	}

	// Signed out and in again, which makes another token: the code is asked for.
	v.Call(http.MethodGet, "/api/auth/logout", nil)
	if got := v.Call(http.MethodGet, settings, nil); got.Status != http.StatusUnauthorized || got.JSON("reason") != "no-identity" {
		t.Fatalf("signed out: %d %s", got.Status, got.Body)
	}
	signIn(t, v, "alice")
	if got := v.Call(http.MethodGet, settings, nil); got.Status != http.StatusForbidden || got.JSON("reason") != "verify" {
		t.Fatalf("signed in again: %d %s", got.Status, got.Body)
	}
	v.Prove(app)
	if got := v.Call(http.MethodGet, settings, nil); got.Status != http.StatusOK {
		t.Fatalf("proven again: %d %s", got.Status, got.Body)
	}

	// Another person in the same browser.
	signIn(t, v, "bob")
	if got := v.Call(http.MethodGet, settings, nil); got.Status != http.StatusForbidden || got.JSON("reason") != "enroll" {
		t.Fatalf("another person: %d %s", got.Status, got.Body)
	}
}

func TestWaysAround(t *testing.T) { waysAround(t, start(t)) }

func waysAround(t *testing.T, e *apptest.Example) {
	forged := func(key string, method jwt.SigningMethod) string {
		var by any = []byte(key)
		if method == jwt.SigningMethodNone {
			by = jwt.UnsafeAllowNoneSignatureType
		}
		text, err := jwt.NewWithClaims(method, jwt.MapClaims{"username": "alice", "iat": 1700000000, "exp": 4000000000}).SignedString(by)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	alice := as(t, e, "alice")
	token := alice.Cookie("jwt")
	codes := e.EnrolBy(t, alice, "").RecoveryCodes
	if got := bare(t, e, "mfa="+alice.Cookie("mfa")+"; jwt="+token, settings); got.Status != http.StatusOK {
		t.Fatalf("her own: %d %.200s", got.Status, got.Body)
	}
	// proven is a proof of alice's for the next of her tokens, since a proof that
	// is seen with somebody else's ends.
	proven := func() (flag, token string) {
		v := as(t, e, "alice")
		if got := v.Call(http.MethodPost, "/.mfa/api/verify/codes/verify", map[string]string{"code": codes[0]}); got.Status != http.StatusOK {
			t.Fatalf("proving by a recovery code: %d %s", got.Status, got.Body)
		}
		codes = codes[1:]
		return "mfa=" + v.Cookie("mfa") + "; ", "jwt=" + v.Cookie("jwt")
	}
	bob := "jwt=" + as(t, e, "bob").Cookie("jwt")
	for name, try := range map[string]func() apptest.Answer{
		"not signed in":             func() apptest.Answer { return apptest.NewVisitor(t, e.URL).Open(settings) },
		"a token without signature": func() apptest.Answer { return bare(t, e, "jwt="+forged("", jwt.SigningMethodNone), settings) },
		"a token of another key":    func() apptest.Answer { return bare(t, e, "jwt="+forged("x", jwt.SigningMethodHS256), settings) },
		"an older token of hers": func() apptest.Answer {
			flag, _ := proven()
			return bare(t, e, flag+"jwt="+forged(secret, jwt.SigningMethodHS256), settings)
		},
		"her flag and another's token": func() apptest.Answer {
			flag, _ := proven()
			return bare(t, e, flag+bob, settings)
		},
		"two tokens": func() apptest.Answer {
			flag, token := proven()
			return bare(t, e, flag+token+"; "+bob, settings)
		},
		"two tokens in one": func() apptest.Answer {
			flag, token := proven()
			return bare(t, e, flag+bob+","+token, settings)
		},
		"the path in another case": func() apptest.Answer { return bare(t, e, "jwt="+token, "/API/Settings") },
		"two slashes":              func() apptest.Answer { return bare(t, e, "jwt="+token, "/api//settings") },
		"through an open path":     func() apptest.Answer { return bare(t, e, "jwt="+token, "/api/auth/verify/../../settings") },
		"the list of people":       func() apptest.Answer { return bare(t, e, "jwt="+token, "/api/auth/users") },
	} {
		t.Run("fail/"+name, func(t *testing.T) {
			if got := try(); got.Status < 300 || strings.Contains(got.Body, "torrent") {
				t.Errorf("it passes: %d %.200s", got.Status, got.Body)
			}
		})
	}
}

// The application takes one spelling of a name alone, and its token holds that.
func TestOtherSpellingsAreNobody(t *testing.T) {
	e := start(t)
	for _, name := range []string{"ALICE", " alice", "alice ", "ａｌｉｃｅ"} {
		v := apptest.NewVisitor(t, e.URL)
		if got := v.Call(http.MethodPost, "/api/auth/authenticate", map[string]string{"username": name, "password": "alice-pass"}); got.Status == http.StatusOK || v.Cookie("jwt") != "" {
			t.Errorf("it takes %q for alice: %d %s", name, got.Status, got.Body)
		}
		if got := v.Call(http.MethodGet, settings, nil); got.Status != http.StatusUnauthorized {
			t.Errorf("as %q: %d %s", name, got.Status, got.Body)
		}
	}
}

// With the application gone, whoever has not proven is still told so by the
// gate, and whoever has gets the proxy's word.
func TestTheApplicationGone(t *testing.T) {
	e := startApp(t)
	trouble := e.Trouble(t)
	e.StartCaddy(t, "/login")
	alice, bob := as(t, e, "alice"), as(t, e, "bob")
	e.EnrolBy(t, alice, "")
	trouble.Answer(apptest.HangsUp)
	if got := bob.Call(http.MethodGet, settings, nil); got.Status != http.StatusForbidden || got.JSON("reason") != "enroll" {
		t.Errorf("not proven: %d %s", got.Status, got.Body)
	}
	if got := alice.Call(http.MethodGet, settings, nil); got.Status != http.StatusBadGateway {
		t.Errorf("proven: %d %s", got.Status, got.Body)
	}
	trouble.Answer(apptest.Says(http.StatusTooManyRequests))
	if got := alice.Call(http.MethodGet, settings, nil); got.Status != http.StatusTooManyRequests {
		t.Errorf("the application's own limit: %d", got.Status)
	}
}

// bare sends one Cookie field as it is.
func bare(t *testing.T, e *apptest.Example, cookies, path string) apptest.Answer {
	t.Helper()
	return apptest.NewVisitor(t, e.URL).Do(http.MethodGet, path, "", "Cookie", cookies, "Accept", "application/json")
}

// The application's event stream ends when its person signs out everywhere.
func TestTheStreamEnds(t *testing.T) {
	e := start(t)
	v := as(t, e, "alice")
	e.EnrolBy(t, v, "")
	r, err := http.NewRequest(http.MethodGet, e.URL+stream, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	client := &http.Client{Jar: v.Client.Jar}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	if resp.StatusCode != http.StatusOK || !lines.Scan() {
		t.Fatalf("the stream: %d", resp.StatusCode)
	}
	if got := v.Call(http.MethodDelete, "/.mfa/api/sessions", nil); got.Status/100 != 2 {
		t.Fatalf("signing out everywhere: %d %s", got.Status, got.Body)
	}
	for lines.Scan() { // ends with the stream; the test's own time is the bound
	}
}
