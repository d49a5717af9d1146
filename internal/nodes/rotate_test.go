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
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	old, fresh := firstKey, base64.StdEncoding.EncodeToString(raw)
	server, a, b := twoNodes(t)
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

// TestRotateKeys_OutOfOrder: a node seals with a new key before another has it. What
// it revokes the other cannot read (the attack: a stolen flag whose owner signed out),
// so no proof counts there until it is given the key, and the log says so.
func TestRotateKeys_OutOfOrder(t *testing.T) {
	t.Parallel()
	fresh := base64.StdEncoding.EncodeToString([]byte("another key of thirty-two bytes."))
	server, a, b := twoNodes(t)
	ana, bruno := signedIn(t, a, "ana"), signedIn(t, a, "bruno")
	ana.Enrol()
	bruno.Enrol()
	a.reload(t, shared(server.URL(), fresh+" "+firstKey))
	stolen := "; mfa=" + ana.Cookie("mfa")
	want(t, at(ana, b), http.StatusOK)
	ana.Open("/sair")
	session := "portal_sid=" + signedIn(t, b, "ana").Cookie("portal_sid")
	closed := func() bool { return at(bruno, b).Open(place).Status == http.StatusServiceUnavailable }
	redistest.Eventually(t, "the other node to trust no proof", closed)
	for _, n := range []*node{a, b} {
		if got := stranger(t, n).Open(place, "Cookie", session+stolen); got.Status == http.StatusOK {
			t.Errorf("%s lets pass who signed out", n.url)
		}
	}
	if !strings.Contains(b.Log(), "give every node the same keys") {
		t.Errorf("it says nothing of it:\n%s", b.Log())
	}
	b.reload(t, shared(server.URL(), firstKey))
	if !closed() {
		t.Error("a reload without the key opens it")
	}
	b.reload(t, shared(server.URL(), firstKey+" "+fresh))
	want(t, at(bruno, b), http.StatusOK)
	if got := stranger(t, b).Open(place, "Cookie", session+stolen); got.Status == http.StatusOK {
		t.Error("with the key it lets pass who signed out")
	}
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
