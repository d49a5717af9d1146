// Package basicauth tries the example: files without a login, Caddy's own
// basic_auth, and the gate, with a real browser.
package basicauth

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

const (
	payroll = "/payroll/october.html"
	secret  = "48,115.90"
	alice   = "alice@acme.example"
	bob     = "bob@acme.example"
)

func start(t *testing.T) *apptest.Example {
	t.Helper()
	e := apptest.NewExample(t, "basic-auth")
	e.StartCaddy(t, "/")
	return e
}

// as is a client that sends one person's password with everything.
func as(t *testing.T, e *apptest.Example, login string) *apptest.Visitor {
	t.Helper()
	v := apptest.NewVisitor(t, e.URL)
	v.Header.Set("Authorization", basic(t, login, strings.TrimSuffix(login, "@acme.example")+"-pass"))
	return v
}

func basic(t *testing.T, login, password string) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://localhost", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(login, password)
	return r.Header.Get("Authorization")
}

func TestAPersonOfBasicAuthEnrolsAndReadsThePage(t *testing.T) {
	e := start(t)
	if got := apptest.NewVisitor(t, e.URL).Open(payroll); got.Status != http.StatusUnauthorized || !strings.HasPrefix(got.Header.Get("Www-Authenticate"), "Basic") {
		t.Fatalf("a stranger is asked to sign in: %d %q", got.Status, got.Header.Get("Www-Authenticate"))
	}
	b := apptest.NewBrowser(t, "en")
	b.Open(strings.Replace(e.URL, "http://", "http://alice%40acme.example:alice-pass@", 1) + "/")
	b.Says("Payroll of October")
	b.Open(e.URL + payroll)
	b.Wait("main .button")
	if text := b.Text(); strings.Contains(text, secret) {
		t.Fatalf("the block shows the page:\n%s", text)
	}
	app := e.Enrol(t, b, alice)
	b.At(e.URL + payroll)
	b.Says(secret)

	again := apptest.NewBrowser(t, "en") // closed and opened: the code is asked for
	again.Open(strings.Replace(e.URL, "http://", "http://alice%40acme.example:alice-pass@", 1) + "/")
	again.Open(e.URL + payroll)
	again.GiveCode(app.Code(t))
	again.At(e.URL + payroll)
	again.Says(secret)
}

func TestWaysAround(t *testing.T) {
	e := start(t)
	v := as(t, e, alice)
	e.EnrolBy(t, v, alice)
	if got := v.Open(payroll); got.Status != http.StatusOK || !strings.Contains(got.Body, secret) {
		t.Fatalf("the page itself: %d", got.Status)
	}
	bobs := []string{"Authorization", basic(t, bob, "bob-pass")}
	for name, got := range map[string]apptest.Answer{
		"another person in the same browser": v.Open(payroll, bobs...),
		"a stranger":                         apptest.NewVisitor(t, e.URL).Open(payroll),
		"a stranger with the flag":           v.Open(payroll, "Authorization", ""),
		"a wrong password":                   v.Open(payroll, "Authorization", basic(t, alice, "alice")),
		"the name in another case":           v.Open(payroll, "Authorization", basic(t, "ALICE@acme.example", "alice-pass")),
		"the name with a space":              v.Open(payroll, "Authorization", basic(t, " alice@acme.example", "alice-pass")),
		"another spelling of the page":       as(t, e, alice).Open("/PAYROLL//october.html"),
		"an escaped one":                     as(t, e, alice).Open("/%70ayroll/october.html"),
		"a key beside the password":          v.Open(payroll, "X-Api-Key", "k"),
		"a stranger's name for the gate":     as(t, e, bob).Open(payroll, "Mfa-User", alice, "Mfa-Status", "verified"),
	} {
		if got.Status < 300 || strings.Contains(got.Body, secret) {
			t.Errorf("%s: %d\n%.200s", name, got.Status, got.Body)
		}
	}
}
