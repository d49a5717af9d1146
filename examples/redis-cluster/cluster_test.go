// Package rediscluster tries the example: three nodes on a Cluster of three
// primaries with a replica each, of which a primary is killed.
package rediscluster

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
)

// TestNodesAreOne: what one node knows, all know, also after one primary of
// three was killed; in the course of it nobody passes who proved nothing.
func TestNodesAreOne(t *testing.T) {
	e, nodes := apptest.StartShared(t, "redis-cluster", 3, "R1", "R2", "R3", "R4", "R5", "R6", "B1", "B2", "B3", "B4", "B5", "B6")
	ana := nodes.SignedIn(t, 0, "ana")
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
	heir := e.Redis(t, "R4")
	e.Signal(t, "redis-1", syscall.SIGKILL)
	apptest.Eventually(t, 90*time.Second, "the failover", func() bool {
		for _, n := range nodes {
			if got := ana.At(n).Open(place); got.Status != http.StatusOK {
				t.Fatalf("who proved gets %d in the course of a failover", got.Status)
			}
			for _, v := range []*apptest.Visitor{bruno.At(n), again.At(n)} {
				if got := v.Open(place); got.Status == http.StatusOK {
					t.Fatal("somebody who proved nothing passes in the course of a failover")
				}
			}
		}
		info, err := heir.Info(t.Context(), "replication").Result()
		return err == nil && strings.Contains(info, "role:master")
	})
	nodes.All(t, 20*time.Second, ana, shut, http.StatusOK)
	nodes.All(t, 20*time.Second, bruno, place, http.StatusForbidden)
	nodes.All(t, 20*time.Second, again, place, http.StatusSeeOther)
	for i := range nodes {
		if got := nodes.SignedIn(t, i, "ana").Recover(has.RecoveryCodes[0]); got.JSON("reason") != "used-code" {
			t.Errorf("a code from before the failover, at node %d: %d %s", i, got.Status, got.Body)
		}
	}
}
