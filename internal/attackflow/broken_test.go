package attackflow

import (
	"net/http"
	"testing"
)

// TestAdvisory_PR5_APanicOpensNothing: a fault of the gate's own ends the
// connection or gives an error, and nothing reaches the app.
func TestAdvisory_PR5_APanicOpensNothing(t *testing.T) {
	s := start(t)
	bob := s.signedIn("bob").enrolled()
	pw := s.signedIn("bob")
	before := s.app.hitsOn("/documents")
	s.store().broken.Store(true)
	for _, path := range []string{"/documents/1", "/admin", "/.mfa/enroll", "/.mfa/verify", "/.mfa/"} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			if r, err := pw.try(method, path, "", "Origin", s.base); err == nil && r.StatusCode < 400 {
				t.Errorf("%s %s: %d", method, path, r.StatusCode)
			}
		}
	}
	if r, err := pw.tryCall("POST", "verify/totp/verify", object("code", bob.at(1))); err == nil && r.StatusCode < 400 {
		t.Errorf("a proof: %d", r.StatusCode)
	}
	if n := s.app.hitsOn("/documents") - before; n != 0 {
		t.Errorf("%d requests reached the app", n)
	}
	pw.send("GET", "/open", "").want(200)
	s.store().broken.Store(false)
	pw.post("verify/totp/verify", "code", bob.at(1)).want(200)
}

// TestAdvisory_FO5_AFullDiskLeavesNothingHalf: where nothing can be written,
// nobody is told that it was, and nothing that was spent is spent for nothing.
func TestAdvisory_FO5_AFullDiskLeavesNothingHalf(t *testing.T) {
	s := start(t)
	w := s.witness()
	half, bob := s.signedIn("ann").proveAddress().beginTOTP(), s.signedIn("bob").enrolled()
	pw := s.signedIn("bob")
	s.store().full.Store(true)
	for _, m := range []struct {
		b    *browser
		path string
		in   map[string]string
	}{
		{half, "methods/totp/verify", object("code", half.at(0))}, {pw, "verify/totp/verify", object("code", bob.at(1))}, {pw, "verify/codes/verify", object("code", bob.codes[0])},
		{bob, "recovery-codes", object()}, {s.signedIn("eve"), "email", object()},
	} {
		r := m.b.tab().call("POST", m.path, m.in)
		if r.StatusCode != http.StatusServiceUnavailable || gave(r) != "" {
			t.Errorf("%s: %d %.200s", m.path, r.StatusCode, r.body)
		}
	}
	if r := bob.tab().call("DELETE", "sessions", nil); r.StatusCode < 500 {
		t.Errorf("everybody is told to be signed out: %d", r.StatusCode)
	}
	if n := len(s.mail.of(mailOf("eve"))); n != 0 {
		t.Errorf("%d mails were sent that no record counts", n)
	}
	half.page("/documents/1").want(403)
	pw.page("/documents/1").want(303)
	s.store().full.Store(false)
	if st := w.standing(half); len(st.Methods) != 0 || st.Had {
		t.Errorf("an enrolment was half saved: %+v", st)
	}
	half.finishTOTP().page("/documents/1").want(200)
	pw.post("verify/totp/verify", "code", bob.at(1)).want(200)
	s.signedIn("bob").post("verify/codes/verify", "code", bob.codes[0]).want(200)
}

// TestAdvisory_CK5_AVisitOfSomebodyElseIsNotGoneOnWith: an enrolment that an attacker
// began for himself is planted in the victim's browser, and one of bob's own in
// mallory's: neither goes on, and after an enrolment its visit opens nothing
// (CS2: the victim enrols into the attacker's session).
func TestAdvisory_CK5_AVisitOfSomebodyElseIsNotGoneOnWith(t *testing.T) {
	s := start(t)
	mallory := s.signedIn("mallory").proveAddress().beginTOTP()
	bob := s.signedIn("bob")
	bob.plant("mfa-visit", mallory.cookie("mfa-visit"))
	bob.post("methods/totp").wantReason(403, "wrong-account")
	bob = s.signedIn("bob")
	bob.plant("mfa-visit", mallory.cookie("mfa-visit"))
	if r := bob.post("methods/totp/verify", "code", mallory.at(0)); r.StatusCode == 200 || gave(r) != "" {
		t.Errorf("bob finishes mallory's enrolment: %d", r.StatusCode)
	}
	bob = s.signedIn("bob").proveAddress().beginTOTP()
	visit := bob.cookie("mfa-visit")
	bob.finishTOTP()
	if bob.cookie("mfa-visit") == visit {
		pw := s.signedIn("bob")
		pw.plant("mfa-visit", visit)
		pw.page("/documents/1").want(303)
	}
	pw := s.signedIn("bob")
	pw.plant("mfa-visit", visit)
	for _, path := range []string{"methods/totp", "methods/totp/verify", "recovery-codes", "email"} {
		if r := pw.post(path, "code", bob.at(1)); r.StatusCode < 400 || gave(r) != "" {
			t.Errorf("%s in the visit of an enrolment that is over: %d", path, r.StatusCode)
		}
	}
	// Each proof makes a flag of its own.
	flag := bob.cookie("mfa")
	bob.post("verify/codes/verify", "code", bob.codes[0]).want(200)
	if bob.cookie("mfa") == flag {
		t.Error("a second proof gives the same flag")
	}
}
