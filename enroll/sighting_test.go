package enroll

import (
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// A sighting speaks of one person, tenant and session, and is no other token.
func TestSightings(t *testing.T) {
	w := newWorld(t)
	at := w.clock.now()
	g := Sighting{Realm: "r", User: "bob", Tenant: "silva", Session: "s1"}
	token, err := w.SignSighting(g)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Sighting)
		ahead  time.Duration
		seen   bool
	}{
		"ok/its own":            {func(*Sighting) {}, 0, true},
		"ok/a month later":      {func(*Sighting) {}, SightingLife - time.Second, true},
		"fail/after its end":    {func(*Sighting) {}, SightingLife + 2*skew, false},
		"fail/another realm":    {func(g *Sighting) { g.Realm = "q" }, 0, false},
		"fail/another user":     {func(g *Sighting) { g.User = "Bob" }, 0, false},
		"fail/another tenant":   {func(g *Sighting) { g.Tenant = "costa" }, 0, false},
		"fail/another session":  {func(g *Sighting) { g.Session = "s2" }, 0, false},
		"fail/no session known": {func(g *Sighting) { g.Session = "" }, 0, false},
	} {
		asked := g
		c.change(&asked)
		if got := w.ReadSighting(token, asked, at.Add(c.ahead)); got.IsZero() == c.seen || c.seen && got.Unix() != at.Unix() {
			t.Errorf("%s: seen at %v", name, got)
		}
	}
	if _, err := w.ReadFlag(token, "r", at); err == nil {
		t.Error("a sighting is taken for a flag")
	}
	if _, err := w.SignSighting(Sighting{Realm: "r", User: "bob"}); err == nil {
		t.Error("a sighting of no session is signed")
	}
}

// Since when a tenant requires a factor is kept until it no longer does.
func TestRequirements(t *testing.T) {
	w := newWorld(t)
	ask := func(tenants ...string) map[string]time.Time {
		t.Helper()
		at, err := w.Requirements(ctx, tenants)
		if err != nil {
			t.Fatal(err)
		}
		if len(at) != len(tenants) {
			t.Fatalf("%v of %v", at, tenants)
		}
		return at
	}
	first := ask("a")["a"]
	w.clock.add(time.Hour)
	if at := ask("a", "b"); !at["a"].Equal(first) || !at["b"].Equal(first.Add(time.Hour)) {
		t.Errorf("%v, a was there since %v", at, first)
	}
	if at := ask("b"); !at["b"].Equal(first.Add(time.Hour)) {
		t.Errorf("%v: b does not begin anew", at)
	}
	w.ok(w.store.Update(ctx, requirementsKey, func(store.Record) (*store.Record, error) { return &store.Record{Value: []byte("?")}, nil }))
	for range 2 {
		at, err := w.Requirements(ctx, []string{"b"})
		w.ok(err)
		if len(at) != 0 {
			t.Errorf("of a list that cannot be read, %v is known", at)
		}
	}
	ask()
	w.clock.add(time.Hour)
	if at := ask("a", "b"); !at["a"].Equal(first.Add(2*time.Hour)) || !at["b"].Equal(first.Add(2*time.Hour)) {
		t.Errorf("%v: what comes back begins anew", at)
	}
}
