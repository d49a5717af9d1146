// Package attack plays an attacker on the gate's decisions: one who has bob's
// password (and so a signed-in session that proved nothing) and an enrolled
// account of his own, mallory. Everything goes through a running Caddy, mostly
// as raw bytes; each test names the attack. What counts is what the app served,
// never the status that came back.
package attack

import (
	"cmp"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-mfa/caddy-mfa/caddymodule"
)

// site is a running Caddy with the gate before an app.
type site struct {
	t    testing.TB
	app  *app
	dir  string
	addr string

	global string // what opens the Caddyfile; "" for the constant
}

// global opens every Caddyfile here. Caddy keeps to itself: no admin endpoint,
// no certificates, loopback. The key is fixed, so that two installations can
// share it.
const global = `{
	admin off
	persist_config off
	auto_https off
	default_bind 127.0.0.1
	servers {
		protocols h1 h2c
	}
	log {
		output discard
	}
	mfa %DIR%/policy.yaml {
		store bolt %DIR%/mfa.db
		key MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=
	}
}
`

const whoami = `identity whoami /api/me {
			user json login
			login /login
			logout /logout
		}`

// oneHost is a policy of one tenant whose host is office.test.
const oneHost = `version: 1
tenants:
  office:
    hosts: [office.test]
    require: mfa
    first: none
    protect:
      - /documents
      - {path: /index.php, query: {page: mensagens}}
`

// plainSite is the gate straight before the app.
const plainSite = `http://:0 {
	mfa {
		%WHOAMI%
	}
	reverse_proxy %APP%
}
`

func fill(text, dir, upstream string) string {
	return strings.NewReplacer("%WHOAMI%", whoami, "%DIR%", dir, "%APP%", upstream).Replace(text)
}

// adapt turns a Caddyfile into Caddy's JSON.
func adapt(dir, caddyfile string) ([]byte, []caddyconfig.Warning, error) {
	return caddyconfig.GetAdapter("caddyfile").Adapt([]byte(caddyfile), map[string]any{"filename": filepath.Join(dir, "Caddyfile")})
}

// start runs the sites of a Caddyfile before one app.
func start(t testing.TB, policy, sites string) *site {
	t.Helper()
	s := &site{t: t, app: newApp(t), dir: t.TempDir()}
	s.run(policy, sites)
	return s
}

func (s *site) run(policy, sites string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "policy.yaml"), []byte(policy), 0o600); err != nil {
		s.t.Fatal(err)
	}
	cfg, _, err := adapt(s.dir, fill(cmp.Or(s.global, global)+sites, s.dir, s.app.Listener.Addr().String()))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			s.t.Error(err)
		}
	})
	if err := caddy.Load(cfg, true); err != nil {
		s.t.Fatal(err)
	}
	running, err := caddy.ActiveContext().App("http")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, srv := range running.(*caddyhttp.App).Servers {
		_, port, err := net.SplitHostPort(srv.Listeners()[0].Addr().String())
		if err != nil {
			s.t.Fatal(err)
		}
		s.addr = "127.0.0.1:" + port
	}
}
