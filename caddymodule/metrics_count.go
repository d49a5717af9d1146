package caddymodule

import (
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/prometheus/client_golang/prometheus"
)

// tallies are the counters that `metrics per_tenant` gives a label more. Both
// sets live as long as the process; a configuration shows and counts in one.
type tallies struct{ decisions, funnel, proofs *prometheus.CounterVec }

var allCounts, tenantCounts = newTallies(), newTallies("tenant")

func newTallies(more ...string) tallies {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "caddy", Subsystem: "mfa", Name: name, Help: help}, append(labels, more...))
	}
	return tallies{
		counter("decisions_total", "Requests decided, by verdict and reason.", "verdict", "reason"),
		counter("funnel_total", "People on the way from a block to where they wanted to go, by step: blocked, opened, email, secret, first-code, enrolled, returned.", "step"),
		counter("proofs_total", "Proofs that were tried, by method and result: ok, or the reason of the refusal.", "method", "result"),
	}
}

// counters holds the counter of every reason, found once: a request must not
// look up labels.
var counters = func() (c [256]prometheus.Counter) {
	for _, r := range policy.Reasons() {
		c[r] = allCounts.decisions.WithLabelValues(r.Verdict().String(), r.String())
	}
	return c
}()

// count counts a decision.
func (s *appState) count(d *policy.Decision) {
	if s.perTenant {
		tenant := ""
		if d.Tenant != nil {
			tenant = d.Tenant.Key
		}
		tenantCounts.decisions.WithLabelValues(d.Verdict.String(), d.Reason.String(), tenant).Inc()
		return
	}
	if c := counters[d.Reason]; c != nil {
		c.Inc()
	}
}

// The steps of the funnel that the gate sees; the others are the portal's.
const (
	stepBlocked  = "blocked"
	stepReturned = "returned"
)

// step counts somebody who came so far.
func (s *appState) step(step, tenant string) {
	if s.perTenant {
		tenantCounts.funnel.WithLabelValues(step, tenant).Inc()
		return
	}
	allCounts.funnel.WithLabelValues(step).Inc()
}

// tried counts a proof. A company's own provider is one method, whatever its name.
func (s *appState) tried(kind enroll.Kind, result, tenant string) {
	method, _, _ := strings.Cut(string(kind), ".")
	if s.perTenant {
		tenantCounts.proofs.WithLabelValues(method, result, tenant).Inc()
		return
	}
	allCounts.proofs.WithLabelValues(method, result).Inc()
}
