package attackflow

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// crowd is how many copies of one valid thing are sent in one moment.
const crowd = 100

// once sends n copies of one request at once, then one more after a restart.
// Exactly one of all is accepted.
func once(t *testing.T, s *site, b *browser, path string, pairs ...string) {
	t.Helper()
	tabs := make([]*browser, crowd)
	for i := range tabs {
		tabs[i] = b.tab()
	}
	s.store().gather(crowd)
	replies := atOnce(t, crowd, func(i int) (*reply, error) { return tabs[i].tryCall("POST", path, object(pairs...)) })
	if n := count(replies, 200); n != 1 {
		t.Errorf("%s: %d of %d copies were accepted, want 1", path, n, crowd)
	}
	for _, r := range replies {
		if r.StatusCode != 200 && !slices.Contains([]string{"used-code", "wrong-step", "needs-fresh-proof", "expired"}, r.reason()) {
			t.Errorf("%s: a copy was refused as %q", path, r.reason())
		}
	}
	s.restart()
	if r := b.tab().call("POST", path, object(pairs...)); r.StatusCode == 200 {
		t.Errorf("%s: a copy was accepted after a restart", path)
	}
}

// TestAdvisory_CVE_2026_107276_TO2_EveryCodeIsSpentOnce sends each one-time thing
// a hundred times at once (CVE-2026-107276: read, checked and deleted in separate
// steps), and once more after a restart.
func TestAdvisory_CVE_2026_107276_TO2_EveryCodeIsSpentOnce(t *testing.T) {
	s := start(t)
	t.Run("mailed code", func(t *testing.T) {
		b := s.signedIn("mailed")
		b.post("email").want(200)
		once(t, s, b, "email/verify", "code", s.mail.code(t, mailOf(b.user)))
	})
	t.Run("set-up code", func(t *testing.T) {
		b := s.signedIn("setup").proveAddress().beginTOTP()
		once(t, s, b, "methods/totp/verify", "code", b.at(0))
		if st := s.witness().standing(b); len(st.Methods) != 1 || st.Codes != 10 {
			t.Errorf("a crowd of set-up codes left %d methods and %d recovery codes", len(st.Methods), st.Codes)
		}
	})
	t.Run("app code", func(t *testing.T) {
		owner := s.signedIn("app").enrolled()
		b := s.signedIn("app")
		b.secret = owner.secret
		once(t, s, b, "verify/totp/verify", "code", owner.at(1))
	})
	t.Run("recovery code", func(t *testing.T) {
		owner := s.signedIn("recovery").enrolled()
		once(t, s, s.signedIn("recovery"), "verify/codes/verify", "code", owner.codes[3])
		if st := s.witness().standing(owner); st.Codes != 9 {
			t.Errorf("a crowd of one recovery code left %d of 10", st.Codes)
		}
	})
	t.Run("mailed link", func(t *testing.T) {
		b := s.signedIn("linked")
		b.post("email").want(200)
		link := s.mail.link(t, mailOf(b.user))
		tabs := make([]*browser, crowd)
		for i := range tabs {
			tabs[i] = b.tab()
		}
		s.store().gather(crowd)
		replies := atOnce(t, crowd, func(i int) (*reply, error) {
			return tabs[i].try("POST", link, "action=confirm", "Content-Type", "application/x-www-form-urlencoded", "Origin", s.base,
				"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
		})
		if n := count(replies, 303); n != 1 {
			t.Errorf("%d of %d copies of a link were accepted, want 1", n, crowd)
		}
	})
}

// TestAdvisory_CVE_2026_82470_TO1_CodeWrittenOtherwise replays a spent code in the
// spellings that the reader forgives, in another session, and around a restart
// (RFC 6238, 5.2; also CVE-2026-104105 and CVE-2026-103655).
func TestAdvisory_CVE_2026_82470_TO1_CodeWrittenOtherwise(t *testing.T) {
	s := start(t)
	owner := s.signedIn("bob").enrolled()
	code := owner.at(1)
	s.signedIn("bob").post("verify/totp/verify", "code", code).want(200)
	digits := []rune("０１２３４５６７８９")
	wide := ""
	for _, c := range code {
		wide += string(digits[c-'0'])
	}
	for range 2 {
		for _, again := range []string{code, " " + code, code + "\n", code[:3] + " " + code[3:], code[:3] + "-" + code[3:], wide, "\u200b" + code} {
			b := s.signedIn("bob")
			if r := b.post("verify/totp/verify", "code", again); r.StatusCode != 409 || r.reason() != "used-code" {
				t.Errorf("spent code as %q: %d %s", again, r.StatusCode, r.reason())
			}
		}
		s.restart()
	}
	// The step before the last one accepted is spent with it.
	s.signedIn("bob").post("verify/totp/verify", "code", owner.at(0)).wantReason(409, "used-code")
	// Used codes are no wrong tries.
	advance(t, 2*time.Minute)
	s.signedIn("bob").post("verify/totp/verify", "code", owner.at(0)).want(200)
}

// TestAdvisory_TO6_OneStepEitherWay shows the window.
func TestAdvisory_TO6_OneStepEitherWay(t *testing.T) {
	s := start(t)
	owner := s.signedIn("bob").enrolled()
	for _, step := range []int{-3, -2, 2, 3} {
		if r := s.signedIn("bob").post("verify/totp/verify", "code", owner.at(step)); r.StatusCode == 200 {
			t.Errorf("the code %d steps away was accepted", step)
		}
	}
	advance(t, 40*time.Minute)
	for _, step := range []int{-1, 0, 1} {
		if r := s.signedIn("bob").post("verify/totp/verify", "code", owner.at(step)); r.StatusCode != 200 {
			t.Errorf("the code %d steps away: %d %s", step, r.StatusCode, r.reason())
		}
	}
}

// TestAdvisory_CVE_2026_78619_RC1_RecoveryCodesAreOnesOwn tries codes of another
// account, of another set, and near misses (CVE-2026-78619: loose comparison;
// authboss #351).
func TestAdvisory_CVE_2026_78619_RC1_RecoveryCodesAreOnesOwn(t *testing.T) {
	s := start(t)
	bob, mallory := s.signedIn("bob").enrolled(), s.signedIn("mallory").enrolled()
	pw := s.signedIn("bob")
	pw.post("verify/codes/verify", "code", mallory.codes[0]).wantReason(400, "bad-code")
	pw.post("verify/codes/verify", "code", "0").wantReason(400, "bad-code")
	pw.post("verify/codes/verify", "code", bob.codes[0][:18]).wantReason(400, "bad-code")
	pw.call("POST", "verify/codes/verify", map[string]any{"code": true}).wantReason(400, "bad-code")
	pw.call("POST", "verify/codes/verify", map[string]any{"code": 0}).want(400)
	pw.call("POST", "verify/codes/verify", map[string]any{"code": []string{bob.codes[0]}}).want(400)
	old := bob.codes[1]
	var fresh struct {
		RecoveryCodes []string `json:"recovery_codes"`
	}
	bob.post("recovery-codes").want(200).json(&fresh)
	if len(fresh.RecoveryCodes) != 10 {
		t.Fatalf("%d new recovery codes", len(fresh.RecoveryCodes))
	}
	pw.post("verify/codes/verify", "code", old).wantReason(400, "bad-code")
	pw.post("verify/codes/verify", "code", fresh.RecoveryCodes[0]).want(200)
	for _, again := range []string{fresh.RecoveryCodes[0], strings.ToLower(fresh.RecoveryCodes[0]), strings.ReplaceAll(fresh.RecoveryCodes[0], "-", " ")} {
		s.signedIn("bob").post("verify/codes/verify", "code", again).wantReason(409, "used-code")
	}
}

// TestAdvisory_RC2_AWrongRecoveryCodeIsNoProof: a recovery code that is none opens
// nothing and is counted; after five no right one is looked at. A right one opens
// what a proof opens, and no area that asks for a passkey.
func TestAdvisory_RC2_AWrongRecoveryCodeIsNoProof(t *testing.T) {
	s := startKeyed(t)
	owner, _ := s.keyed("bob")
	owner.page("/admin").want(200)
	pw, w := s.signedIn("bob"), s.witness()
	for i := range 5 {
		wrong := []byte(owner.codes[9]) // but for its last letter
		if wrong[18] = byte('0' + i); string(wrong) == owner.codes[9] {
			wrong[18] = '9'
		}
		version := w.version("bob")
		r := pw.post("verify/codes/verify", "code", string(wrong)).wantReason(400, "bad-code")
		if gave(r) != "" || w.version("bob") == version {
			t.Errorf("wrong code %d: gave %q, counted %v", i, gave(r), w.version("bob") != version)
		}
		pw.page("/documents/1").want(303)
	}
	pw.post("verify/codes/verify", "code", owner.codes[0]).wantReason(429, "too-many-tries")
	pw.page("/documents/1").want(303)
	advance(t, 15*time.Minute+time.Second)
	pw.post("verify/codes/verify", "code", owner.codes[0]).want(200)
	pw.page("/documents/1").want(200)
	if r := pw.page("/admin"); r.StatusCode == 200 {
		t.Error("a recovery code opens what asks for a passkey")
	}
}
