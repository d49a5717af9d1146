package caddymodule

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// puttingOff is a site whose one tenant lets enrolment wait as LINES says.
func puttingOff(t *testing.T, lines string) *live {
	t.Helper()
	return start(t, strings.Replace(switching, "LINES", "", 1), map[string]string{"policy.yaml": `version: 1
tenants:
  office:
    name: Office
    require: mfa
    protect: [/documents, {path: /orders, fresh: 5m}]
    ` + lines + "\n"})
}

func (s *live) told() string {
	r, _ := s.app.lastRequest()
	return r.Header.Get("Mfa-Status")
}

const days = 24 * time.Hour

// A grace begins with a person's first protected request, ends by the clock,
// and never begins anew.
func TestGrace(t *testing.T) {
	s := puttingOff(t, "grace: 14d")
	b := s.signedIn("bob")
	b.get("/finance").want(200) // is no protected request
	advance(t, 20*days)
	b.page("/documents/1").want(200)
	if s.told() != "grace" {
		t.Errorf("the app is told %q", s.told())
	}
	b.call("GET", "/orders/1", nil).want(403).reason("enroll")
	b.call("POST", "/.mfa/api/remind", nil).want(403).reason("not-offered")
	advance(t, 14*days-time.Minute)
	b.page("/documents/1").want(200)
	advance(t, time.Minute)
	b.page("/documents/1").want(403)
	b.get("/documents/1").want(403).reason("enroll")
	s.signedIn("eve").get("/documents/1").want(200) // each has their own
}

// H6: whoever waits for a factor to go gains no second grace; and in grace, who
// has a factor is asked for it.
func TestDesign_H6_GraceIsOnce(t *testing.T) {
	s := puttingOff(t, "grace: 14d")
	b := s.signedIn("bob")
	b.get("/documents/1").want(200)
	b.enroll()
	stranger := s.signedIn("bob")
	stranger.get("/documents/1").want(403).reason("verify")
	var state struct {
		Methods []struct{ ID string }
	}
	b.call("GET", "/.mfa/api/state", nil).want(200).json(&state)
	b.call("DELETE", "/.mfa/api/methods/"+state.Methods[0].ID, nil).want(204)
	b.get("/documents/1").want(403).reason("enroll")
	stranger.get("/documents/1").want(403).reason("enroll")
}

// S3.21: a page visit is reminded and may put it off; anything else passes; both
// by the clock.
func TestRemind(t *testing.T) {
	s := puttingOff(t, "remind: {every: 1d, times: 3}")
	b := s.signedIn("bob")
	page := b.page("/documents/1?x=2").want(403)
	for _, part := range []string{`href="/.mfa/enroll?to=%2Fdocuments%2F1%3Fx%3D2"`, `action="/.mfa/api/remind"`, "Not now", "You can put it off until"} {
		if !strings.Contains(page.body, part) {
			t.Errorf("the page lacks %s:\n%s", part, page.body)
		}
	}
	if s.app.hitsOn("/documents/1") != 0 {
		t.Fatal("the app got the visit")
	}
	b.call("GET", "/documents/1", nil).want(200) // a program is not kept waiting
	if s.told() != "remind" {
		t.Errorf("the app is told %q", s.told())
	}
	b.call("GET", "/orders/1", nil).want(403).reason("enroll")

	done := b.form("/.mfa/api/remind", url.Values{"to": {"/documents/1?x=2"}}).want(200)
	if !strings.Contains(done.body, `href="/documents/1?x=2" data-follow="soon"`) {
		t.Errorf("the last page does not lead on:\n%s", done.body)
	}
	b.page("/documents/1").want(200)
	if s.told() != "postponed" {
		t.Errorf("the app is told %q", s.told())
	}
	b.call("GET", "/orders/1", nil).want(403).reason("enroll")

	// Saying it again and again puts nothing off further.
	advance(t, days-time.Hour)
	var said struct{ Until time.Time }
	b.call("POST", "/.mfa/api/remind", map[string]any{}).want(200).json(&said)
	if d := said.Until.Sub(now()); d > time.Hour {
		t.Errorf("put off by %v more", d)
	}
	advance(t, time.Hour+time.Minute)
	b.page("/documents/1").want(403)
	advance(t, days)
	b.call("POST", "/.mfa/api/remind", map[string]any{}).want(200).json(&said)
	if d := said.Until.Sub(now()); d > days {
		t.Errorf("put off beyond the last reminder, by %v", d)
	}
	advance(t, days)
	b.page("/documents/1").want(403)
	b.call("GET", "/documents/1", nil).want(403).reason("enroll")
	b.call("POST", "/.mfa/api/remind", map[string]any{}).want(409).reason("wrong-step")
	b.enroll().get("/documents/1").want(200)
}

