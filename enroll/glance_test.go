package enroll

import (
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// TestGlance: an account that nobody has changed is put together once, and one that
// was changed, here or by another node, at once anew.
func TestGlance(t *testing.T) {
	c := newClock()
	w := startWorld(t, c, store.NewMemory(c.now), nil)
	bob := person("bob")
	glance := func(s *Service, p Person) *Account {
		t.Helper()
		a, err := s.Glance(ctx, p.Realm, p.User)
		w.ok(err)
		return a
	}
	if a := glance(w.Service, bob); len(a.Methods) != 0 || a.Had {
		t.Errorf("an account never seen has %+v", a)
	}
	_, app := w.enrol(bob, silva(), nil)
	first := glance(w.Service, bob)
	if len(first.Methods) != 1 || glance(w.Service, bob) != first {
		t.Errorf("it is put together twice, or has %d methods", len(first.Methods))
	}
	other := bob
	other.Realm = "elsewhere"
	if a := glance(w.Service, other); len(a.Methods) != 0 {
		t.Error("one realm's account is another's")
	}
	node := w.node()
	seen := glance(node, bob)
	c.add(time.Minute)
	if _, err := w.Service.ProveTOTP(ctx, bob, silva(), app.code(t, c.now()), false); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*Service{"this node": w.Service, "another": node} {
		a := glance(s, bob)
		if a == first || a == seen || a.Methods[0].LastUsed.IsZero() {
			t.Errorf("%s has not seen that the method was used: %+v", name, a.Methods)
		}
		fresh, err := s.Account(ctx, bob.Realm, bob.User)
		w.ok(err)
		if len(fresh.Methods) != 1 || fresh.Methods[0].LastUsed != a.Methods[0].LastUsed {
			t.Errorf("%s glances at %+v, and reads %+v", name, a.Methods, fresh.Methods)
		}
	}
}

// TestGlance_BelievesNoOtherRecord: what lies in the store is opened again where a
// byte or the version of it is another.
func TestGlance_BelievesNoOtherRecord(t *testing.T) {
	c := newClock()
	st := store.NewMemory(c.now)
	w := startWorld(t, c, st, nil)
	bob := person("bob")
	w.enrol(bob, silva(), nil)
	if _, err := w.Glance(ctx, bob.Realm, bob.User); err != nil {
		t.Fatal(err)
	}
	key, err := accountKey(bob.Realm, bob.User)
	w.ok(err)
	for name, change := range map[string]func(*store.Record){
		"a byte":  func(r *store.Record) { r.Value = append([]byte{}, r.Value...); r.Value[len(r.Value)-1] ^= 1 },
		"nothing": func(*store.Record) {}, // but the version, by writing it
	} {
		w.ok(st.Update(ctx, key, func(r store.Record) (*store.Record, error) { change(&r); return &r, nil }))
		if _, err := w.Glance(ctx, bob.Realm, bob.User); err == nil {
			t.Errorf("with %s changed it is believed", name)
		}
	}
}

// TestTicket_Again: whoever is blocked in the same way again gets the same ticket
// for a second, and nobody else gets it.
func TestTicket_Again(t *testing.T) {
	c := newClock()
	w := startWorld(t, c, store.NewMemory(c.now), nil)
	ticket := Ticket{Realm: "default", User: "bob", Tenant: "silva", Email: "bob@example.com", Name: "Bob", To: "/documents/1", Method: "GET", Reason: "enroll", Session: "s"}
	sign := func(t Ticket) string {
		token, err := w.SignTicket(t)
		w.ok(err)
		return token
	}
	first := sign(ticket)
	whole := ticket
	whole.Expires = c.now().Add(TicketLife)
	if sign(ticket) != first || sign(whole) != first {
		t.Error("the same is signed twice in a second")
	}
	for name, change := range map[string]func(*Ticket){
		"realm": func(t *Ticket) { t.Realm = "other" }, "user": func(t *Ticket) { t.User = "eve" }, "tenant": func(t *Ticket) { t.Tenant = "costa" },
		"email": func(t *Ticket) { t.Email = "eve@example.com" }, "name": func(t *Ticket) { t.Name = "Eve" }, "to": func(t *Ticket) { t.To = "/documents/2" },
		"method": func(t *Ticket) { t.Method = "POST" }, "reason": func(t *Ticket) { t.Reason = "verify" }, "session": func(t *Ticket) { t.Session = "r" },
		"foreign": func(t *Ticket) { t.Foreign = true }, "an id of its own": func(t *Ticket) { t.ID = "1" },
		"a sooner end": func(t *Ticket) { t.Expires = c.now().Add(time.Minute) },
	} {
		other := ticket
		change(&other)
		token := sign(other)
		if token == first {
			t.Errorf("%s: the same ticket", name)
		}
		got, err := w.ReadTicket(token, other.Realm, c.now())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.User != other.User || got.To != other.To || got.Session != other.Session || got.Reason != other.Reason {
			t.Errorf("%s: %+v", name, got)
		}
	}
	c.add(ticketAgain)
	if sign(ticket) == first {
		t.Error("the same ticket after a second")
	}
	last := sign(ticket)
	c.add(-time.Hour)
	if sign(ticket) == last {
		t.Error("the same ticket with the clock set back")
	}
	w.with(newKey(t))
	if sign(ticket) == last {
		t.Error("the same ticket with another key")
	}
}
