package caddymodule

import (
	"sync/atomic"
	"time"

	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/prometheus/client_golang/prometheus"
)

// outcomes counts what was decided and how long that took, from the start of the
// process. Every request comes here, so a decision writes to two words that lie
// together, and sums are made when somebody reads them.
type outcomes [256]outcome // by reason

type outcome struct {
	nanos atomic.Int64                       // they took together
	took  [len(tookAtMost) + 1]atomic.Uint64 // decisions, by the bound they kept; the last: none
}

// tookAtMost are the bounds of the histogram.
var tookAtMost = [...]time.Duration{
	5 * time.Microsecond, 10 * time.Microsecond, 25 * time.Microsecond, 50 * time.Microsecond,
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
}

// everything is counted here, whatever configuration decided it.
var allOutcomes outcomes

// add counts a decision; one that took no time is no wait.
func (o *outcomes) add(r policy.Reason, took time.Duration) {
	within := 0
	for within < len(tookAtMost) && took > tookAtMost[within] {
		within++
	}
	if took != 0 { // most requests: one word to write
		o[r].nanos.Add(int64(took))
	}
	o[r].took[within].Add(1)
}

const (
	decisionsName = "decisions_total"
	decisionsHelp = "Requests decided, by verdict and reason."
)

var (
	decisionsTotal = prometheus.NewDesc("caddy_mfa_"+decisionsName, decisionsHelp, []string{"verdict", "reason"}, nil)
	decisionTook   = prometheus.NewDesc("caddy_mfa_decision_duration_seconds", "How long requests waited for their decision, with identity and store where they were asked. What is seen at a glance, or is the same again within a second, is no wait.", nil, nil)
)

// decisionCounts shows outcomes as a counter of each reason.
type decisionCounts struct{ of *outcomes }

func (c decisionCounts) Describe(to chan<- *prometheus.Desc) { to <- decisionsTotal }

func (c decisionCounts) Collect(to chan<- prometheus.Metric) {
	for _, r := range policy.Reasons() {
		n := uint64(0)
		for i := range c.of[r].took {
			n += c.of[r].took[i].Load()
		}
		to <- prometheus.MustNewConstMetric(decisionsTotal, prometheus.CounterValue, float64(n), r.Verdict().String(), r.String())
	}
}

// decisionTimes shows outcomes as a histogram.
type decisionTimes struct{ of *outcomes }

func (c decisionTimes) Describe(to chan<- *prometheus.Desc) { to <- decisionTook }

func (c decisionTimes) Collect(to chan<- prometheus.Metric) {
	var took [len(tookAtMost) + 1]uint64
	nanos := int64(0)
	for _, r := range policy.Reasons() {
		o := &c.of[r]
		nanos += o.nanos.Load()
		for i := range took {
			took[i] += o.took[i].Load()
		}
	}
	n, within := uint64(0), make(map[float64]uint64, len(tookAtMost))
	for i, most := range tookAtMost {
		n += took[i]
		within[most.Seconds()] = n
	}
	n += took[len(tookAtMost)]
	to <- prometheus.MustNewConstHistogram(decisionTook, n, time.Duration(nanos).Seconds(), within)
}
