package portal

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// named is a provider that has a name and nothing else.
type named struct{ enroll.Provider }

func (named) Label() string { return "Entra" }

// TestArrival_Heading: who comes back from a provider twice typed no code, so the
// heading speaks of none.
func TestArrival_Heading(t *testing.T) {
	service, err := enroll.New(enroll.Config{Store: store.NewMemory(time.Now), Keys: &enroll.Keys{}, Providers: map[string]enroll.Provider{"entra": named{}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Close() })
	p, err := New(Config{Service: service})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/oidc/entra", nil)
	turn := &turn{p: p, w: w, r: r, v: &Visit{Mount: "/.mfa"}, s: p.words.choose("en"), way: "oidc.entra"}
	turn.tellArrival(&enroll.Error{Reason: "used-code", Status: 409, Detail: "replayed"}, nil)
	if page := w.Body.String(); !strings.Contains(page, "<h1>The sign‑in with Entra was not enough</h1>") || w.Code != 409 {
		t.Errorf("%d %s", w.Code, page)
	}
}
