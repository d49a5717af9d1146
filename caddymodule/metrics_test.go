package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/store"
	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
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

// sample reads one series of the configuration in force; labels as k=v in order.
func sample(t *testing.T, name string, labels ...string) (value float64, there bool) {
	t.Helper()
	active := caddy.ActiveContext()
	families, err := active.GetMetricsRegistry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			var got []string
			for _, l := range m.GetLabel() {
				got = append(got, l.GetName()+"="+l.GetValue())
			}
			if !slices.Equal(got, labels) {
				continue
			}
			switch {
			case m.Counter != nil:
				return m.GetCounter().GetValue(), true
			case m.Gauge != nil:
				return m.GetGauge().GetValue(), true
			default:
				return float64(m.GetHistogram().GetSampleCount()), true
			}
		}
	}
	return 0, false
}

// TestMetrics: the way from a block to the page, the proofs, the store and the
// people can be seen, and nobody's name.
func TestMetrics(t *testing.T) {
	countEvery = 0
	t.Cleanup(func() { countEvery = 10 * time.Minute })
	for name, c := range map[string]struct{ line, tenant string }{
		"all together": {"", ""},
		"per tenant":   {"metrics per_tenant", "tenant=office"},
	} {
		t.Run(name, func(t *testing.T) {
			label := func(l ...string) []string {
				if c.tenant != "" {
					l = append(l, c.tenant)
				}
				slices.Sort(l)
				return l
			}
			s := start(t, strings.Replace(lastKnownSite, "store redis REDIS {\n\t\t\ttimeout 2s\n\t\t}", "store bolt %DIR%/mfa.db\n\t\t"+c.line, 1),
				map[string]string{"policy.yaml": lastKnownPolicy})
			steps := []string{"blocked", "opened", "email", "secret", "first-code", "enrolled", "returned"}
			before := map[string]float64{}
			for _, step := range steps {
				before[step], _ = sample(t, "caddy_mfa_funnel_total", label("step="+step)...)
			}
			proofs := func(method, result string) float64 {
				n, _ := sample(t, "caddy_mfa_proofs_total", label("method="+method, "result="+result)...)
				return n
			}
			good, used := proofs("codes", "ok"), proofs("codes", "used-code")
			b := s.signedIn("bob")
			b.page("/documents/1").want(403)
			b.get("/documents/2").want(403) // a script's: no step of a person
			b.page("/.mfa/enroll").want(200)
			b.enroll()
			for range 3 {
				b.get("/documents/1").want(200)
			}
			for _, step := range steps {
				if n, _ := sample(t, "caddy_mfa_funnel_total", label("step="+step)...); n-before[step] != 1 {
					t.Errorf("step %s was counted %v times", step, n-before[step])
				}
			}
			again := s.signedIn("bob")
			for range 2 {
				again.call("POST", "/.mfa/api/verify/codes/verify", map[string]any{"code": b.codes[0]})
			}
			if proofs("codes", "ok")-good != 1 || proofs("codes", "used-code")-used != 1 {
				t.Errorf("%v proofs, %v used", proofs("codes", "ok")-good, proofs("codes", "used-code")-used)
			}
			redistest.Eventually(t, "the people to be counted", func() bool {
				n, _ := sample(t, "caddy_mfa_users", label("state=enrolled")...)
				return n == 1
			})
			if n, _ := sample(t, "caddy_mfa_decisions_total", label("reason=verified", "verdict=allow")...); n < 3 {
				t.Errorf("%v decisions", n)
			}
			if n, ok := sample(t, "caddy_mfa_decision_duration_seconds"); !ok || n == 0 {
				t.Error("decisions take no time")
			}
			for _, op := range []string{"open", "get", "update", "list", "revoked"} {
				if n, _ := sample(t, "caddy_mfa_store_duration_seconds", "op="+op); n == 0 {
					t.Errorf("%s takes no time", op)
				}
				if _, ok := sample(t, "caddy_mfa_store_errors_total", "op="+op); !ok {
					t.Errorf("errors of %s are not there", op)
				}
			}
			noNames(t)
		})
	}
}

