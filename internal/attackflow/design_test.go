package attackflow

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestAdvisory_CVE_2026_111949_EN2_WhoHasAFactorProvesItFirst: with bob's
// password alone nothing of his methods is on any page or in any answer (M7,
// S3.18).
func TestAdvisory_CVE_2026_111949_EN2_WhoHasAFactorProvesItFirst(t *testing.T) {
	s := start(t)
	owner := s.signedIn("bob").enrolled()
	owner.beginTOTP()
	owner.post("methods/totp/verify", "code", owner.at(0), "name", "second phone of bob").want(200)
	var state struct{ Methods []struct{ ID string } }
	owner.call("GET", "state", nil).json(&state)
	if len(state.Methods) != 2 {
		t.Fatalf("%d methods", len(state.Methods))
	}
	pw := s.signedIn("bob")
	for _, path := range []string{
		"/documents/1", "/.mfa/", "/.mfa/enroll", "/.mfa/enroll?add=1", "/.mfa/verify", "/.mfa/verify?way=totp", "/.mfa/verify?way=codes",
		"/.mfa/verify?next=manage", "/.mfa/?remove=" + state.Methods[0].ID, "/.mfa/api/state", "/.mfa/api/state?to=/documents/1",
	} {
		for _, r := range []*reply{pw.page(path), pw.send("GET", path, "", "Accept", "application/json")} {
			for what, mark := range map[string]string{
				"a name": "phone of bob", "an id": state.Methods[0].ID, "another id": state.Methods[1].ID, "the address": "•••", "a time": `"created":"`,
			} {
				if strings.Contains(r.body, mark) {
					t.Errorf("%s (%s) tells %s of a method that was not proved", path, r.Header.Get("Content-Type"), what)
				}
			}
		}
	}
	wrong := pw.form("/.mfa/api/verify/totp/verify", url.Values{"code": {"12"}})
	if strings.Contains(wrong.body, "phone of bob") {
		t.Error("a refused code tells the name of a method")
	}
	// Nor is anything added, changed or made by whoever proved nothing, or long ago.
	before := s.witness().standing(owner)
	advance(t, 6*time.Minute)
	for who, b := range map[string]*browser{"the password alone": pw, "an old proof": owner} {
		for _, r := range []*reply{
			b.post("methods/totp"), b.post("methods/totp", "replaces", state.Methods[0].ID), b.post("methods/totp/verify", "code", owner.at(0)),
			b.call("DELETE", "methods/"+state.Methods[0].ID, nil), b.call("PATCH", "methods/"+state.Methods[0].ID, object("name", "stolen")), b.post("recovery-codes"),
		} {
			if r.StatusCode < 403 || r.reason() != "needs-fresh-proof" && r.reason() != "wrong-step" || gave(r) != "" {
				t.Errorf("%s: %s %s: %d %s", who, r.Request.Method, r.Request.URL.Path, r.StatusCode, r.reason())
			}
		}
	}
	if after := s.witness().standing(owner); !reflect.DeepEqual(after.Methods, before.Methods) || after.Codes != before.Codes {
		t.Errorf("before %+v\nafter  %+v", before, after)
	}
	owner.post("verify/totp/verify", "code", owner.at(0)).want(200)
	owner.post("methods/totp").want(200)
}

