package attackflow

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

// addTenants writes further tenants into the policy, and loads it anew.
func (s *site) addTenants(text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "policy.yaml"), []byte(policyFile+text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.load()
}

// signedInTo is signedIn for somebody of another tenant than the usual one.
func (s *site) signedInTo(tenant, user string) *browser {
	s.t.Helper()
	s.app.set(user, "tenant", tenant)
	return s.signedIn(user)
}

// TestEmailMethod_ThroughCaddy: from the policy file to the app, a mailed code as
// the method, and as the way back in; where neither is named it is nothing.
func TestEmailMethod_ThroughCaddy(t *testing.T) {
	s := start(t)
	s.addTenants("  mailed: {name: Mailed, methods: [totp, email]}\n" +
		"  rescued: {name: Rescued, recovery: {methods: [codes, email]}}\n")
	bob := s.signedInTo("mailed", "bob")
	bob.proveAddress()
	bob.post("methods/email").want(200)
	bob.post("methods/email/verify").want(200)
	bob.page("/documents/1").want(200)

	again := s.signedIn("bob")
	again.page("/documents/1").want(http.StatusSeeOther)
	again.post("verify/email").want(200)
	code := s.mail.code(t, mailOf("bob"))
	thief := s.signedIn("bob")
	thief.post("verify/email/verify", "code", code).wantReason(409, "wrong-step")
	again.post("verify/email/verify", "code", "00000000").wantReason(400, "bad-code")
	again.post("verify/email/verify", "code", code).want(200)
	again.page("/documents/1").want(200)
	again.post("verify/email/verify", "code", code).wantReason(409, "used-code")
	thief.page("/documents/1").want(http.StatusSeeOther)

	// One who has the password alone has three mails sent and no more, and keeps
	// nobody out who proved here before.
	for range 2 {
		thief.post("verify/email").want(200)
	}
	thief.post("verify/email").wantReason(429, "too-many-tries")
	bob.post("verify/email").want(200)

	s.signedInTo("rescued", "carol").enrolled()
	lost := s.signedIn("carol")
	lost.post("methods/email").wantReason(403, "not-offered")
	lost.post("verify/email").want(200)
	lost.post("verify/email/verify", "code", s.mail.code(t, mailOf("carol"))).want(200)
	lost.page("/documents/1").want(200)

	dora := s.signedInTo("office", "dora").enrolled()
	dora.post("methods/email").wantReason(403, "not-offered")
	dora.post("verify/email").wantReason(403, "not-offered")
}

// TestAdvisory_EM5_MailIsWeakAndSaysSo: codes by mail are a method only where a
// policy names them, with a warning; a proof by them never says "mfa", and opens
// nothing that asks for a passkey.
func TestAdvisory_EM5_MailIsWeakAndSaysSo(t *testing.T) {
	s := start(t)
	s.addTenants("  mailed: {name: Mailed, methods: [passkey, email], protect: [/documents, {path: /admin, require: phishing-resistant}]}\n")
	bob := s.signedInTo("mailed", "bob").proveAddress()
	bob.post("methods/email").want(200)
	bob.post("methods/email/verify").want(200)
	again := s.signedIn("bob")
	again.post("verify/email").want(200)
	again.post("verify/email/verify", "code", s.mail.code(t, mailOf("bob"))).want(200)
	for name, b := range map[string]*browser{"enrolling": bob, "proving": again} {
		b.page("/documents/1").want(200)
		if r := b.page("/admin"); r.StatusCode == 200 {
			t.Errorf("%s by mail opens what asks for a passkey", name)
		}
		parts := strings.Split(b.cookie("mfa"), ".")
		if len(parts) != 3 {
			t.Fatalf("%s gives no flag", name)
		}
		claims, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(claims, []byte(`"amr":["otp"]`)) {
			t.Errorf("%s: the flag says %s", name, claims)
		}
	}
	p, err := policy.Load(filepath.Join(s.dir, "policy.yaml"), policy.Options{Mail: policy.MailYes})
	if err != nil {
		t.Fatal(err)
	}
	if w := strings.Join(p.Warnings(), "\n"); !strings.Contains(w, "methods: email: a mailed code is weak") {
		t.Errorf("nobody is warned: %s", w)
	}
	carol := s.signedInTo("office", "carol").enrolled()
	carol.post("methods/email").wantReason(403, "not-offered")
	carol.post("verify/email").wantReason(403, "not-offered")
}
