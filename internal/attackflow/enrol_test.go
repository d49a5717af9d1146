package attackflow

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
)

// TestAdvisory_EN1_ThePasswordAloneEnrolsNothing: who has bob's password and is
// there first gets no factor into his account, whatever he sends; the code goes to
// the address of record and to none he names. The owner enrols, and is told of it.
func TestAdvisory_EN1_ThePasswordAloneEnrolsNothing(t *testing.T) {
	s := start(t)
	s.addTenants("  passed: {name: Passed, first: pass}\n")
	for _, tenant := range []string{"office", "passed"} {
		user := "bob-" + tenant
		thief := s.signedInTo(tenant, user)
		thief.page("/documents/1").want(403)
		for _, r := range []*reply{
			thief.post("email", "address", "evil@evil.test"), thief.post("email/verify", "code", "00000000"), thief.post("verify/pass/verify", "code", "AAAA-AAAA-AAAA"),
			thief.post("methods/totp"), thief.post("methods/totp/verify", "code", "000000"), thief.post("recovery-codes"),
			thief.form("/.mfa/api/methods/totp", nil), thief.form("/.mfa/api/methods/totp/verify", url.Values{"code": {""}}),
		} {
			if what := gave(r); r.StatusCode == 200 || what != "" {
				t.Errorf("%s: %s %s: %d, gave %s", tenant, r.Request.URL.Path, r.body, r.StatusCode, what)
			}
		}
		if st := s.witness().standing(thief); len(st.Methods) != 0 || st.Had || st.Email {
			t.Errorf("%s: %+v", tenant, st)
		}
		thief.page("/documents/1").want(403)
	}
	if n := len(s.mail.of("evil@evil.test")); n != 0 {
		t.Errorf("%d mails went to an address that the thief named", n)
	}
	s.signedIn("bob").enrolled().page("/documents/1").want(200)
	s.restart() // waits for the mails under way
	if !mentions(s.mail.of(mailOf("bob")), "was added") {
		t.Errorf("nobody is told of a new factor: %v", s.mail.of(mailOf("bob")))
	}
}

// TestAdvisory_EN4_NothingCountsBeforeItsCode: a method that was begun is none
// until a right code came from it: not for its owner, not for a thief who begins
// one in place of the owner's.
func TestAdvisory_EN4_NothingCountsBeforeItsCode(t *testing.T) {
	s := start(t)
	w := s.witness()
	b := s.signedIn("bob").proveAddress().beginTOTP()
	before := w.standing(b)
	for _, code := range []string{"", " ", "000", "true", b.wrong()} {
		if r := b.post("methods/totp/verify", "code", code); r.StatusCode != 400 || gave(r) != "" {
			t.Errorf("finished with %q: %d %s", code, r.StatusCode, r.body)
		}
	}
	b.form("/.mfa/api/methods/totp/verify", nil).want(400)
	b.call("POST", "methods/totp/verify", map[string]any{"verified": true, "step": "done"})
	if d := before.diff(w.standing(b)); d != "" {
		t.Error("something counts already\n" + d)
	}
	b.page("/documents/1").want(403)
	b.tab().post("verify/totp/verify", "code", b.at(0)).wantReason(409, "wrong-step")
	b.finishTOTP().page("/documents/1").want(200)

	// The same of one that would take the place of another.
	var begun struct{ Secret string }
	b.post("methods/totp", "replaces", w.standing(b).Methods[0].ID).want(200).json(&begun)
	advance(t, 2*time.Minute)
	again, other := s.signedIn("bob"), s.signedIn("bob")
	other.secret = begun.Secret
	other.post("verify/totp/verify", "code", other.at(0)).wantReason(400, "bad-code")
	again.post("verify/totp/verify", "code", b.at(0)).want(200)
}

