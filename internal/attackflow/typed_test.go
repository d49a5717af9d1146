package attackflow

import (
	"net/url"
	"strings"
	"testing"
)

// conversion is bob of a tenant that asks for an address typed now.
func conversion(t *testing.T) (*site, *browser) {
	t.Helper()
	s := start(t)
	s.app.set("bob", "tenant", "typed")
	return s, s.signedIn("bob")
}

// TestS4_6_TheAddressIsTypedCarefully: the first step asks for one's own real
// address, and says to type it with care.
func TestS4_6_TheAddressIsTypedCarefully(t *testing.T) {
	_, b := conversion(t)
	b.page("/documents/1").want(403)
	page := b.page("/.mfa/enroll").want(200).body
	for _, part := range []string{`name="address"`, "your own, real email address", "Check it letter by letter"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q:\n%s", part, page)
		}
	}
	b.form("/.mfa/api/email", url.Values{"address": {"bob"}}).want(400)
	b.form("/.mfa/api/email", url.Values{"address": {"bob@real.test"}}).want(303)
}

// TestS4_7_OnlyTheMailGoesOn: the conversion goes on from the link in the mail and
// from nothing else, so a mistyped address, or one of somebody else, ends there.
func TestS4_7_OnlyTheMailGoesOn(t *testing.T) {
	s, b := conversion(t)
	w := s.witness()
	b.post("email", "address", "bbo@real.test").want(200)
	b.post("methods/totp").wantReason(409, "wrong-step")
	if codes := s.mail.codes("bbo@real.test"); len(codes) != 0 {
		t.Fatalf("a code came with the link: %v", codes)
	}
	b.post("email/verify", "code", "00000000").wantReason(409, "wrong-step")
	link := s.mail.link(t, "bbo@real.test")
	// Whoever got the mistyped mail, without bob's session or with one of their own.
	for _, stranger := range []*browser{s.browser(), s.signedIn("mallory"), s.signedIn("bob")} {
		version := w.version("bob")
		if r := stranger.page(link).want(200); strings.Contains(r.body, `value="confirm"`) || !strings.Contains(r.body, "only in the browser") {
			t.Errorf("%q sees a button", stranger.user)
		}
		stranger.form(link, url.Values{"action": {"confirm"}}).want(403)
		if w.version("bob") != version {
			t.Errorf("%q moved bob's enrolment", stranger.user)
		}
	}
	b.post("methods/totp").wantReason(409, "wrong-step")
	// Typed again: the earlier link is worthless, the new one goes on (S4.8).
	b.post("email", "address", "bob@real.test").want(200)
	b.form(link, url.Values{"action": {"confirm"}}).want(410)
	b.form(s.mail.link(t, "bob@real.test"), url.Values{"action": {"confirm"}}).want(303)
	b.beginTOTP().finishTOTP().page("/documents/1").want(200)
	// No second conversion begins with another address.
	s.signedIn("bob").post("email", "address", "evil@evil.test").wantReason(403, "needs-fresh-proof")
}

// TestDesign_M20_TypedOnlyOnce: after a removal an address of one's own choosing
// opens nothing any more; the one of record does.
func TestDesign_M20_TypedOnlyOnce(t *testing.T) {
	s, b := conversion(t)
	b.post("email", "address", "bob@real.test").want(200)
	b.form(s.mail.link(t, "bob@real.test"), url.Values{"action": {"confirm"}}).want(303)
	b.beginTOTP().finishTOTP()
	var state struct{ Methods []struct{ ID string } }
	b.call("GET", "state", nil).want(200).json(&state)
	b.call("DELETE", "methods/"+state.Methods[0].ID, nil).want(204)
	pw := s.signedIn("bob")
	pw.post("email", "address", "evil@evil.test").wantReason(403, "not-allowed")
	if len(s.mail.of("evil@evil.test")) != 0 {
		t.Error("a link went to the address of the thief's choosing")
	}
	if page := pw.page("/.mfa/enroll").want(200).body; strings.Contains(page, `name="address"`) {
		t.Error("the page still asks for an address")
	}
	pw.proveAddress().beginTOTP().finishTOTP()
}
