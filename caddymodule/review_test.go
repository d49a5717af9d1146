package caddymodule

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// prove gives the browser a proof by its app.
func (b *browser) prove() *browser {
	b.t.Helper()
	advance(b.t.(*testing.T), 31*time.Second) // the next code
	b.call("POST", "/.mfa/api/verify/totp/verify", map[string]any{"code": b.totp()}).want(200)
	return b
}

// S3.19, S3.26, S3.33: at an interval the methods are shown for confirmation,
// after a proof and never without one; then all goes on.
func TestS3_19_33_Review(t *testing.T) {
	s := puttingOff(t, "review: 180d")
	b := s.signedIn("bob").enroll()
	b.get("/documents/1").want(200)
	advance(t, 180*days)
	b = s.signedIn("bob").with(b)
	b.get("/documents/1").want(403).reason("verify")
	if page := b.page("/.mfa/enroll?to=/documents/1").want(303); !strings.Contains(page.Header.Get("Location"), "/.mfa/verify") {
		t.Errorf("the list is shown without a proof: %s", page.Header.Get("Location"))
	}
	b.call("POST", "/.mfa/api/review", map[string]any{}).want(403).reason("needs-fresh-proof")

	b.prove()
	b.call("GET", "/documents/1", nil).want(403).reason("review")
	block := b.page("/documents/1").want(403)
	if !strings.Contains(block.body, "Check them now") || !strings.Contains(block.body, `href="/.mfa/enroll?to=%2Fdocuments%2F1"`) || strings.Contains(block.body, "api/remind") {
		t.Errorf("the block page:\n%s", block.body)
	}
	var state struct{ Step, Verdict, Reason string }
	if b.call("GET", "/.mfa/api/state?to=/documents/1", nil).want(200).json(&state); state.Step != "review" || state.Verdict != "enroll" || state.Reason != "review" {
		t.Errorf("%+v", state)
	}
	list := b.page("/.mfa/enroll?to=/documents/1").want(200)
	for _, part := range []string{"phone", `action="/.mfa/api/review"`, "Yes, all of it is right", `href="/.mfa/"`} {
		if !strings.Contains(list.body, part) {
			t.Errorf("the list lacks %s:\n%s", part, list.body)
		}
	}
	if done := b.form("/.mfa/api/review", url.Values{"to": {"/documents/1"}}).want(200); !strings.Contains(done.body, `href="/documents/1" data-follow="soon"`) {
		t.Errorf("the last page:\n%s", done.body)
	}
	b.get("/documents/1").want(200)
	at := s.account("bob")
	b.get("/documents/1").want(200)
	if s.account("bob") != at {
		t.Error("a proven visit wrote")
	}
	if err := s.store().Close(); err != nil {
		t.Fatal(err)
	}
	b.get("/documents/1").want(200) // the flag knows of the review: nobody waits for the store
}

// A review gives no fresher proof, nor a longer one.
func TestS3_33_ReviewIsNoProof(t *testing.T) {
	s := puttingOff(t, "review: 1d")
	b := s.signedIn("bob").enroll()
	advance(t, 24*time.Hour)
	b.prove()
	advance(t, 6*time.Minute)
	b.call("GET", "/orders/1", nil).want(403).reason("stale")
	b.call("POST", "/.mfa/api/review", map[string]any{}).want(200)
	b.call("GET", "/orders/1", nil).want(403).reason("stale")
	advance(t, 12*time.Hour-6*time.Minute)
	b.call("GET", "/documents/1", nil).want(403).reason("verify")
}

// S3.44: what was set up is shown at the end, the one asked for first marked, and
// the person says that it is right before going on.
func TestS3_44_TheEndShowsWhatWasSetUp(t *testing.T) {
	s := puttingOff(t, "review: 180d")
	b := s.signedIn("bob")
	b.page("/documents/1?x=2").want(403)
	b.enroll()
	b.addTOTP()
	end := b.page("/.mfa/enroll").want(200)
	if strings.Count(end.body, `<bdi translate="no">phone`) != 2 || strings.Count(end.body, "Asked for first") != 1 ||
		!strings.Contains(end.body, `<a class="button" href="/documents/1?x=2">`) {
		t.Errorf("the last page:\n%s", end.body)
	}
	b.get("/documents/1").want(200)
}

// with gives a new browser the authenticator app of another one.
func (b *browser) with(other *browser) *browser {
	b.secret, b.codes = other.secret, other.codes
	return b
}