// TestAdvisory_CVE_2026_18963_EN5_AFlowIsOfItsSession: what one began is finished
// by nobody else, in no other session or tenant, and not twice.
func TestAdvisory_CVE_2026_18963_EN5_AFlowIsOfItsSession(t *testing.T) {
	s := start(t, "\t\t\ttenant json tenant\n", "\t\t\ttenant json tenant\n\t\t\tsession json session\n")
	s.app.set("bob", "session", "first")
	finish := func(b *browser) *reply { return b.post("methods/totp/verify", "code", b.at(0)) }
	begun := s.signedIn("bob").proveAddress().beginTOTP()
	visit := begun.cookie("mfa-visit")
	t.Run("by another person", func(*testing.T) {
		mallory := s.signedIn("mallory")
		mallory.secret = begun.secret
		mallory.plant("mfa-visit", visit)
		finish(mallory).wantReason(403, "wrong-account")
	})
	t.Run("in another session", func(*testing.T) {
		s.app.set("bob", "session", "second")
		finish(begun.tab()).wantReason(410, "expired")
		s.app.set("bob", "session", "first")
	})
	t.Run("in another tenant", func(t *testing.T) {
		s.app.set("bob", "tenant", "lax")
		if r := finish(begun.tab()); r.StatusCode < 400 || gave(r) != "" {
			t.Errorf("%d %s", r.StatusCode, r.body)
		}
		s.app.set("bob", "tenant", "office")
	})
	if n := len(s.witness().standing(begun).Methods); n != 0 {
		t.Fatalf("%d methods", n)
	}
	t.Run("twice", func(t *testing.T) {
		own := begun.tab()
		finish(own).want(200)
		for who, b := range map[string]*browser{"with its proof": own, "without": begun.tab()} {
			b.plant("mfa-visit", visit)
			if r := finish(b); r.StatusCode == 200 || gave(r) != "" {
				t.Errorf("%s: %d %s", who, r.StatusCode, r.body)
			}
		}
	})
	t.Run("by beginning again in the old visit", func(t *testing.T) {
		if r := begun.tab().post("methods/totp"); r.StatusCode == 200 || gave(r) != "" {
			t.Errorf("%d %s", r.StatusCode, r.body)
		}
	})
	if n := len(s.witness().standing(begun).Methods); n != 1 {
		t.Errorf("%d methods", n)
	}
}

// TestAdvisory_CS2_NobodyEnrolsIntoAnothersAccount: an attacker's session is put
// into the browser of bob, who is about to enrol. The pages name the account, a
// form that bob's page began is not finished in mallory's, and a visit that mallory
// began is not gone on with as bob.
func TestAdvisory_CS2_NobodyEnrolsIntoAnothersAccount(t *testing.T) {
	s := start(t)
	bob, mallory := s.signedIn("bob").proveAddress().beginTOTP(), s.signedIn("mallory").proveAddress().beginTOTP()
	if page := bob.page("/.mfa/enroll").want(200).body; !strings.Contains(page, ">bob</bdi>") {
		t.Error("the page does not say whose account it is")
	}
	tossed := bob.tab()
	tossed.plant("sid", mallory.cookie("sid"))
	tossed.post("methods/totp/verify", "code", bob.at(0)).wantReason(403, "wrong-account")
	tossed = bob.tab()
	tossed.plant("sid", mallory.cookie("sid"))
	if page := tossed.page("/.mfa/enroll").body; strings.Contains(page, ">bob</bdi>") || !strings.Contains(page, ">mallory</bdi>") {
		t.Error("with mallory's session the page does not say that it is his")
	}
	tossed = bob.tab()
	tossed.plant("mfa-visit", mallory.cookie("mfa-visit"))
	tossed.post("methods/totp/verify", "code", mallory.at(0)).wantReason(403, "wrong-account")
	w := s.witness()
	for _, b := range []*browser{bob, mallory} {
		if n := len(w.standing(b).Methods); n != 0 {
			t.Errorf("%s has %d methods", b.user, n)
		}
		b.finishTOTP().page("/documents/1").want(200)
	}
}

// TestAdvisory_TO8_NamesOfAnyLettersThroughCaddy: an organisation or a user whose
// name has what divides the address of an authenticator app, or is very long, gets
// an app that shows a whole name and gives codes that count.
func TestAdvisory_TO8_NamesOfAnyLettersThroughCaddy(t *testing.T) {
	s := start(t)
	long := strings.Repeat("ã", 200)
	names := map[string]string{"A:B": "A-B", "🔐 Cofre": "🔐 Cofre", "x?secret=AAAA&issuer=evil#": "x?secret=AAAA&issuer=evil#", long: long[:2*64]}
	text, tenants := "", map[string]string{}
	for name := range names {
		key := "t" + string(rune('a'+len(tenants)))
		tenants[name] = key
		text += "  " + key + ": {first: none, name: '" + name + "'}\n"
	}
	s.addTenants(text)
	for name, want := range names {
		user := "ann:" + tenants[name]
		s.app.set(user, "email", "")
		b := s.signedInTo(tenants[name], user)
		var begun struct{ Secret, URI string }
		b.post("methods/totp").want(200).json(&begun)
		key, err := otp.NewKeyFromURL(begun.URI)
		if err != nil {
			t.Fatal(err)
		}
		if key.Issuer() != want || key.AccountName() != "ann-"+tenants[name] || key.Secret() != begun.Secret {
			t.Errorf("%q is read as %q, %q", begun.URI, key.Issuer(), key.AccountName())
		}
		b.secret = key.Secret()
		b.finishTOTP().page("/documents/1").want(200)
	}
}
