package attackflow

import (
	"net/http"
	"strings"
	"testing"
)

// TestDesign_WeakProofChangesNothingStrong_ThroughCaddy: the password and the
// mailbox, which one tenant takes for a proof, change nothing of an authenticator
// app, in that tenant or another, and make no recovery codes.
func TestDesign_WeakProofChangesNothingStrong_ThroughCaddy(t *testing.T) {
	for name, mailed := range map[string]string{"another tenant": "mailed", "the same tenant": "strict"} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			methods := map[string]string{"mailed": "[totp]", "strict": "[totp, email]"}[mailed]
			s.addTenants("  strict: {name: Strict, methods: " + methods + "}\n  mailed: {name: Mailed, methods: [email]}\n")
			bob := s.signedInTo("strict", "bob").enrolled()
			var state struct{ Methods []struct{ ID string } }
			bob.call("GET", "state", nil).want(200).json(&state)
			app := "methods/" + state.Methods[0].ID

			s.app.set("bob", "tenant", mailed)
			bob.post("methods/email").want(200)
			bob.post("methods/email/verify", "code", s.mail.code(t, mailOf("bob"))).want(200)

			thief := s.signedIn("bob")
			thief.post("verify/email").want(200)
			thief.post("verify/email/verify", "code", s.mail.code(t, mailOf("bob"))).want(200)
			for _, tenant := range []string{mailed, "strict"} {
				s.app.set("bob", "tenant", tenant)
				thief.call("DELETE", app, nil).wantReason(403, "needs-fresh-proof")
				thief.call("PATCH", app, object("name", "mine")).wantReason(403, "needs-fresh-proof")
				thief.post("recovery-codes").wantReason(403, "needs-fresh-proof")
			}
			thief.post("methods/totp").wantReason(403, "needs-fresh-proof")
			// The page asks for what helps.
			if r := thief.page("/.mfa/enroll?add=1"); r.StatusCode != http.StatusSeeOther || !strings.Contains(r.Header.Get("Location"), "/verify") {
				t.Errorf("adding leads to %d %s", r.StatusCode, r.Header.Get("Location"))
			}
			page := thief.page("/.mfa/verify?next=manage").want(200)
			if !strings.Contains(page.body, "/verify/totp/verify") || strings.Contains(page.body, "way=email") {
				t.Errorf("asked for something else: %s", page.body)
			}
			owner := bob.copyTo(s.signedIn("bob"))
			owner.post("verify/totp/verify", "code", owner.at(1)).want(200)
			owner.call("PATCH", app, object("name", "mine")).want(200)
			owner.post("recovery-codes").want(200)
		})
	}
}

// TestDesign_WeakProof_NothingHelps: whoever came back by mail, and has nothing
// left that would help, is told so, and not asked for the same again and again.
func TestDesign_WeakProof_NothingHelps(t *testing.T) {
	s := start(t)
	s.addTenants("  rescued: {name: Rescued, recovery: {methods: [email]}}\n")
	s.signedInTo("rescued", "carol").enrolled()
	lost := s.signedIn("carol")
	lost.post("verify/email").want(200)
	lost.post("verify/email/verify", "code", s.mail.code(t, mailOf("carol"))).want(200)
	lost.page("/documents/1").want(200)
	if page := lost.page("/.mfa/").want(200); !strings.Contains(page.body, "next=manage") || strings.Contains(page.body, "/api/recovery-codes") {
		t.Errorf("the list offers changes: %s", page.body)
	}
	// The app is asked for, in case it is found again, and the mailbox is not.
	page := lost.page("/.mfa/verify?next=manage").want(200)
	if !strings.Contains(page.body, "/verify/totp/verify") || strings.Contains(page.body, "way=email") || !strings.Contains(page.body, "reset your second step") {
		t.Errorf("got %s", page.body)
	}
}
