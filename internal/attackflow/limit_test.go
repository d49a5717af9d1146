package attackflow

import (
	"fmt"
	"testing"
	"time"
)

// TestAdvisory_CVE_2026_78655_TO3_FiveWrongCodesWhoeverSendsThem guesses from new
// sessions, with new addresses in every header that tells one, by JSON and by
// form, after a restart, and a hundred at once. No more than five are checked,
// and a right one is not looked at while the wait lasts (caddy-security #271,
// GHSA-c55g-q6f4-5qxr, CVE-2026-78655, GHSA-q67h-5pc3-g6jv).
func TestAdvisory_CVE_2026_78655_TO3_FiveWrongCodesWhoeverSendsThem(t *testing.T) {
	s := start(t)
	owner := s.signedIn("bob").enrolled()
	bad := owner.wrong()
	sessions := make([]*browser, 100)
	for i := range sessions {
		sessions[i] = s.signedIn("bob")
	}
	replies := atOnce(t, len(sessions), func(i int) (*reply, error) {
		return sessions[i].tryCall("POST", "verify/totp/verify", object("code", bad), "X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i),
			"X-Real-Ip", fmt.Sprintf("198.51.100.%d", i), "Forwarded", fmt.Sprintf("for=203.0.113.%d", i), "User-Agent", fmt.Sprint("agent", i))
	})
	if n := count(replies, 400); n != 5 {
		t.Errorf("%d wrong codes were checked, want 5", n)
	}
	// On a machine that is short of breath some find the app too slow: 503, and
	// nothing of theirs is checked either.
	if n := count(replies, 429) + count(replies, 503); n != 95 {
		t.Errorf("%d were told to wait, want 95", n)
	}
	s.restart()
	pw := s.signedIn("bob")
	r := pw.post("verify/totp/verify", "code", owner.at(1)).wantReason(429, "too-many-tries")
	if r.Header.Get("Retry-After") == "" {
		t.Error("nobody is told how long to wait")
	}
	// Neither a new look at the page nor the begin call starts the count anew.
	pw.page("/.mfa/verify").want(200)
	pw.post("verify/totp")
	pw.post("verify/totp/verify", "code", owner.at(1)).wantReason(429, "too-many-tries")
	// The wait grows from code to code.
	for _, wait := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour} {
		advance(t, wait+time.Second)
		pw.post("verify/totp/verify", "code", owner.wrong()).want(400)
		pw.post("verify/totp/verify", "code", owner.wrong()).wantReason(429, "too-many-tries")
	}
}

// TestDesign_H4_WrongCodesLockNobodyOut: with bob's password his app's codes
// can be spent, and he still gets in with a recovery code, with the flag that
// he has, and at the browser that proved before.
func TestDesign_H4_WrongCodesLockNobodyOut(t *testing.T) {
	s := start(t)
	bob := s.signedIn("bob").enrolled()
	pw := s.signedIn("bob")
	for range 6 {
		pw.post("verify/totp/verify", "code", bob.wrong())
	}
	pw.post("verify/totp/verify", "code", bob.at(1)).wantReason(429, "too-many-tries")
	t.Run("a valid flag goes on", func(*testing.T) { bob.page("/documents/1").want(200) })
	t.Run("other factors go on", func(*testing.T) {
		b := s.signedIn("bob")
		b.post("verify/codes/verify", "code", bob.codes[0]).want(200)
		b.page("/documents/1").want(200)
	})
	t.Run("the browser that proved before has its own count", func(t *testing.T) {
		b := bob.tab()
		b.plant("mfa", "")
		b.page("/documents/1").want(303)
		b.post("verify/totp/verify", "code", bob.at(1)).want(200)
		b.page("/documents/1").want(200)
	})
	t.Run("that count is bounded too", func(*testing.T) {
		b := bob.tab()
		for range 5 {
			b.post("verify/totp/verify", "code", bob.wrong()).want(400)
		}
		b.post("verify/totp/verify", "code", bob.wrong()).wantReason(429, "too-many-tries")
	})
	t.Run("the mark of somebody else's browser is worth nothing", func(*testing.T) {
		mallory := s.signedIn("mallory").enrolled()
		pw.plant("mfa-known", mallory.cookie("mfa-known"))
		pw.post("verify/totp/verify", "code", bob.at(1)).wantReason(429, "too-many-tries")
		pw.plant("mfa-known", mallory.cookie("mfa"))
		pw.post("verify/totp/verify", "code", bob.at(1)).wantReason(429, "too-many-tries")
	})
	t.Run("recovery codes have a count of their own", func(*testing.T) {
		for range 5 {
			pw.post("verify/codes/verify", "code", "0000-0000-0000-0000").want(400)
		}
		pw.post("verify/codes/verify", "code", bob.codes[1]).wantReason(429, "too-many-tries")
		bob.page("/documents/1").want(200)
	})
}

