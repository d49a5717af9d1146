package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// TestTheDemoStartsAndStopsAsAWhole runs what make run runs, asks for the page
// a newcomer would open, and sees that nothing is left when it is stopped.
func TestTheDemoStartsAndStopsAsAWhole(t *testing.T) {
	ports := map[string]string{"PORT": "", "APP_PORT": "", "SMTP_PORT": "", "ADMIN_PORT": ""}
	env := os.Environ()
	for name := range ports {
		ports[name] = apptest.Port(t)
		env = append(env, name+"="+ports[name])
	}
	cmd := exec.Command(apptest.DemoRunner(t),
		"-caddy", apptest.Caddy(t), "-portal", apptest.PortalBinary(t), "-data", t.TempDir(),
		"-config", filepath.Join(apptest.Root(), "Caddyfile.example"))
	cmd.Env = env
	p := apptest.Start(t, cmd)
	site := "http://localhost:" + ports["PORT"]
	p.Answers(t, site+"/entrar")
	apptest.Eventually(t, patience, "the welcome", func() bool { return strings.Contains(p.Log(), "Stop: Ctrl-C") })
	for _, want := range []string{site, "girassol", "What to try first", site + "/correio"} {
		if !strings.Contains(p.Log(), want) {
			t.Errorf("the welcome does not say %q:\n%s", want, p.Log())
		}
	}
	v := apptest.NewVisitor(t, site)
	v.SignIn("ana")
	wantBlocked(t, v, "/documentos-recebidos")
	p.Stop(t)
	for name, port := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Errorf("after the end %s is still in use: %v", name, err)
			continue
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
