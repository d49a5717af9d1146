package nodes

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// accountOf is the key under which the server holds somebody's record.
func accountOf(t *testing.T, s *redistest.Server, user string) string {
	t.Helper()
	for key := range imageOf(t, s) {
		if strings.Contains(key, ":r:account/") && strings.HasSuffix(key, "/"+user) {
			return key
		}
	}
	t.Fatalf("%s has no record", user)
	return ""
}

// TestEvicted_Reset: whose record a server threw away is locked out, and helped by an
// administrator: reset, no earlier proof counts, the mailbox that the app names now opens
// nothing (the attack: the password thief changed it), and a pass sets a factor up.
func TestEvicted_Reset(t *testing.T) {
	t.Parallel()
	server, app := redistest.Start(t), apptest.StartPortal(t)
	a := start(t, app, server.URL())
	ana := signedIn(t, a, "ana")
	ana.Enrol()
	server.Do(t, "DEL", accountOf(t, server, "ana"))
	pw := signedIn(t, a, "ana")
	want(t, pw, http.StatusServiceUnavailable)
	if out, err := a.mfa(t, "user", "pass", "ana"); err == nil || !strings.Contains(out, "caddy mfa user reset") {
		t.Errorf("a pass without a record: %v %s", err, out)
	}
	if out, err := a.mfa(t, "user", "reset", "ana"); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	want(t, ana, http.StatusForbidden)
	want(t, pw, http.StatusForbidden)
	if got := pw.Call(http.MethodPost, "/.mfa/api/email", map[string]any{}); got.Status == http.StatusOK {
		t.Error("the mailbox alone begins an enrolment")
	}
	out, err := a.mfa(t, "user", "pass", "ana")
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	code, _, _ := strings.Cut(out, "\n")
	if got := pw.Call(http.MethodPost, "/.mfa/api/verify/pass/verify", map[string]any{"code": code}); got.Status != http.StatusOK {
		t.Fatalf("the pass: %d %s", got.Status, got.Body)
	}
	pw.AddApp()
	want(t, pw, http.StatusOK)
}

// TestEvicted_Start: a server that threw away what is read at the start alone, or has
// lost lines of its log, keeps no node from starting: what is open is served, what is
// protected opens by itself or once somebody accepts the store.
func TestEvicted_Start(t *testing.T) {
	t.Parallel()
	server, app := redistest.Start(t), apptest.StartPortal(t)
	a := start(t, app, server.URL())
	ana, bruno := signedIn(t, a, "ana"), signedIn(t, a, "bruno")
	has := ana.Enrol()
	for key := range imageOf(t, server) {
		if strings.Contains(key, ":r:installation") {
			server.Do(t, "DEL", key)
		}
	}
	a.Stop(t)
	a.run(t)
	becomes(t, ana, http.StatusSeeOther) // nothing counts that was signed under the lost name
	ana.Prove(has.App)
	want(t, ana, http.StatusOK)

	ana.SignOutEverywhere()
	server.Do(t, "DEL", "mfa:{mfa.0}:log")
	a.Stop(t)
	a.run(t)
	wantAt(t, bruno, "/resumo", http.StatusOK)
	want(t, bruno, http.StatusServiceUnavailable)
	if out, err := a.mfa(t, "store", "accept"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	becomes(t, bruno, http.StatusForbidden)
}