// H6: what never opens a page is reminded of nothing, and its time runs all the
// same.
func TestDesign_H6_RemindRunsForPrograms(t *testing.T) {
	s := puttingOff(t, "remind: {every: 1d, times: 3}")
	b := s.signedIn("bob")
	b.call("GET", "/documents/1", nil).want(200)
	advance(t, 3*days-time.Minute)
	b.call("GET", "/documents/1", nil).want(200)
	advance(t, time.Minute)
	b.call("GET", "/documents/1", nil).want(403).reason("enroll")
}

// S3.21: for ever is for ever.
func TestS3_21_RemindWithoutLimit(t *testing.T) {
	s := puttingOff(t, "remind: {every: 7d, times: unlimited}")
	b := s.signedIn("bob")
	for range 5 {
		if page := b.page("/documents/1").want(403); strings.Contains(page.body, "put it off until") {
			t.Error("the page names a last day")
		}
		b.call("POST", "/.mfa/api/remind", map[string]any{}).want(200)
		b.page("/documents/1").want(200)
		advance(t, 200*days)
	}
}

// A form that a reminder holds back waits in its tab, as at any other block.
func TestRemind_AFormWaits(t *testing.T) {
	s := puttingOff(t, "remind: {every: 1d, times: 3}")
	b := s.signedIn("bob")
	page := b.send("POST", "/documents/1", "x=1", "Content-Type", "application/x-www-form-urlencoded",
		"Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "same-origin").want(403)
	if s.app.hitsOn("/documents") != 0 || !strings.Contains(page.body, `<form method="post" action="/.mfa/api/remind" target="_blank"`) || !strings.Contains(page.body, "data-again=") {
		t.Errorf("%s", page.body)
	}
}

// A reminder is no way around what a move leads to.
func TestRemind_DestinationIsJudged(t *testing.T) {
	s := puttingOff(t, "remind: {every: 1d, times: 3}")
	b := s.signedIn("bob")
	b.send("MOVE", "/documents/1", "", "Destination", "/orders/1").want(403)
	if s.app.hitsOn("/documents") != 0 {
		t.Error("it was moved")
	}
	b.send("MOVE", "/documents/1", "", "Destination", "/documents/2").want(200)
}

// Nothing is written for somebody who proved, and once for somebody who did not.
func TestGrace_WritesOnce(t *testing.T) {
	s := puttingOff(t, "grace: 14d")
	b := s.signedIn("bob")
	b.get("/documents/1").want(200)
	first := s.account("bob")
	b.get("/documents/1").want(200)
	if got := s.account("bob"); got != first {
		t.Errorf("a second visit wrote: version %d after %d", got, first)
	}
	b.enroll()
	first = s.account("bob")
	b.get("/documents/1").want(200)
	if got := s.account("bob"); got != first {
		t.Errorf("a proven visit wrote: version %d after %d", got, first)
	}
}

// Where the store cannot note it, nobody is let off.
func TestGrace_StoreDownRefuses(t *testing.T) {
	s := puttingOff(t, "grace: 14d")
	b := s.signedIn("bob")
	b.get("/documents/1").want(200)
	if err := s.store().Close(); err != nil {
		t.Fatal(err)
	}
	b.get("/documents/1").want(http.StatusServiceUnavailable).reason("store-down")
	s.signedIn("eve").get("/documents/1").want(http.StatusServiceUnavailable).reason("store-down")
}

// store is the one that the running app uses.
func (s *live) store() (st store.Store) {
	s.t.Helper()
	stores.Range(func(_, v any) bool {
		st = v.(sharedStore).Store
		return true
	})
	return st
}

// account is how often a person's record was written.
func (s *live) account(user string) uint64 {
	s.t.Helper()
	r, err := s.store().Get(s.t.Context(), "account/default/"+user)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.Version
}