// TestAdvisory_UE1_TheSameForWhoeverIsUnknown: without a session of their own
// nobody learns from words, status or fields whether bob exists or has enrolled.
func TestAdvisory_UE1_TheSameForWhoeverIsUnknown(t *testing.T) {
	s := start(t)
	s.signedIn("bob").enrolled()
	s.signedIn("ann").post("email").want(200)
	reference := regexp.MustCompile(`[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}`)
	for _, m := range []struct{ method, path string }{
		{"GET", "/.mfa/api/state"}, {"GET", "/.mfa/verify"}, {"GET", "/.mfa/enroll"}, {"GET", "/documents/1"}, {"GET", "/.mfa/link/%s"},
		{"POST", "/.mfa/api/email"}, {"POST", "/.mfa/api/verify/totp/verify"}, {"POST", "/.mfa/api/verify/codes"},
	} {
		seen := map[string]string{}
		for _, user := range []string{"bob", "ann", "nobody-of-that-name"} {
			b := s.browser()
			path := strings.ReplaceAll(m.path, "%s", user) + "?user=" + user + "&login=" + user
			r := b.send(m.method, path, "", "Mfa-User", user, "Remote-User", user, "X-Forwarded-User", user, "Origin", s.base)
			text := strings.ReplaceAll(reference.ReplaceAllString(r.body, ""), user, "USER")
			seen[fmt.Sprint(r.StatusCode, len(r.Header), text)] = user
			if strings.Contains(r.body, "mail.test") {
				t.Errorf("%s shows an address", path)
			}
		}
		if len(seen) != 1 {
			t.Errorf("%s %s answers %d ways: %v", m.method, m.path, len(seen), seen)
		}
	}
}

// TestDesign_C3_AnotherTenantIsNoWayIn: mallory's own office, and the laxest
// one, open nothing of bob's.
func TestDesign_C3_AnotherTenantIsNoWayIn(t *testing.T) {
	s := start(t)
	pw := s.signedIn("bob")
	for _, q := range []string{"tenant=Lax", "tenantId=lax", "tenant=nowhere", "tenantId=nowhere"} {
		if r := pw.call("POST", "methods/totp?"+q, nil); r.StatusCode != 404 {
			t.Errorf("%s: status %d, want 404", q, r.StatusCode)
		}
		if r := pw.page("/.mfa/enroll?" + q); r.StatusCode != 404 || strings.Contains(r.body, "Lax") {
			t.Errorf("%s: the page answers %d", q, r.StatusCode)
		}
	}
	// The same name, proven by nothing in a lax tenant, is not proven in office.
	s.app.set("bob", "tenant", "lax")
	lax := s.signedIn("bob").beginTOTP().finishTOTP()
	lax.page("/documents/1").want(200)
	s.app.set("bob", "tenant", "office")
	if r := lax.page("/documents/1"); r.StatusCode == 200 {
		t.Error("an enrolment of a tenant that asks for nothing first counts in one that asks for mail")
	}
	lax.post("methods/totp").wantReason(409, "wrong-step")
}

// TestDesign_C9_NoTokenIsTakenForAnother sends each of the gate's tokens in the
// place of each other.
func TestDesign_C9_NoTokenIsTakenForAnother(t *testing.T) {
	s := start(t)
	owner := s.signedIn("bob")
	owner.page("/documents/1").want(403)
	ticket := owner.cookie("mfa-ticket")
	owner.post("email").want(200)
	visit := owner.cookie("mfa-visit")
	owner.post("email/verify", "code", s.mail.code(t, mailOf("bob"))).want(200)
	owner.beginTOTP().finishTOTP()
	flag, known := owner.cookie("mfa"), owner.cookie("mfa-known")
	mallory := s.signedIn("mallory").enrolled()
	for name, token := range map[string]string{"ticket": ticket, "visit": visit, "known": known, "mallory's flag": mallory.cookie("mfa"), "two in one": flag + "." + flag} {
		pw := s.signedIn("bob")
		pw.plant("mfa", token)
		if r := pw.page("/documents/1"); r.StatusCode == 200 {
			t.Errorf("%s opens as a flag", name)
		}
	}
	for name, token := range map[string]string{"flag": flag, "known": known, "visit": visit} {
		nobody := s.browser()
		nobody.plant("mfa-ticket", token)
		nobody.call("GET", "state", nil).want(401)
		_ = name
	}
	// A good one, beside another of the same name, counts for nothing.
	pw := s.signedIn("bob")
	if r := pw.page("/documents/1", "Cookie", "sid="+pw.cookie("sid")+"; mfa="+flag+"; mfa=x"); r.StatusCode == 200 {
		t.Error("one of two flags counts")
	}
}

