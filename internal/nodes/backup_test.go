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

// TestGone: a server that is started without its store's file, or without the key that
// seals it, makes no other, in which everybody would be new or unreadable. What is open is
// served, and what was missing is taken when it is back.
func TestGone(t *testing.T) {
	t.Parallel()
	app := apptest.StartPortal(t)
	n, file := bolted(t, app)
	ana, bruno := signedIn(t, n, "ana"), signedIn(t, n, "bruno")
	ana.Enrol()
	for path, says := range map[string]string{
		file: "caddy mfa store accept",
		filepath.Join(filepath.Dir(n.file), "caddy", "mfa", "mfa.key"): "XDG_CONFIG_HOME",
	} {
		n.Stop(t)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		n.run(t)
		wantAt(t, bruno, "/resumo", http.StatusOK)
		want(t, ana, http.StatusServiceUnavailable)
		want(t, bruno, http.StatusServiceUnavailable)
		if !strings.Contains(n.Log(), says) {
			t.Errorf("without %s the log does not say %q", filepath.Base(path), says)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s was made anew", filepath.Base(path))
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		becomes(t, ana, http.StatusOK)
	}
	n.Stop(t)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	n.run(t)
	if out, err := n.mfa(t, "store", "accept"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	becomes(t, bruno, http.StatusForbidden)
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
	if out, err := carry(file); err == nil || !strings.Contains(out, "stop the server that uses it, or name a backup") {
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
