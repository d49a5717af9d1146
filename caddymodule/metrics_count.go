package caddymodule

import (
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/prometheus/client_golang/prometheus"
)

// tallies are the counters that `metrics per_tenant` gives a label more. Both
// sets live as long as the process; a configuration shows and counts in one.
type tallies struct{ funnel, proofs *prometheus.CounterVec }

var allCounts, tenantCounts = newTallies(), newTallies("tenant")

func newTallies(more ...string) tallies {
	return tallies{
		newCounter("funnel_total", "People on the way from a block to where they wanted to go, by step: blocked, opened, email, secret, first-code, enrolled, returned.", append([]string{"step"}, more...)...),
		newCounter("proofs_total", "Proofs that were tried, by method and result: ok, or the reason of the refusal.", append([]string{"method", "result"}, more...)...),
	}
}

// tenantDecisions counts decisions by tenant as well; without, outcomes do.
var tenantDecisions = newCounter(decisionsName, decisionsHelp, "verdict", "reason", "tenant")

// newCounter returns a counter of the gate's.
func newCounter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "caddy", Subsystem: "mfa", Name: name, Help: help}, labels)
}

// count counts a decision and how long it took.
func (s *appState) count(d *policy.Decision, took time.Duration) {
	allOutcomes.add(d.Reason, took)
	if !s.perTenant {
		return
	}
	tenant := ""
	if d.Tenant != nil {
		tenant = d.Tenant.Key
	}
	tenantDecisions.WithLabelValues(d.Verdict.String(), d.Reason.String(), tenant).Inc()
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
