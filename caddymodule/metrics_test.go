package caddymodule

import (
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// What it costs to know who is asking can be seen, and what is remembered costs
// nothing.
func TestMetrics_IdentityDuration(t *testing.T) {
	s := start(t, simple, nil)
	count := func() uint64 {
		active := caddy.ActiveContext()
		families, err := active.GetMetricsRegistry().Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() != "caddy_mfa_identity_duration_seconds" {
				continue
			}
			for _, m := range f.GetMetric() {
				if len(m.GetLabel()) != 1 || m.GetLabel()[0].GetName() != "source" {
					t.Fatalf("labels %v", m.GetLabel())
				}
				if m.GetLabel()[0].GetValue() == "whoami" {
					return m.GetHistogram().GetSampleCount()
				}
			}
		}
		t.Fatal("it is not there")
		return 0
	}
	b := s.signedIn("bob")
	before := count()
	for range 5 {
		b.get("/documents/1").want(403)
	}
	if n := count() - before; n != 1 {
		t.Errorf("counted %d times for 5 requests of one visitor, of which 4 were remembered", n)
	}
	before = count()
	b.get("/open").want(200)
	if n := count() - before; n != 0 {
		t.Errorf("counted %d times for an open page", n)
	}
}
