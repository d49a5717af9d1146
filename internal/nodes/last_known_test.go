package nodes

import (
	"net/http"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// lastKnown lets who proved go on to one area while the store is away, and
// closes another.
const lastKnown = `version: 1
tenants:
  escritorio:
    require: mfa
    protect:
      - {path: /documentos-recebidos, when_store_down: last-known}
      - /enviar-documentos
`

// shut is the area that is closed while the store is away.
const shut = "/enviar-documentos"

// away waits until the node no longer takes what it knows for news.
func away(t *testing.T, v *apptest.Visitor) {
	t.Helper()
	redistest.Eventually(t, "the store to be away", func() bool { return v.Open(shut).Status == http.StatusServiceUnavailable })
}

// back waits until it does.
func back(t *testing.T, v *apptest.Visitor) {
	t.Helper()
	redistest.Eventually(t, "the store to be back", func() bool { return v.Open(shut).Status == http.StatusOK })
}

// TestLastKnown: while the store is away, whoever proved goes on where the
// policy says so, nobody else passes anywhere, and a node that has just started
// lets nobody pass.
func TestLastKnown(t *testing.T) {
	for name, fault := range map[string]struct {
		begin, end func(t *testing.T, s *redistest.Server) // no end: a person must look first
	}{
		"killed": {func(t *testing.T, s *redistest.Server) { s.Kill(t) }, func(t *testing.T, s *redistest.Server) { s.Run(t) }},
		"frozen": {func(t *testing.T, s *redistest.Server) { s.Freeze(t) }, func(t *testing.T, s *redistest.Server) { s.Thaw(t) }},
		"started empty": {begin: func(t *testing.T, s *redistest.Server) {
			s.Do(t, "FLUSHALL")
			s.Kill(t)
			s.Run(t)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, app := redistest.Start(t), apptest.StartPortal(t)
			a := startPolicy(t, app, server.URL(), lastKnown)
			ana, gone, bruno := signedIn(t, a, "ana"), signedIn(t, a, "ana"), signedIn(t, a, "bruno")
			has := ana.Enrol()
			gone.Prove(has.App)
			again := signedIn(t, a, "ana") // signs in anew, and has proved nothing there
			for _, v := range []*apptest.Visitor{ana, gone} {
				want(t, v, http.StatusOK)
				wantAt(t, v, shut, http.StatusOK)
			}
			fault.begin(t, server)
			away(t, ana)
			want(t, ana, http.StatusOK)
			want(t, gone, http.StatusOK)
			wantAt(t, ana, "/resumo", http.StatusOK)
			for _, v := range []*apptest.Visitor{bruno, again, at(ana, startPolicy(t, app, server.URL(), lastKnown))} {
				want(t, v, http.StatusServiceUnavailable)
				wantAt(t, v, shut, http.StatusServiceUnavailable)
			}
			// The pages tell nothing and change nothing on the word of such a flag.
			if got := ana.Call(http.MethodGet, "/.mfa/api/devices", nil); got.Status == http.StatusOK {
				t.Errorf("the pages answer %d %s", got.Status, got.Body)
			}
			// Signing out ends it here and now, though no store can note it.
			copied := gone.Cookie("mfa")
			gone.SignOut()
			gone.SignIn("ana")
			if got := gone.Do(http.MethodGet, place, "", "Cookie", "portal_sid="+gone.Cookie("portal_sid")+"; mfa="+copied); got.Status == http.StatusOK {
				t.Error("a flag goes on after its owner signed out")
			}
			if fault.end == nil {
				want(t, ana, http.StatusOK)
				return
			}
			fault.end(t, server)
			back(t, ana)
			want(t, bruno, http.StatusForbidden)
		})
	}
}

// TestLastKnown_Partition: a node that is cut off goes on with what it knew. It
// takes no proof that was made elsewhere since, and hears of what was revoked
// as soon as it hears anything.
func TestLastKnown_Partition(t *testing.T) {
	t.Parallel()
	server, app := redistest.Start(t), apptest.StartPortal(t)
	wire := redistest.StartProxy(t, server)
	a, b := startPolicy(t, app, server.URL(), lastKnown), startPolicy(t, app, wire.URL, lastKnown)
	ana := signedIn(t, a, "ana")
	has := ana.Enrol()
	want(t, at(ana, b), http.StatusOK)
	wire.Cut()
	away(t, at(ana, b))
	want(t, at(ana, b), http.StatusOK)
	late := signedIn(t, a, "ana")
	late.Prove(has.App)
	want(t, late, http.StatusOK)
	want(t, at(late, b), http.StatusServiceUnavailable)
	if got := late.Call(http.MethodDelete, "/.mfa/api/sessions", nil); got.Status/100 != 2 {
		t.Fatalf("signing out everywhere: %d %s", got.Status, got.Body)
	}
	want(t, ana, http.StatusSeeOther)
	wire.Mend()
	becomes(t, at(ana, b), http.StatusSeeOther)
}

// TestLastKnown_Failover: who proved does not notice a failover, and nobody
// else passes in its course.
func TestLastKnown_Failover(t *testing.T) {
	t.Parallel()
	group, app := redistest.StartGroup(t), apptest.StartPortal(t)
	a := startPolicy(t, app, group.URL(), lastKnown)
	ana, bruno := signedIn(t, a, "ana"), signedIn(t, a, "bruno")
	ana.Enrol()
	again := signedIn(t, a, "ana")
	want(t, ana, http.StatusOK)
	group.Primary.Kill(t)
	redistest.Eventually(t, "the failover", func() bool {
		want(t, ana, http.StatusOK)
		for _, v := range []*apptest.Visitor{bruno, again} {
			if got := v.Open(place); got.Status == http.StatusOK {
				t.Fatalf("somebody who proved nothing passes: %.300s", got.Body)
			}
		}
		return group.Replica.Do(t, "ROLE").([]any)[0] == "master" && bruno.Open(place).Status == http.StatusForbidden
	})
	back(t, ana)
}
