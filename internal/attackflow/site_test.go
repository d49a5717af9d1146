// Package attackflow plays an attacker on the gate's own pages and calls: one
// who has bob's password (and so a signed-in session that proved nothing), an
// enrolled account of his own, scripts, and pages on other sites. Everything
// goes over HTTP through a running Caddy; each test names the attack.
package attackflow

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

// site is a running Caddy with the gate before the legacy app.
type site struct {
	t    *testing.T
	app  *legacy
	mail *postbox
	dir  string
	conf string
	host string // as a browser sees it
	base string
}

const siteFile = `{
	admin off
	persist_config off
	auto_https off
	default_bind 127.0.0.1
	log {
		output discard
	}
	mfa %DIR%/policy.yaml {
		store spied %DIR%/mfa.db
		base_url http://portal.test
		mail smtp smtp://%SMTP% {
			from security@portal.test
		}
	}
}
http://:0 {
	mfa {
		identity whoami /api/me {
			user json login
			email json email
			name json name
			tenant json tenant
			login /login
			logout /logout
			cache 0s
		}
	}
	reverse_proxy %APP%
}
`

// policyFile has a tenant that proves the first enrolment by mail, one that
// asks for nothing, one that keeps the last method, and one whose every word
// is meant to break out of a page.
const policyFile = `version: 1
defaults:
  require: mfa
  protect: [/documents, /admin]
tenants:
  office: {name: Office}
  lax: {name: Lax, first: none}
  typed: {name: Typed, first: typed-email}
  kept: {name: Kept, undo: never}
  marked:
    name: "\"><script>alert('tenant')</script>{{7*7}}"
    first: none
    brand: {support: "mailto:help@portal.test", help: "https://help.test/"}
`

// start runs the site; a test may change the Caddyfile.
func start(t *testing.T, change ...string) *site {
	t.Helper()
	s := &site{t: t, app: newLegacy(t), mail: newPostbox(t), dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(s.dir, "policy.yaml"), []byte(policyFile), 0o600); err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(change...).Replace(siteFile)
	s.conf = strings.NewReplacer("%APP%", s.app.Listener.Addr().String(), "%SMTP%", s.mail.addr, "%DIR%", s.dir).Replace(text)
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	s.load()
	return s
}

func (s *site) load() {
	s.t.Helper()
	cfg, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(s.conf), map[string]any{"filename": filepath.Join(s.dir, "Caddyfile")})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := caddy.Load(cfg, true); err != nil {
		s.t.Fatal(err)
	}
	app, err := caddy.ActiveContext().App("http")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, srv := range app.(*caddyhttp.App).Servers {
		_, port, err := net.SplitHostPort(srv.Listeners()[0].Addr().String())
		if err != nil {
			s.t.Fatal(err)
		}
		s.host = "localhost:" + port
		s.base = "http://" + s.host
	}
}

// restart ends the process's configuration and begins it anew on the same
// files: nothing in memory survives.
func (s *site) restart() {
	s.t.Helper()
	if err := caddy.Stop(); err != nil {
		s.t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	s.load()
}

// store is the store that is open now.
func (s *site) store() *view {
	s.t.Helper()
	v, ok := opened.Load(filepath.Join(s.dir, "mfa.db"))
	if !ok {
		s.t.Fatal("the store is not open")
	}
	return v.(*view)
}
