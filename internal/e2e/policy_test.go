package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// patience is how long a change of the policy may take to be seen: 2 s by
// promise, more on a busy machine.
const patience = 10 * time.Second

// relaxed is the demo with nothing required of anybody.
func relaxed(t *testing.T) *apptest.Demo {
	t.Helper()
	return apptest.StartDemo(t, apptest.WithoutPolicyTests, apptest.Policy("require: mfa", "require: none"))
}

func TestS0_5_OneWriteReachesEveryClientOfTheOffice(t *testing.T) {
	d := relaxed(t)
	clients := map[string]*apptest.Visitor{"ana": nil, "bruno": nil, "fabio": nil}
	for login := range clients {
		clients[login] = as(t, d, login)
		wantPassed(t, clients[login], "/documentos-recebidos")
	}
	other := as(t, d, "carla")
	d.Change(t, "name: Escritório Silva\n    require: none", "name: Escritório Silva\n    require: mfa")
	for _, v := range clients {
		apptest.Eventually(t, patience, "the office's rule to hold", func() bool {
			return v.Open("/documentos-recebidos").Status == http.StatusForbidden
		})
	}
	if got := other.Open("/documentos-recebidos"); got.Status != http.StatusOK {
		t.Errorf("the client of another office gets %d", got.Status)
	}
}

func TestS0_17_SwitchingOnBlocksTheNextRequestOfSessionsThatAreOpen(t *testing.T) {
	d := relaxed(t)
	v, enrolled := as(t, d, "ana"), as(t, d, "bruno")
	enrolled.Enrol()
	wantPassed(t, v, "/documentos-recebidos/1")
	d.Change(t, "name: Escritório Silva\n    require: none", "name: Escritório Silva\n    require: mfa")
	apptest.Eventually(t, patience, "the requirement to hold", func() bool {
		return v.Open("/documentos-recebidos/1").Status == http.StatusForbidden
	})
	wantBlocked(t, v, "/mensagens")
	wantPassed(t, enrolled, "/documentos-recebidos/1")
}

func TestS0_18_SwitchingOffReleasesTheNextRequest(t *testing.T) {
	d := apptest.StartDemo(t, apptest.WithoutPolicyTests)
	ana, bruno := as(t, d, "ana"), as(t, d, "bruno")
	wantBlocked(t, ana, "/documentos-recebidos")
	wantBlocked(t, bruno, "/documentos-recebidos")
	d.Change(t, "name: Escritório Silva\n    require: mfa", "name: Escritório Silva\n    require: none")
	apptest.Eventually(t, patience, "the requirement to end", func() bool {
		return ana.Open("/documentos-recebidos").Status == http.StatusOK
	})
	wantPassed(t, bruno, "/documentos-recebidos")
}

func TestS0_23_NobodyCanBeExcepted(t *testing.T) {
	ok := filepath.Join(apptest.Root(), "examples/portal/policy.yaml")
	if out, err := exec.Command(apptest.Caddy(t), "mfa", "validate", ok).CombinedOutput(); err != nil {
		t.Fatalf("the demo's policy is refused: %v\n%s", err, out)
	}
	text, err := os.ReadFile(ok)
	if err != nil {
		t.Fatal(err)
	}
	for name, line := range map[string]string{
		"exempt":        "exempt: [ana]",
		"users":         "users: {ana: {require: none}}",
		"clients":       "clients: {ana: none}",
		"require a map": "require: {ana: none}",
	} {
		t.Run("fail/"+name, func(t *testing.T) {
			bad := filepath.Join(t.TempDir(), "policy.yaml")
			changed := strings.Replace(string(text), "    name: Souza & Filhos\n", "    name: Souza & Filhos\n    "+line+"\n", 1)
			if err := os.WriteFile(bad, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(apptest.Caddy(t), "mfa", "validate", bad).CombinedOutput()
			if err == nil {
				t.Fatalf("an exception passes: %s", line)
			}
			if !regexp.MustCompile(`policy\.yaml:\d+:\d+: `).Match(out) {
				t.Errorf("the refusal names no place:\n%s", out)
			}
		})
	}
}
