package redistest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Group is a primary, a replica and three Sentinels that make the replica the
// primary a second after the primary falls silent.
type Group struct {
	Primary, Replica *Server
	Sentinels        []*Server
}

// StartGroup starts one, and waits until the Sentinels know all of it.
func StartGroup(t testing.TB) *Group {
	t.Helper()
	g := &Group{Primary: Start(t)}
	g.Replica = Start(t, "--replicaof", strings.Replace(g.Primary.Addr, ":", " ", 1))
	Eventually(t, "the replica to follow", func() bool {
		return strings.Contains(fmt.Sprint(g.Replica.Do(t, "INFO", "replication")), "master_link_status:up")
	})
	for range 3 {
		g.Sentinels = append(g.Sentinels, StartSentinel(t, g.Primary.Addr, 2))
	}
	Eventually(t, "the Sentinels to know each other", func() bool {
		for _, s := range g.Sentinels {
			info, err := s.Client.Info(context.Background(), "sentinel").Result()
			if err != nil || !strings.Contains(info, "slaves=1,sentinels=3") {
				return false
			}
		}
		return true
	})
	return g
}

// StartSentinel starts one that watches a server, which it calls main.
func StartSentinel(t testing.TB, primary string, quorum int) *Server {
	t.Helper()
	s := newServer(t)
	conf := filepath.Join(s.dir, "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor main %s %d\nsentinel auth-pass main %s\n"+
		"sentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 5000\n",
		strings.Replace(primary, ":", " ", 1), quorum, Password)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.args = []string{"--sentinel"}
	s.Client = redis.NewClient(&redis.Options{Addr: s.Addr, Protocol: 2, DisableIdentity: true})
	s.spawn(t, conf)
	Eventually(t, "the Sentinel", func() bool { return s.Client.Ping(context.Background()).Err() == nil })
	return s
}

// URL is that of the whole group.
func (g *Group) URL() string {
	var addrs []string
	for _, s := range g.Sentinels {
		addrs = append(addrs, s.Addr)
	}
	return "redis+sentinel://" + strings.Join(addrs, ",") + "?master=main"
}

// StartCluster starts a Cluster of three primaries.
func StartCluster(t testing.TB) []*Server {
	t.Helper()
	var all []*Server
	for range 3 {
		all = append(all, Start(t, "--cluster-enabled", "yes"))
	}
	const slots = 16384
	for i, s := range all {
		s.Do(t, "CLUSTER", "ADDSLOTSRANGE", i*slots/3, (i+1)*slots/3-1)
		if i > 0 {
			s.Do(t, "CLUSTER", "MEET", "127.0.0.1", all[0].Port())
		}
	}
	for _, s := range all {
		Eventually(t, "the Cluster to be whole", func() bool {
			info := fmt.Sprint(s.Do(t, "CLUSTER", "INFO"))
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3")
		})
	}
	return all
}
