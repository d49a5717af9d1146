package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// TestRedisSlotsOnTheMove: all slots of a Cluster move to its first server while two nodes
// take codes and look for revocations. No code is taken twice, and nobody notices: a look
// that fails for two seconds would end every proof.
func TestRedisSlotsOnTheMove(t *testing.T) {
	ctx, c, cluster := context.Background(), newClock(), redistest.StartCluster(t)
	urls := []string{cluster[0].URL(), cluster[1].URL()}
	nodes := []*Redis{opened(t, c, urls...), opened(t, c, urls...)}
	codes := make([]string, 400)
	for i := range codes {
		codes[i] = fmt.Sprint("code", i)
		must(t, nodes[0].Update(ctx, codes[i], put("unspent", time.Time{})))
	}
	var all sync.WaitGroup
	var taken atomic.Int32
	over := make(chan struct{})
	for _, r := range nodes {
		all.Go(func() {
			for _, key := range codes {
				switch err := spend(ctx, r, key); {
				case err == nil:
					taken.Add(1)
				case !errors.Is(err, errSpent):
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for {
				select {
				case <-over:
					return
				case <-time.After(10 * time.Millisecond):
				}
				if _, err := r.Revoked(ctx, 0); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for p := range partition(partitions) {
		moveSlot(t, cluster, cluster[0].Do(t, "CLUSTER", "KEYSLOT", p.mark()).(int64))
	}
	close(over)
	all.Wait()
	if n := int(taken.Load()); n != len(codes) {
		t.Errorf("%d codes were taken %d times", len(codes), n)
	}
}

// moveSlot gives a slot to the first server, a few keys at a time, as redis-cli does.
func moveSlot(t *testing.T, cluster []*redistest.Server, slot int64) {
	t.Helper()
	at := slices.IndexFunc(cluster, func(s *redistest.Server) bool { return s.Do(t, "CLUSTER", "COUNTKEYSINSLOT", slot) != int64(0) })
	if at == 0 {
		return
	}
	from, to := cluster[at], cluster[0]
	heir := to.Do(t, "CLUSTER", "MYID")
	to.Do(t, "CLUSTER", "SETSLOT", slot, "IMPORTING", from.Do(t, "CLUSTER", "MYID"))
	from.Do(t, "CLUSTER", "SETSLOT", slot, "MIGRATING", heir)
	for {
		keys := from.Do(t, "CLUSTER", "GETKEYSINSLOT", slot, 5).([]any)
		if len(keys) == 0 {
			break
		}
		from.Do(t, append([]any{"MIGRATE", "127.0.0.1", to.Port(), "", 0, 5000, "AUTH", redistest.Password, "KEYS"}, keys...)...)
	}
	for _, s := range []*redistest.Server{to, from, cluster[3-at]} {
		s.Do(t, "CLUSTER", "SETSLOT", slot, "NODE", heir)
	}
}
