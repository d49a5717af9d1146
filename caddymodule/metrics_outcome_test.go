package caddymodule

import (
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// What is counted of each decision comes out as the counter of its reason and, of
// all together, as a histogram that holds each in every bound it kept.
func TestOutcomes_ComeOutAsCounted(t *testing.T) {
	var o outcomes
	for _, d := range []struct {
		reason policy.Reason
		took   time.Duration
	}{
		{policy.ReasonOpen, 0},
		{policy.ReasonOpen, 5 * time.Microsecond},
		{policy.ReasonVerified, 5*time.Microsecond + 1},
		{policy.ReasonVerified, 10 * time.Second},
		{policy.ReasonStoreDown, 11 * time.Second},
	} {
		o.add(d.reason, d.took)
	}
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(decisionCounts{&o}, decisionTimes{&o})
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string][]*dto.Metric{}
	for _, f := range families {
		byName[f.GetName()] = f.GetMetric()
	}
	counts := map[string]float64{}
	for _, m := range byName["caddy_mfa_decisions_total"] {
		words := map[string]string{}
		for _, l := range m.GetLabel() {
			words[l.GetName()] = l.GetValue()
		}
		counts[words["verdict"]+" "+words["reason"]] = m.GetCounter().GetValue()
	}
	if len(counts) != len(policy.Reasons()) || counts["allow open"] != 2 || counts["allow verified"] != 2 || counts["deny store-down"] != 1 || counts["allow grace"] != 0 {
		t.Errorf("counted are %v", counts)
	}
	times := byName["caddy_mfa_decision_duration_seconds"]
	if len(times) != 1 {
		t.Fatalf("%d histograms", len(times))
	}
	h := times[0].GetHistogram()
	want := map[float64]uint64{.000005: 2, .00001: 3, 5: 3, 10: 4}
	for _, b := range h.GetBucket() {
		if n, ok := want[b.GetUpperBound()]; ok && n != b.GetCumulativeCount() {
			t.Errorf("%d took %v s at most, want %d", b.GetCumulativeCount(), b.GetUpperBound(), n)
		}
		delete(want, b.GetUpperBound())
	}
	if len(want) > 0 || h.GetSampleCount() != 5 || h.GetSampleSum() < 21 || h.GetSampleSum() > 21.001 {
		t.Errorf("%d took %v s; without the bounds %v", h.GetSampleCount(), h.GetSampleSum(), want)
	}
}
