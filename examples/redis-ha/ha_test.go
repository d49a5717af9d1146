// Package redisha tries the example: three nodes on a Redis with a replica and
// three Sentinels, whose primary is killed.
package redisha

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

const (
	place = "/documentos-recebidos" // goes on by what was last known
	shut  = "/enviar-documentos"    // does not

	// failover is how long one may take here: a try that finds no replica ready is
	// repeated after ten seconds.
	failover = 90 * time.Second
)

func start(t *testing.T) (*apptest.Example, apptest.Nodes) {
	t.Helper()
	return apptest.StartShared(t, "redis-ha", 3, "R1", "R2", "S1", "S2", "S3")
}

// TestNodesAreOne: enrolled at one, known to all; a code is spent for all; a
// revocation reaches all; a failover that loses nothing is noticed by nobody who
// proved, and lets nobody else pass.
func TestNodesAreOne(t *testing.T) {
	t.Parallel()
	e, nodes := start(t)
	ana := nodes.SignedIn(t, 0, "ana")
	nodes.All(t, 10*time.Second, ana, place, http.StatusForbidden)
	has := ana.Enrol()
	nodes.All(t, 10*time.Second, ana, place, http.StatusOK)
	nodes.SpendEverywhere(t, "ana", has.RecoveryCodes[0])

	phone := nodes.SignedIn(t, 1, "ana")
	if got := phone.Recover(has.RecoveryCodes[1]); got.Status != http.StatusOK {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	nodes.All(t, 10*time.Second, phone, place, http.StatusOK)
	ana.SignOutEverywhere()
	nodes.All(t, 2*time.Second, phone, place, http.StatusSeeOther)
	ana.Prove(has.App)
	nodes.All(t, 10*time.Second, ana, place, http.StatusOK)

	bruno, again := nodes.SignedIn(t, 1, "bruno"), nodes.SignedIn(t, 2, "ana")
	e.Signal(t, "redis-1", syscall.SIGKILL)
	apptest.Eventually(t, failover, "the failover", func() bool {
		back := true
		for _, n := range nodes {
			if got := ana.At(n).Open(place); got.Status != http.StatusOK {
				t.Fatalf("who proved gets %d in the course of a failover", got.Status)
			}
			for _, v := range []*apptest.Visitor{bruno.At(n), again.At(n)} {
				got := v.Open(place)
				if got.Status == http.StatusOK {
					t.Fatal("somebody who proved nothing passes in the course of a failover")
				}
				back = back && got.Status != http.StatusServiceUnavailable
			}
		}
		return back
	})
	if got := nodes.SignedIn(t, 0, "ana").Recover(has.RecoveryCodes[0]); got.JSON("reason") != "used-code" {
		t.Errorf("a code from before the failover: %d %s", got.Status, got.Body)
	}
	nodes.All(t, 10*time.Second, ana, shut, http.StatusOK)
}

// TestLostWrites: a failover loses the write that spent a code. The code is good
// at no node again, and nobody passes who has to be looked up, until a person
// says so.
func TestLostWrites(t *testing.T) {
	t.Parallel()
	e, nodes := start(t)
	ana := nodes.SignedIn(t, 0, "ana")
	has := ana.Enrol()
	code := has.RecoveryCodes[0]
	nodes.All(t, 10*time.Second, ana, shut, http.StatusOK)
	thief := nodes.SignedIn(t, 1, "ana")

	e.Signal(t, "redis-2", syscall.SIGSTOP) // the replica hears nothing more
	if err := e.Redis(t, "R1").Do(t.Context(), "CLIENT", "KILL", "TYPE", "REPLICA").Err(); err != nil {
		t.Fatal(err)
	}
	second := nodes.SignedIn(t, 0, "ana")
	if got := second.Recover(code); got.Status != http.StatusOK {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	e.Signal(t, "redis-1", syscall.SIGKILL)
	e.Signal(t, "redis-2", syscall.SIGCONT)
	passes := func() {
		t.Helper()
		for _, n := range nodes {
			if got := thief.At(n).Recover(code); got.Status == http.StatusOK {
				t.Fatal("a spent code is good again")
			}
			if got := thief.At(n).Open(place); got.Status == http.StatusOK {
				t.Fatal("somebody who proved nothing passes")
			}
		}
	}
	apptest.Eventually(t, failover, "all nodes to see what is missing", func() bool {
		passes()
		for _, n := range nodes {
			if !strings.Contains(n.Log(), "holds less than a node has seen in it") {
				return false
			}
		}
		return true
	})
	// What the nodes said may be of one request alone: each stops trusting what it
	// heard before at its next look, within half a second.
	closed := func(n *apptest.Node) bool {
		t.Helper()
		return ana.At(n).Open(shut).Status == http.StatusServiceUnavailable
	}
	for _, n := range nodes {
		apptest.Eventually(t, 10*time.Second, n.URL+" to trust nothing it heard before", func() bool { passes(); return closed(n) })
	}
	for range 20 {
		passes()
		for _, n := range nodes {
			if !closed(n) {
				t.Fatalf("%s uses a store that lost writes", n.URL)
			}
		}
	}
	nodes[2].MFA(t, "store", "accept")
	nodes.All(t, 20*time.Second, ana, shut, http.StatusOK)
	nodes.All(t, 20*time.Second, thief, place, http.StatusSeeOther)
}
