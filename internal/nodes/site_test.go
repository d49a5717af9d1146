// Package nodes tests several Caddys that share their accounts in Redis, from
// outside, as visitors meet them.
package nodes

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// conf is one node; all differ in their ports alone.
const conf = `{
	admin 127.0.0.1:ADMIN
	persist_config off
	mfa POLICY {
		STORE
		mail smtp smtp://127.0.0.1:SMTP {
			from security@portal.test
		}
	}
}
http://localhost:PORT {
	bind 127.0.0.1
	mfa {
		PROTECT
		identity whoami /api/me {
			user json login
			email json email
			cookies portal_sid
			login /entrar
			logout /sair
		}
	}
	reverse_proxy 127.0.0.1:APP
}
`

// place is a page behind the gate.
const place = "/documentos-recebidos"

// node is one running Caddy.
type node struct {
	url, admin string
	file       string // its Caddyfile
	text       string // with STORE to be filled in
	*apptest.Process
}

// firstKey is what nodes seal with.
const firstKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// shared are the lines of a store in Redis with its keys.
func shared(url, keys string) string {
	return "key " + keys + `
		store redis ` + url + ` {
			password {env.STORE_PASSWORD}
			timeout 1s
		}`
}

// start starts a node before the portal, on the Redis at url.
func start(t *testing.T, app *apptest.Portal, url string) *node {
	t.Helper()
	return startWith(t, app, shared(url, "{env.MFA_KEY}"), "", "protect "+place)
}

// startPolicy starts one with a policy.
func startPolicy(t *testing.T, app *apptest.Portal, url, policy string) *node {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	return startWith(t, app, shared(url, "{env.MFA_KEY}"), file, "")
}

func startWith(t *testing.T, app *apptest.Portal, store, policy, protect string) *node {
	t.Helper()
	dir, port, admin := t.TempDir(), apptest.Port(t), apptest.Port(t)
	n := &node{url: "http://localhost:" + port, admin: "127.0.0.1:" + admin, file: filepath.Join(dir, "Caddyfile")}
	n.text = strings.NewReplacer("ADMIN", admin, "SMTP", app.SMTPPort, "PORT", port, "APP", app.Port,
		"POLICY", policy, "PROTECT", protect).Replace(conf)
	n.write(t, store)
	n.run(t)
	return n
}

// run starts it, for the first time or after it was stopped.
func (n *node) run(t *testing.T) {
	t.Helper()
	dir := filepath.Dir(n.file)
	cmd := exec.Command(apptest.Caddy(t), "run", "--config", n.file)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "MFA_KEY="+firstKey, "STORE_PASSWORD="+redistest.Password,
		"XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	n.Process = apptest.Start(t, cmd)
	n.Answers(t, n.url+"/entrar")
}

func (n *node) write(t *testing.T, store string) {
	t.Helper()
	if err := os.WriteFile(n.file, []byte(strings.Replace(n.text, "STORE", store, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// reload gives the running node another store or other keys.
func (n *node) reload(t *testing.T, store string) {
	t.Helper()
	n.write(t, store)
	out, err := exec.Command(apptest.Caddy(t), "reload", "--config", n.file, "--address", n.admin).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// mfa runs a subcommand on the node.
func (n *node) mfa(t *testing.T, args ...string) (string, error) {
	t.Helper()
	out, err := exec.Command(apptest.Caddy(t), append(append([]string{"mfa"}, args...), "--address", n.admin)...).CombinedOutput()
	return string(out), err
}

// twoNodes are a store and two nodes in front of one application that share it.
func twoNodes(t *testing.T) (server *redistest.Server, a, b *node) {
	t.Helper()
	server, app := redistest.Start(t), apptest.StartPortal(t)
	return server, start(t, app, server.URL()), start(t, app, server.URL())
}

// at is the visitor at another node. A balancer sends one browser to any of
// them, and its cookies are of the host alone.
func at(v *apptest.Visitor, n *node) *apptest.Visitor {
	w := *v
	w.Base = n.url
	return &w
}

// stranger is a browser that keeps no cookies: it sends those it is told to.
func stranger(t *testing.T, n *node) *apptest.Visitor {
	t.Helper()
	v := apptest.NewVisitor(t, n.url)
	v.Client.Jar = nil
	return v
}

// signedIn is a fresh browser signed in to the portal.
func signedIn(t *testing.T, n *node, login string) *apptest.Visitor {
	t.Helper()
	v := apptest.NewVisitor(t, n.url)
	v.SignIn(login)
	return v
}

func want(t *testing.T, v *apptest.Visitor, status int) {
	t.Helper()
	wantAt(t, v, place, status)
}

func wantAt(t *testing.T, v *apptest.Visitor, path string, status int) {
	t.Helper()
	if got := v.Open(path); got.Status != status {
		t.Fatalf("%s%s: %d, want %d\n%.300s", v.Base, path, got.Status, status, got.Body)
	}
}

// becomes waits for a status. How soon it must come is shown where the clock is
// the test's own: a busy machine stands still for seconds.
func becomes(t *testing.T, v *apptest.Visitor, status int) {
	t.Helper()
	redistest.Eventually(t, v.Base+": "+http.StatusText(status), func() bool { return v.Open(place).Status == status })
}
