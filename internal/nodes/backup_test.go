package nodes

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// bolted starts a node with the embedded store.
func bolted(t *testing.T, app *apptest.Portal) (n *node, file string) {
	t.Helper()
	n = startWith(t, app, "store bolt mfa.db", "", "protect "+place)
	return n, filepath.Join(filepath.Dir(n.file), "mfa.db")
}

// TestBackupRestore: a backup is taken while people work; put in the store's
// place it closes what is protected until somebody says that it is meant, and
// brings nobody's proof back.
func TestBackupRestore(t *testing.T) {
	t.Parallel()
	app := apptest.StartPortal(t)
	n, file := bolted(t, app)
	ana, bruno := signedIn(t, n, "ana"), signedIn(t, n, "bruno")
	has := ana.Enrol()
	backup := filepath.Join(t.TempDir(), "backup.db")
	out, err := n.mfa(t, "store", "backup", backup)
	if err != nil || !strings.Contains(out, "digest ") {
		t.Fatalf("%v\n%s", err, out)
	}
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if out, err := n.mfa(t, "store", "backup", backup); err == nil || !strings.Contains(out, "name another file") {
		t.Errorf("over another file: %v\n%s", err, out)
	}
	if out, err := n.mfa(t, "store", "accept"); err == nil || !strings.Contains(out, "holds all that this server wrote") {
		t.Errorf("a store that is not in doubt: %v\n%s", err, out)
	}
	bruno.Enrol()
	gone := ana.Cookie("mfa")
	if got := ana.Call(http.MethodDelete, "/.mfa/api/sessions", nil); got.Status/100 != 2 {
		t.Fatalf("signing out everywhere: %d %s", got.Status, got.Body)
	}
	n.Stop(t)

	text, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	n.run(t)
	old := func() int {
		return ana.Do(http.MethodGet, place, "", "Cookie", "portal_sid="+ana.Cookie("portal_sid")+"; mfa="+gone).Status
	}
	want(t, ana, http.StatusServiceUnavailable)
	want(t, bruno, http.StatusServiceUnavailable)
	wantAt(t, ana, "/resumo", http.StatusOK)
	if out, err := n.mfa(t, "store", "accept"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	redistest.Eventually(t, "the store to open", func() bool { return ana.Open(place).Status == http.StatusSeeOther })
	if status := old(); status == http.StatusOK {
		t.Error("a flag that was revoked after the backup counts again")
	}
	want(t, bruno, http.StatusForbidden) // enrolled since
	ana.Prove(has.App)
	want(t, ana, http.StatusOK)
	n.Stop(t)
	n.run(t)
	want(t, ana, http.StatusOK)
}

// TestStoreCopy: a site moves from the embedded store to a shared one, and
// nobody notices.
func TestStoreCopy(t *testing.T) {
	t.Parallel()
	app, server := apptest.StartPortal(t), redistest.Start(t)
	n, file := bolted(t, app)
	ana := signedIn(t, n, "ana")
	ana.Enrol()
	want(t, ana, http.StatusOK)
	carry := func(from string) (string, error) {
		cmd := exec.Command(apptest.Caddy(t), "mfa", "store", "copy", from, "{env.TARGET}")
		cmd.Env = append(os.Environ(), "TARGET="+server.URL())
		out, err := cmd.CombinedOutput()
		if strings.Contains(string(out), redistest.Password) {
			t.Errorf("a password is shown: %s", out)
		}
		return string(out), err
	}
	if out, err := carry(file); err == nil || !strings.Contains(out, "locked by another process") {
		t.Fatalf("from a store in use: %v\n%s", err, out)
	}
	n.Stop(t)
	if out, err := carry(file); err != nil || !strings.Contains(out, "and compared them") {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := carry(file); err == nil || !strings.Contains(out, "something in the target") {
		t.Fatalf("a second time: %v\n%s", err, out)
	}
	if out, err := carry(file + ".none"); err == nil {
		t.Fatalf("from nothing: %s", out)
	}
	if _, err := os.Stat(file + ".none"); err == nil {
		t.Error("a source was made")
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(n.file), "caddy", "mfa", "mfa.key"))
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile(`(?m)^[A-Za-z0-9+/]{43}=$`).FindString(string(text))
	want(t, at(ana, startWith(t, app, shared(server.URL(), key), "", "protect "+place)), http.StatusOK)
}
