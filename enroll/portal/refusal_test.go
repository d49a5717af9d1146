package portal

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// TestRefusals_LeadOn: a refusal that fills a page has a button that leads on, and
// speaks of a reference only where the page shows one.
func TestRefusals_LeadOn(t *testing.T) {
	p, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, leads string
		byTicket    bool
		refusal     *enroll.Error
	}{
		{"a store that is down", `href="/.mfa/enroll"`, false, &enroll.Error{Reason: "store-down", Status: 503}},
		{"a fault of ours", `href="/.mfa/enroll"`, false, &enroll.Error{Reason: "internal", Status: 500}},
		{"as many as there may be", `href="/.mfa/"`, false, enroll.ErrLimit},
		{"as many as there may be, of one who may not change them", `href="/"`, true, enroll.ErrLimit},
		{"a way that is not offered", `href="/"`, false, enroll.ErrNotOffered},
		{"too many tries", `href="/.mfa/enroll"`, false, &enroll.Error{Reason: "too-many-tries", Status: 429, RetryAfter: time.Minute}},
	} {
		w := httptest.NewRecorder()
		v := &Visit{Mount: "/.mfa", ByTicket: c.byTicket, Rules: enroll.Rules{Tenant: "silva", TenantName: "Silva"}, Tenants: []TenantRef{{Key: "silva"}}}
		turn := &turn{p: p, w: w, r: httptest.NewRequest("GET", "/enroll", nil), v: v, s: p.words.choose("en")}
		turn.tellRefusal(c.refusal)
		_, main, _ := strings.Cut(w.Body.String(), "<main")
		main, foot, _ := strings.Cut(main, "</main>")
		if _, button, _ := strings.Cut(main, `<a class="button" `); !strings.HasPrefix(button, c.leads+">") || w.Code != c.refusal.Status {
			t.Errorf("%s: %d %s", c.name, w.Code, main)
		}
		if strings.Contains(main, "reference") && !strings.Contains(foot, "Reference") {
			t.Errorf("%s: no reference is shown: %s", c.name, main)
		}
	}
}
