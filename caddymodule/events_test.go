package caddymodule

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"

	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// heard are the events that reached the handler of the configuration.
var heard struct {
	sync.Mutex
	list []caddy.Event
}

// listener is an operator's own handler of events.
type listener struct{}

func (listener) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "events.handlers.mfa_test", New: func() caddy.Module { return new(listener) }}
}

func (listener) Handle(_ context.Context, e caddy.Event) error {
	heard.Lock()
	defer heard.Unlock()
	if strings.HasPrefix(e.Name(), "mfa_") {
		heard.list = append(heard.list, e)
	}
	return nil
}

func init() { caddy.RegisterModule(listener{}) }

var _ caddyevents.Handler = (*listener)(nil)

// heardOf waits for an event of a name, and returns how many there were.
func heardOf(t *testing.T, name string) (n int, data map[string]any) {
	t.Helper()
	redistest.Eventually(t, "the event "+name, func() bool {
		n, data = told(name)
		return n > 0
	})
	return n, data
}

func told(name string) (n int, data map[string]any) {
	heard.Lock()
	defer heard.Unlock()
	for _, e := range heard.list {
		if e.Name() == name {
			n++
			data = e.Data
		}
	}
	return n, data
}

// listening is a configuration whose events are heard.
func listening(t *testing.T, s *live, text string) {
	t.Helper()
	cfg, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(s.fill(text)), map[string]any{"filename": filepath.Join(s.dir, "Caddyfile")})
	if err != nil {
		t.Fatal(err)
	}
	with := strings.Replace(string(cfg), `"apps":{`, `"apps":{"events":{"subscriptions":[{"handlers":[{"handler":"mfa_test"}]}]},`, 1)
	if err := s.loadJSON([]byte(with)); err != nil {
		t.Fatal(err)
	}
	heard.Lock()
	heard.list = nil
	heard.Unlock()
}

// TestEvents: what happens to a person is told once a minute, with who it was
// and no secret.
func TestEvents(t *testing.T) {
	const text = `{
	%PRELUDE%
	mfa %DIR%/policy.yaml {
		store bolt %DIR%/mfa.db
		mail smtp smtp://%SMTP% {
			from security@portal.test
		}
	}
}
http://:0 {
	mfa {
		identity whoami /api/me {
			user json login
			email json email
			login /login
			logout /logout
		}
	}
	reverse_proxy %APP%
}
`
	rules := "version: 1\ntenants:\n  office:\n    require: mfa\n    protect: [/documents]\n"
	s := start(t, text, map[string]string{"policy.yaml": rules})
	listening(t, s, text)
	b := s.signedIn("bob")
	for range 5 {
		b.page("/documents/1").want(403)
	}
	n, data := heardOf(t, "mfa_blocked")
	if n != 1 || data["user"] != "bob" || data["tenant"] != "office" || data["reason"] != "enroll" || fmt.Sprint(data["reference"]) == "" {
		t.Errorf("%d times mfa_blocked, %v", n, data)
	}
	b.enroll()
	if n, data = heardOf(t, "mfa_enrolled"); n != 1 || data["user"] != "bob" || data["realm"] != "default" {
		t.Errorf("%d times mfa_enrolled, %v", n, data)
	}
	again := s.signedIn("bob")
	for i := range 7 {
		again.call("POST", "/.mfa/api/verify/codes/verify", map[string]any{"code": fmt.Sprintf("0000-0000-0000-000%d", i)})
	}
	if n, data = heardOf(t, "mfa_locked_out"); n != 1 || data["method"] != "codes" {
		t.Errorf("%d times mfa_locked_out, %v", n, data)
	}
	advance(t, time.Minute)
	again.call("POST", "/.mfa/api/verify/totp/verify", map[string]any{"code": b.totp()}).want(200)
	if n, data = heardOf(t, "mfa_verified"); n != 1 || data["method"] != "totp" {
		t.Errorf("%d times mfa_verified, %v", n, data)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "policy.yaml"), []byte(strings.Replace(rules, "require: mfa", "require: none", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	reset := httptest.NewRequest("POST", usersPath+"bob/reset", strings.NewReader(`{"tenant":"office"}`))
	reset.Header.Set("Content-Type", "application/json")
	if err := serveUsers(httptest.NewRecorder(), reset); err != nil {
		t.Error(err)
	}
	if n, data = heardOf(t, "mfa_reset"); n != 1 || data["user"] != "bob" || data["tenant"] != "office" {
		t.Errorf("%d times mfa_reset, %v", n, data)
	}
	if n, data = heardOf(t, "mfa_requirement_changed"); n != 1 || data["tenant"] != "office" || data["was"] != "mfa" || data["require"] != "none" {
		t.Errorf("%d times mfa_requirement_changed, %v", n, data)
	}
	heard.Lock()
	defer heard.Unlock()
	for _, e := range heard.list {
		if text := fmt.Sprint(e.Data); strings.Contains(text, b.secret) || strings.Contains(text, b.codes[0]) {
			t.Errorf("%s tells a secret: %s", e.Name(), text)
		}
	}
}

// TestEvents_OneAMinute: never more than one of a name, a person and a minute,
// and a crowd is not remembered without bound.
func TestEvents_OneAMinute(t *testing.T) {
	e := &events{}
	at := time.Unix(1_800_000_000, 0)
	bob := eventKey{eventBlocked, "default", "bob"}
	last := time.Time{}
	for i := range 600 {
		now := at.Add(time.Duration(i) * time.Second)
		if !e.first(bob, now) {
			continue
		}
		if !last.IsZero() && now.Sub(last) < time.Minute {
			t.Fatalf("told again after %v", now.Sub(last))
		}
		last = now
	}
	if age := at.Add(600 * time.Second).Sub(last); age > 2*time.Minute {
		t.Errorf("not told again for %v", age)
	}
	if !e.first(eventKey{eventVerified, "default", "bob"}, at.Add(601*time.Second)) || !e.first(eventKey{eventBlocked, "other", "bob"}, at.Add(601*time.Second)) {
		t.Error("another event, or another person of that name, is held back")
	}
	for i := range 10 * maxTold {
		e.first(eventKey{eventBlocked, "default", fmt.Sprint(i)}, at.Add(602*time.Second))
	}
	if n := len(e.young) + len(e.old); n > 2*maxTold {
		t.Errorf("%d are remembered", n)
	}
}
