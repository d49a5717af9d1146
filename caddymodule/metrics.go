package caddymodule

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The counters live as long as the process; every configuration registers them
// in its own registry, so they go on across reloads.
var (
	identityDuration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: "caddy", Subsystem: "mfa", Name: "identity_duration_seconds",
		Help:    "How long identities took that were not remembered, by source.",
		Buckets: []float64{.00001, .0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"source"})
	policyReloadSuccessful = prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "caddy", Subsystem: "mfa", Name: "policy_last_reload_successful",
		Help: "Whether the policy file could be read when it was last changed.",
	})
	policyReloadTime = prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "caddy", Subsystem: "mfa", Name: "policy_last_reload_success_timestamp_seconds",
		Help: "When the policy file was last read with success, in seconds since 1970.",
	})
)

// register puts everything into a configuration's registry.
func (s *appState) registerMetrics(reg *prometheus.Registry) error {
	own, decisions := allCounts, prometheus.Collector(decisionCounts{&allOutcomes})
	if s.perTenant {
		own, decisions = tenantCounts, tenantDecisions
	}
	for _, c := range []prometheus.Collector{
		decisions, decisionTimes{&allOutcomes}, own.funnel, own.proofs, identityDuration, storeDuration, storeErrors,
		policyReloadSuccessful, policyReloadTime, &userCounts{app: s, every: countEvery},
	} {
		var twice prometheus.AlreadyRegisteredError
		if err := reg.Register(c); err != nil && !errors.As(err, &twice) {
			return fmt.Errorf("registering metrics: %w", err)
		}
	}
	policyLoaded(true)
	return nil
}

func policyLoaded(ok bool) {
	if !ok {
		policyReloadSuccessful.Set(0)
		return
	}
	policyReloadSuccessful.Set(1)
	policyReloadTime.SetToCurrentTime()
}

// identityTimes holds the histogram of every source there is, found once.
var identityTimes = func() map[string]prometheus.Observer {
	m := make(map[string]prometheus.Observer)
	for _, source := range []string{"whoami", "jwt", "redis", "placeholder"} {
		m[source] = identityDuration.WithLabelValues(source)
	}
	return m
}()

// identityTook notes how long a source took. One of another module is counted
// under its own name.
func identityTook(source string, d time.Duration) {
	o := identityTimes[source]
	if o == nil {
		o = identityDuration.WithLabelValues(source)
	}
	o.Observe(d.Seconds())
}
