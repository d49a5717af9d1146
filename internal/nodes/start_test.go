package nodes

import (
	"net/http"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// TestStart_StoreTakesNoWrite: a server that has just been started and takes no writes,
// since it is full or has no replica, keeps no node from starting.
func TestStart_StoreTakesNoWrite(t *testing.T) {
	t.Parallel()
	server, app := redistest.Start(t), apptest.StartPortal(t)
	a := start(t, app, server.URL())
	for name, setting := range map[string][2]string{
		"full":       {"maxmemory", "1"},
		"no replica": {"min-replicas-to-write", "1"},
	} {
		a.Stop(t)
		server.Kill(t)
		server.RunWith(t, "--"+setting[0], setting[1])
		a.run(t)
		bruno := signedIn(t, a, "bruno")
		wantAt(t, bruno, "/resumo", http.StatusOK)
		want(t, bruno, http.StatusServiceUnavailable)
		server.Do(t, "CONFIG", "SET", setting[0], "0")
		redistest.Eventually(t, name+": the store", func() bool { return bruno.Open(place).Status == http.StatusForbidden })
	}
}