// TestAdvisory_TO4_NobodySpendsTriesWithoutThePassword: without a session of
// bob's no call reaches his counts.
func TestAdvisory_TO4_NobodySpendsTriesWithoutThePassword(t *testing.T) {
	s := start(t)
	bob := s.signedIn("bob").enrolled()
	w := s.witness()
	version := w.version("bob")
	nobody, mallory := s.browser(), s.signedIn("mallory").enrolled()
	for range 8 {
		nobody.call("POST", "verify/totp/verify", object("code", bob.wrong())).wantReason(401, "no-identity")
		nobody.call("POST", "verify/totp/verify?user=bob", object("code", bob.wrong()), "Mfa-User", "bob", "Remote-User", "bob").want(401)
		mallory.tab().post("verify/totp/verify?user=bob", "code", bob.wrong())
	}
	if v := w.version("bob"); v != version {
		t.Errorf("bob's account was written %d times", v-version)
	}
	s.signedIn("bob").post("verify/totp/verify", "code", bob.at(1)).want(200)
}

// TestAdvisory_CVE_2026_16103_TO5_LockIsCheckedAtTheEnd: whoever began before the
// lock does not finish after it.
func TestAdvisory_CVE_2026_16103_TO5_LockIsCheckedAtTheEnd(t *testing.T) {
	s := start(t)
	b := s.signedIn("bob").proveAddress().beginTOTP()
	other := b.tab()
	for range 5 {
		b.post("methods/totp/verify", "code", b.wrong()).want(400)
	}
	other.post("methods/totp", "replaces", "").want(200) // the same key again
	other.post("methods/totp/verify", "code", b.at(0)).wantReason(429, "too-many-tries")
	advance(t, 5*time.Minute)
	other.post("methods/totp/verify", "code", b.at(0)).wantReason(429, "too-many-tries")

	// The same of a proof, begun in one browser and spoilt from another.
	owner := s.signedIn("ann").enrolled()
	begun, spoiler := s.signedIn("ann"), s.signedIn("ann")
	begun.page("/.mfa/verify").want(200)
	begun.post("verify/totp")
	for range 5 {
		spoiler.post("verify/totp/verify", "code", owner.wrong()).want(400)
	}
	begun.post("verify/totp/verify", "code", owner.at(1)).wantReason(429, "too-many-tries")
	begun.page("/documents/1").want(303)
}

// TestAdvisory_EM1_ThreeMailsWhoeverAsks: a hundred at once, from one enrolment
// and from as many sessions, mail no more than three in 15 minutes.
func TestAdvisory_EM1_ThreeMailsWhoeverAsks(t *testing.T) {
	for name, session := range map[string]func(s *site) func(int) *browser{
		"one enrolment": func(s *site) func(int) *browser {
			b := s.signedIn("bob")
			b.post("email").want(200)
			return func(int) *browser { return b.tab() }
		},
		"one session without a visit": func(s *site) func(int) *browser {
			b := s.signedIn("bob")
			return func(int) *browser { return b.tab() }
		},
		"many sessions": func(s *site) func(int) *browser { return func(int) *browser { return s.signedIn("bob") } },
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			next := session(s)
			tabs := make([]*browser, crowd)
			for i := range tabs {
				tabs[i] = next(i)
			}
			atOnce(t, crowd, func(i int) (*reply, error) { return tabs[i].tryCall("POST", "email", nil) })
			if n := len(s.mail.of(mailOf("bob"))); n == 0 || n > 3 {
				t.Errorf("%d mails, want 1 to 3", n)
			}
			tabs[0].post("email").wantReason(429, "too-many-tries")
			s.restart()
			tabs[0].post("email").wantReason(429, "too-many-tries")
			if n := len(s.mail.of(mailOf("bob"))); n > 3 {
				t.Errorf("%d mails after a restart", n)
			}
		})
	}
}
