package apptest

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Node is one of several Caddys that run an example's Caddyfile.
type Node struct {
	URL, Admin string
	*Process
}

// StartNode runs a Caddy with ports and a data directory of its own.
func (e *Example) StartNode(t testing.TB, path string) *Node {
	t.Helper()
	port, admin, data := Port(t), Port(t), t.TempDir()
	n := &Node{URL: "http://localhost:" + port, Admin: "127.0.0.1:" + admin}
	cmd := exec.Command(Caddy(t), "run", "--config", filepath.Join(e.Conf, "Caddyfile"))
	cmd.Env = append(append([]string(nil), e.Env...), "PORT="+port, "ADMIN_PORT="+admin, "XDG_DATA_HOME="+data, "XDG_CONFIG_HOME="+data)
	cmd.Dir = e.Conf
	n.Process = Start(t, cmd)
	n.Answers(t, n.URL+path)
	return n
}

// MFA runs a subcommand of `caddy mfa` on the node.
func (n *Node) MFA(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command(Caddy(t), append(append([]string{"mfa"}, args...), "--address", n.Admin)...).CombinedOutput()
	if err != nil {
		t.Fatalf("caddy mfa %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// At is the visitor at another node. A balancer sends one browser to any of
// them, and cookies are the host's alone, whatever the port.
func (v *Visitor) At(n *Node) *Visitor {
	w := *v
	w.Base = n.URL
	return &w
}

// Nodes are several that share their accounts, before the demo's portal.
type Nodes []*Node

// SignedIn is a fresh browser signed in at one of them.
func (n Nodes) SignedIn(t testing.TB, at int, login string) *Visitor {
	t.Helper()
	v := NewVisitor(t, n[at].URL)
	v.SignIn(login)
	return v
}

// All waits until a visitor gets the status at every node.
func (n Nodes) All(t testing.TB, within time.Duration, v *Visitor, path string, status int) {
	t.Helper()
	for _, node := range n {
		w := v.At(node)
		Eventually(t, within, path+" to be "+strconv.Itoa(status)+" at "+node.URL, func() bool { return w.Open(path).Status == status })
	}
}

// SpendEverywhere sends one recovery code from many browsers to all nodes at
// once, and wants it taken once.
func (n Nodes) SpendEverywhere(t testing.TB, login, code string) {
	t.Helper()
	var browsers []*Visitor
	for i := range 4 * len(n) {
		browsers = append(browsers, n.SignedIn(t, i%len(n), login))
	}
	var won, used atomic.Int32
	var all sync.WaitGroup
	gun := make(chan struct{})
	for _, v := range browsers {
		all.Go(func() {
			<-gun
			got := v.Recover(code)
			switch {
			case got.Status == http.StatusOK:
				won.Add(1)
			case got.JSON("reason") == "used-code":
				used.Add(1)
			default:
				t.Errorf("%s: %d %s", v.Base, got.Status, got.Body)
			}
		})
	}
	close(gun)
	all.Wait()
	if won.Load() != 1 || int(used.Load()) != len(browsers)-1 {
		t.Errorf("of %d times one code was taken %d times, and refused as used %d times", len(browsers), won.Load(), used.Load())
	}
}

// Recover proves with a recovery code.
func (v *Visitor) Recover(code string) Answer {
	v.t.Helper()
	return v.Call(http.MethodPost, "/.mfa/api/verify/codes/verify", map[string]any{"code": code})
}

// SignOutEverywhere ends every proof of the visitor's person.
func (v *Visitor) SignOutEverywhere() {
	v.t.Helper()
	if got := v.Call(http.MethodDelete, "/.mfa/api/sessions", nil); got.Status/100 != 2 {
		v.t.Fatalf("signing out everywhere: %d %s", got.Status, got.Body)
	}
}

// Signal signals a server that the example's start.sh runs under the name.
func (e *Example) Signal(t testing.TB, server string, sig syscall.Signal) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(e.Data, server, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 2 {
		t.Fatalf("the pid of %s is %q", server, text)
	}
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatal(err)
	}
}

// Redis is a client of the server at the port of that name.
func (e *Example) Redis(t testing.TB, port string) *redis.Client {
	t.Helper()
	at := slices.IndexFunc(e.Env, func(v string) bool { return strings.HasPrefix(v, port+"=") })
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + strings.TrimPrefix(e.Env[at], port+"="), Password: RedisPassword, Protocol: 2, DisableIdentity: true})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// RedisPassword is what the servers of StartShared ask for.
const RedisPassword = "correct-horse"

// StartShared runs an example in which nodes share their accounts in Redis, with
// the demo's portal. The names of ports are further ones that it takes.
func StartShared(t testing.TB, name string, nodes int, ports ...string) (*Example, Nodes) {
	t.Helper()
	Tool(t, "redis-server", "redis-server")
	e := NewExample(t, name, "REDIS_PASSWORD="+RedisPassword, "MFA_KEY=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
		"STORE_TIMEOUT=1s", "PORTAL="+PortalBinary(t))
	for _, port := range append([]string{"SMTP_PORT"}, ports...) { // the portal has a mailbox of its own
		e.Env = append(e.Env, port+"="+Port(t))
	}
	e.StartApp(t, "/entrar")
	var all Nodes
	for range nodes {
		all = append(all, e.StartNode(t, "/entrar"))
	}
	return e, all
}
