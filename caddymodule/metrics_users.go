package caddymodule

import (
	"context"
	"sync"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/prometheus/client_golang/prometheus"
)

// userCounts counts people by what they have. It goes through the whole store,
// so it does so in the background, only while somebody scrapes, and a hundredth
// of the time at most; a scrape shows what was counted last.
type userCounts struct {
	app   *appState
	every time.Duration // how old a count may be

	mu      sync.Mutex
	counted []enroll.UserCount // nil: not yet
	next    time.Time          // when to count again
	busy    bool
}

// countEvery is how old a count may be; tests want it younger.
var countEvery = 10 * time.Minute

// countLimit bounds one count.
const countLimit = 10 * time.Minute

func (u *userCounts) desc() *prometheus.Desc {
	labels := []string{"state"}
	if u.app.perTenant {
		labels = append(labels, "tenant")
	}
	return prometheus.NewDesc("caddy_mfa_users", "People in the store by state: enrolled, setup-required; exempt: service accounts of the policy.", labels, nil)
}

// Describe names the metric.
func (u *userCounts) Describe(to chan<- *prometheus.Desc) { to <- u.desc() }

// Collect shows what was counted last.
func (u *userCounts) Collect(to chan<- prometheus.Metric) {
	byState := map[[2]string]int{}
	for _, t := range u.app.policy().Tenants() {
		if n := len(t.ServiceAccounts); n > 0 {
			byState[u.key("exempt", t.Key)] += n
		}
	}
	for _, c := range u.last() {
		byState[u.key("enrolled", c.Tenant)] += c.Enrolled
		byState[u.key("setup-required", c.Tenant)] += c.Without
	}
	for key, n := range byState {
		labels := key[:1]
		if u.app.perTenant {
			labels = key[:]
		}
		to <- prometheus.MustNewConstMetric(u.desc(), prometheus.GaugeValue, float64(n), labels...)
	}
}

func (u *userCounts) key(state, tenant string) [2]string {
	if !u.app.perTenant {
		tenant = ""
	}
	return [2]string{state, tenant}
}

// last is what was counted last; where that is old, it is counted anew.
func (u *userCounts) last() []enroll.UserCount {
	u.mu.Lock()
	defer u.mu.Unlock()
	svc := u.app.service()
	if svc != nil && !u.busy && !time.Now().Before(u.next) {
		u.busy = true
		go u.count(svc)
	}
	return u.counted
}

func (u *userCounts) count(svc *enroll.Service) {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), countLimit)
	defer cancel()
	got, err := svc.CountUsers(ctx)
	took := time.Since(begun)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.busy, u.next = false, time.Now().Add(max(u.every, 100*took))
	if err != nil {
		u.app.log.Warn("counting people for the metric", errField(err))
		return
	}
	u.counted = got
}