// TestDesign_H9_TheNextPersonAtTheKeyboard: a sign-out or a sign-in ends the
// flag, its copies, and the ticket, with or without a flag beside it.
func TestDesign_H9_TheNextPersonAtTheKeyboard(t *testing.T) {
	s := start(t)
	s.app.set("bob", "tenant", "lax")
	for _, how := range []string{"logout", "login"} {
		b := s.signedIn("bob")
		b.page("/documents/1").want(403)
		if b.cookie("mfa-ticket") == "" {
			t.Fatal("a block gave no ticket")
		}
		if how == "logout" {
			b.form("/logout", nil).want(200)
		} else {
			b.plant("sid", "") // the app's own cookie is gone; somebody signs in, and it fails
			b.form("/login", url.Values{"user": {""}}).want(200)
		}
		if b.cookie("mfa-ticket") != "" {
			t.Errorf("after a %s the ticket is still there", how)
		}
		if r := b.call("POST", "methods/totp", nil); r.StatusCode != 401 {
			t.Errorf("after a %s the next person goes on as bob: status %d", how, r.StatusCode)
		}
	}
	owner := s.signedIn("bob").beginTOTP().finishTOTP()
	thief := owner.tab()
	owner.form("/logout", nil).want(200)
	thief.plant("sid", s.signedIn("bob").cookie("sid"))
	thief.page("/documents/1").want(303)
	// A flag of bob's seen with mallory ends as well.
	owner = s.signedIn("bob")
	owner.secret = thief.secret
	advance(t, 2*time.Minute)
	owner.post("verify/totp/verify", "code", owner.at(0)).want(200)
	copied := owner.tab()
	mallory := s.signedIn("mallory")
	mallory.plant("mfa", owner.cookie("mfa"))
	mallory.page("/documents/1").want(403)
	copied.page("/documents/1").want(303)
	// Another's visit in this browser is not gone on with.
	ann := s.signedIn("ann").proveAddress().beginTOTP()
	ann.signIn("eve")
	ann.post("methods/totp").wantReason(403, "wrong-account")
	ann.post("methods/totp").wantReason(409, "wrong-step")
}

// TestDesign_H12_ParkedEnrolmentsDie: one who has the password parks a half-done
// enrolment where nothing is asked first, bob enrols, and the parked one is
// finished then, from its tab, another tab, and after a restart (EN5).
func TestDesign_H12_ParkedEnrolmentsDie(t *testing.T) {
	s := start(t)
	s.app.set("bob", "tenant", "lax")
	pw := s.signedIn("bob").beginTOTP()
	owner := s.signedIn("bob").beginTOTP().finishTOTP()
	for range 2 {
		for _, b := range []*browser{pw, pw.tab()} {
			// The first answer may drop the cookie of the visit that was ended.
			for _, path := range []string{"methods/totp/verify", "methods/totp", "methods/totp/verify"} {
				if r := b.post(path, "code", b.at(0)); r.StatusCode != 403 && r.StatusCode != 410 || gave(r) != "" {
					t.Errorf("%s of a parked enrolment: %d %s", path, r.StatusCode, r.reason())
				}
			}
			if r := b.page("/.mfa/enroll"); r.StatusCode != 303 || gave(r) != "" {
				t.Errorf("the parked enrolment still shows its page (%d)", r.StatusCode)
			}
			// Even with a proof that somebody else gave, its visit is over.
			b.plant("mfa", owner.cookie("mfa"))
			if r := b.post("methods/totp/verify", "code", b.at(0)); r.StatusCode == 200 {
				t.Error("a parked enrolment was finished beside a proof")
			}
			b.plant("mfa", "")
		}
		s.restart()
	}
	if n := len(s.witness().standing(owner).Methods); n != 1 {
		t.Errorf("bob has %d methods", n)
	}
	// Finishing twice, from one visit, at once.
	ann := s.signedIn("ann").proveAddress().beginTOTP()
	other := ann.tab()
	ann.finishTOTP()
	if r := other.post("methods/totp/verify", "code", other.at(0)); r.StatusCode == 200 {
		t.Error("an enrolment was finished twice")
	}
	if r := ann.post("methods/totp/verify", "code", ann.at(0)); r.StatusCode == 200 {
		t.Error("an enrolment was finished twice in its own browser")
	}
}