// noNames looks at every label of every metric of ours.
func noNames(t *testing.T) {
	t.Helper()
	active := caddy.ActiveContext()
	families, err := active.GetMetricsRegistry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "caddy_mfa_") {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if strings.ContainsAny(l.GetValue(), "/@:") || strings.Contains(l.GetValue(), "bob") || strings.Contains(l.GetValue(), "localhost") {
					t.Errorf("%s has the label %s=%q", f.GetName(), l.GetName(), l.GetValue())
				}
			}
		}
	}
}

// TestMetrics_StoreErrors: what the store refuses to do is counted; that there
// is no record, or that a code was wrong, is none of it.
func TestMetrics_StoreErrors(t *testing.T) {
	m := measured{store.NewMemory(time.Now)}
	reg := prometheus.NewRegistry()
	reg.MustRegister(storeErrors)
	errs := func(op string) float64 {
		t.Helper()
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range families[0].GetMetric() {
			if m.GetLabel()[0].GetValue() == op {
				return m.GetCounter().GetValue()
			}
		}
		t.Fatalf("nothing is counted of %s", op)
		return 0
	}
	get, update := errs("get"), errs("update")
	ctx := t.Context()
	_, _ = m.Get(ctx, "a")
	if errs("get") != get+1 {
		t.Error("a closed store is no error")
	}
	if err := m.Open(ctx); err != nil {
		t.Fatal(err)
	}
	_, err := m.Get(ctx, "a")
	if !errors.Is(err, store.ErrNotFound) || errs("get") != get+1 {
		t.Errorf("no record is an error: %v", err)
	}
	err = m.Update(ctx, "a", func(store.Record) (*store.Record, error) { return nil, enroll.ErrBadCode })
	if !errors.Is(err, enroll.ErrBadCode) || errs("update") != update {
		t.Errorf("a refusal is an error: %v", err)
	}
	if err := m.Snapshot(ctx, nil); !errors.Is(err, enroll.ErrNoSnapshot) {
		t.Error(err)
	}
}

// TestAdvisory_PR7_NamesAreNoSeries: a thousand hosts, people and tenants of a script's
// choosing make no label, and as many series as thirty of them did.
func TestAdvisory_PR7_NamesAreNoSeries(t *testing.T) {
	s := start(t, offices, map[string]string{"policy.yaml": strings.Replace(officesPolicy, "SHARE", "tenant", 1)})
	ask := func(from, to int) {
		for i := from; i < to; i++ {
			user := fmt.Sprint("user-", i)
			s.app.setTenant(user, []string{"silva", "costa", fmt.Sprint("tenant-", i)}[i%3])
			r := httptest.NewRequest("GET", s.base+"/documents/1", nil)
			r.RequestURI, r.Host = "", fmt.Sprintf("host-%d.test", i)
			r.Header.Set("Cookie", s.signedIn(user).cookies())
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != 403 {
				t.Fatalf("%s at %s: %d", user, r.Host, res.StatusCode)
			}
		}
	}
	series := func() (n int) {
		active := caddy.ActiveContext()
		families, err := active.GetMetricsRegistry().Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if !strings.HasPrefix(f.GetName(), "caddy_mfa_") {
				continue
			}
			n += len(f.GetMetric())
			for _, m := range f.GetMetric() {
				for _, l := range m.GetLabel() {
					if strings.Contains(l.GetValue(), "user-") || strings.Contains(l.GetValue(), "host-") || strings.Contains(l.GetValue(), "tenant-") {
						t.Errorf("%s has %s=%s", f.GetName(), l.GetName(), l.GetValue())
					}
				}
			}
		}
		return n
	}
	ask(0, 30)
	before := series()
	ask(30, 1000)
	if after := series(); after > before+10 { // a kind of answer that had not been given yet
		t.Errorf("%d series became %d", before, after)
	}
}
