package nodes

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// TestDesign_M5_TheAdminEndpointIsNoBrowsers: what makes a store count again is
// done by nobody's web page, by no name that leads here (DNS rebinding) and by no
// GET that an app may be made to send; the log has it, and nothing secret comes
// back.
func TestDesign_M5_TheAdminEndpointIsNoBrowsers(t *testing.T) {
	server := redistest.Start(t)
	app := apptest.StartPortal(t)
	a := start(t, app, server.URL())
	ana := signedIn(t, a, "ana")
	has := ana.Enrol()
	server.Do(t, "FLUSHALL")
	redistest.Eventually(t, "the gate to close", func() bool { return ana.Open(place).Status == http.StatusServiceUnavailable })

	ask := func(method, path, host string, fields ...string) (int, string) {
		t.Helper()
		r, err := http.NewRequest(method, "http://"+a.admin+path, strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			r.Host = host
		}
		for i := 0; i < len(fields); i += 2 {
			r.Header.Set(fields[i], fields[i+1])
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
	const accept = "/mfa/store/accept"
	for name, c := range map[string]struct {
		method, host string
		fields       []string
	}{
		"GET": {"GET", "", nil}, "HEAD": {"HEAD", "", nil}, "OPTIONS": {"OPTIONS", "", nil}, "PUT": {"PUT", "", nil}, "DELETE": {"DELETE", "", nil},
		"a form":                      {"POST", "", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		"no type":                     {"POST", "", nil},
		"a name that leads here":      {"POST", "evil.test:" + strings.Split(a.admin, ":")[1], []string{"Content-Type", "application/json"}},
		"a page of another site":      {"POST", "", []string{"Origin", "https://evil.test", "Sec-Fetch-Mode", "cors", "Content-Type", "application/json"}},
		"a form of another site":      {"POST", "", []string{"Origin", "https://evil.test", "Sec-Fetch-Mode", "navigate", "Content-Type", "application/x-www-form-urlencoded"}},
		"a page that asks no leave":   {"POST", "", []string{"Sec-Fetch-Mode", "no-cors", "Content-Type", "application/json"}},
		"a sandboxed page":            {"POST", "", []string{"Origin", "null", "Content-Type", "application/json"}},
		"the portal's own page":       {"POST", "", []string{"Origin", a.url, "Content-Type", "application/json"}},
		"a preflight of another site": {"OPTIONS", "", []string{"Origin", "https://evil.test", "Access-Control-Request-Method", "POST"}},
	} {
		if status, body := ask(c.method, accept, c.host, c.fields...); status < 400 {
			t.Errorf("%s: %d %.200s", name, status, body)
		}
	}
	want(t, ana, http.StatusServiceUnavailable)
	status, body := ask("POST", accept, "", "Content-Type", "application/json")
	if status != http.StatusOK {
		t.Fatalf("the administrator gets %d %s", status, body)
	}
	redistest.Eventually(t, "the store to count", func() bool { return signedIn(t, a, "bruno").Open(place).Status == http.StatusForbidden })
	if !strings.Contains(a.Log(), "the store was accepted as it is") {
		t.Error("the log does not have it")
	}
	for _, path := range []string{"/config/", accept, "/mfa/", "/mfa/users", "/mfa/keys"} {
		_, body := ask("GET", path, "")
		for what, secret := range map[string]string{"the key": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE", "a recovery code": has.RecoveryCodes[0]} {
			if strings.Contains(body, secret) {
				t.Errorf("GET %s shows %s", path, what)
			}
		}
	}
}
