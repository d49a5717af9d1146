package nodes

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// TestRotateKeys: two nodes get another key one after the other, at no moment
// does anybody who proved notice, and in the end nothing needs the old one.
func TestRotateKeys(t *testing.T) {
	t.Parallel()
	server, app := redistest.Start(t), apptest.StartPortal(t)
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	old, fresh := firstKey, base64.StdEncoding.EncodeToString(raw)
	a, b := start(t, app, server.URL()), start(t, app, server.URL())
	ana := signedIn(t, a, "ana")
	has := ana.Enrol()
	both := func() {
		t.Helper()
		want(t, ana, http.StatusOK)
		want(t, at(ana, b), http.StatusOK)
	}
	if out, err := a.mfa(t, "keys", "rotate"); err == nil || !strings.Contains(out, "write `key <new> <old>`") {
		t.Fatalf("a rotation without a new key: %v\n%s", err, out)
	}
	for _, keys := range []string{old + " " + fresh, fresh + " " + old} {
		for _, n := range []*node{a, b} {
			n.reload(t, shared(server.URL(), keys))
			both()
		}
	}
	out, err := a.mfa(t, "keys", "rotate")
	if err != nil || !strings.Contains(out, "none needs an older one") || !strings.Contains(out, "may go from") {
		t.Fatalf("%v\n%s", err, out)
	}
	if strings.Contains(out, fresh) || strings.Contains(out, old) {
		t.Errorf("a key is shown:\n%s", out)
	}
	both()
	bruno := signedIn(t, b, "bruno")
	bruno.Enrol()
	for _, n := range []*node{a, b} {
		n.reload(t, shared(server.URL(), fresh))
	}
	want(t, at(bruno, a), http.StatusOK)
	want(t, ana, http.StatusSeeOther) // the old key signed that proof
	got := ana.Call(http.MethodPost, "/.mfa/api/verify/codes/verify", map[string]any{"code": has.RecoveryCodes[0]})
	if got.Status != http.StatusOK {
		t.Fatalf("a recovery code from before: %d %s", got.Status, got.Body)
	}
	both()
}

// TestRotateKeyFile: with the embedded store one command does it all.
func TestRotateKeyFile(t *testing.T) {
	t.Parallel()
	app := apptest.StartPortal(t)
	n := startWith(t, app, "store bolt mfa.db", "", "protect "+place)
	ana := signedIn(t, n, "ana")
	has := ana.Enrol()
	list, err := n.mfa(t, "keys", "list")
	if err != nil || strings.Count(list, "key ") != 1 {
		t.Fatalf("%v\n%s", err, list)
	}
	if out, err := n.mfa(t, "keys", "forget"); err == nil || !strings.Contains(out, "rotate first") {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := n.mfa(t, "keys", "rotate")
	if err != nil || strings.Count(out, "\nkey ")+strings.Count(out[:4], "key ") != 2 || !strings.Contains(out, "caddy mfa keys forget") {
		t.Fatalf("%v\n%s", err, out)
	}
	want(t, ana, http.StatusOK)
	if out, err = n.mfa(t, "keys", "forget", "--json"); err != nil || !strings.Contains(out, `"keys":["`) || strings.Contains(out, `","`+strings.Fields(list)[1]) {
		t.Fatalf("%v\n%s", err, out)
	}
	want(t, ana, http.StatusSeeOther)
	ana.Prove(has.App)
	want(t, ana, http.StatusOK)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(n.file), "caddy", "mfa", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("beside the key: %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil || strings.Count(string(text), "=\n") != 1 {
		t.Errorf("%d keys are left, %v", strings.Count(string(text), "=\n"), err)
	}
}