// TestAdvisory_EN7_TheSecretIsShownWhilePendingOnly.
func TestAdvisory_EN7_TheSecretIsShownWhilePendingOnly(t *testing.T) {
	s := start(t)
	b := s.signedIn("bob").proveAddress().beginTOTP()
	if r := b.page("/.mfa/enroll").want(200); !strings.Contains(r.body, b.secret[:4]) {
		t.Fatal("the page of a pending enrolment lacks its key")
	}
	secret := b.secret
	b.finishTOTP()
	for _, path := range []string{"/.mfa/enroll", "/.mfa/enroll?add=1", "/.mfa/", "/.mfa/api/state"} {
		if r := b.page(path); strings.Contains(r.body, secret) || strings.Contains(r.body, secret[:4]+"</span>") || gave(r) != "" {
			t.Errorf("%s shows the secret after the enrolment", path)
		}
	}
	b.beginTOTP()
	if b.secret == secret {
		t.Error("a second enrolment hands out the first one's secret")
	}
}

// TestDesign_M20_RemovingTheLastIsNoNewBeginning: after a removal the password
// alone enrols nothing, though the tenant asks for nothing first; and where the
// last method may not go, it stays.
func TestDesign_M20_RemovingTheLastIsNoNewBeginning(t *testing.T) {
	s := start(t)
	s.app.set("bob", "tenant", "lax")
	owner := s.signedIn("bob").beginTOTP().finishTOTP()
	var state struct{ Methods []struct{ ID string } }
	owner.call("GET", "state", nil).json(&state)
	owner.call("DELETE", "methods/"+state.Methods[0].ID, nil).want(204)
	owner.page("/documents/1").want(403)
	pw := s.signedIn("bob")
	pw.post("methods/totp").wantReason(409, "wrong-step")
	pw.post("verify/codes/verify", "code", owner.codes[0]).want(409)
	pw.proveAddress().beginTOTP().finishTOTP()
	s.app.set("kay", "tenant", "kept")
	kay := s.signedIn("kay").enrolled()
	kay.call("GET", "state", nil).json(&state)
	kay.call("DELETE", "methods/"+state.Methods[0].ID, nil).wantReason(409, "last-method")
}

// TestDesign_H13_TrustIsNoProof: asking for trust in a call makes none.
func TestDesign_H13_TrustIsNoProof(t *testing.T) {
	s := start(t)
	owner := s.signedIn("bob").enrolled()
	b := s.signedIn("bob")
	r := b.call("POST", "verify/codes/verify", map[string]any{"code": owner.codes[0], "trust_device": true}).want(200)
	for _, c := range r.Cookies() {
		if strings.Contains(c.Name, "device") {
			t.Error("a client made this browser a trusted one")
		}
	}
	b.plant("mfa", "")
	b.plant("mfa-device", owner.cookie("mfa"))
	b.page("/documents/1").want(303)
	b.post("methods/totp").wantReason(403, "needs-fresh-proof")
}

// TestGETChangesNothing_PendingOfAReplacement: looking at the wizard's page
// leaves a replacement that was begun as it is.
func TestGETChangesNothing_PendingOfAReplacement(t *testing.T) {
	s := start(t)
	w := s.witness()
	b := s.signedIn("bob").enrolled()
	id := w.standing(b).Methods[0].ID
	var begun struct{ Secret string }
	b.post("methods/totp", "replaces", id).want(200).json(&begun)
	version := w.version("bob")
	b.page("/.mfa/enroll")
	b.send("HEAD", "/.mfa/enroll", "", pageHeaders...)
	if w.version("bob") != version {
		t.Error("a look at the page wrote to the account")
	}
	b.secret = begun.Secret
	b.finishTOTP()
	if m := w.standing(b).Methods; len(m) != 1 || m[0].ID == id {
		t.Errorf("the method was not replaced: %+v", m)
	}
}
