package attackflow

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestSMTP_DownIsToldAndNothingIsSaved: while mail is down people are told, no
// try is spent, nothing is half saved, and it goes on when mail is back.
func TestSMTP_DownIsToldAndNothingIsSaved(t *testing.T) {
	s := start(t)
	w := s.witness()
	b := s.signedIn("bob")
	s.mail.setDown(true)
	for range 5 {
		r := b.post("email").wantReason(503, "mail-down")
		if r.Header.Get("Retry-After") == "" {
			t.Error("nobody is told when to try again")
		}
	}
	if r := b.form("/.mfa/api/email", nil); r.StatusCode != 503 || !strings.Contains(r.body, "<form") && !strings.Contains(r.body, "href=") {
		t.Errorf("the form gets %d and no way on", r.StatusCode)
	}
	if st := w.standing(b); st.Email || st.Sent || st.Mails != 3 || len(st.Methods) != 0 {
		t.Errorf("something was half saved: %+v", st)
	}
	b.post("email/verify", "code", "00000000").wantReason(409, "wrong-step")
	b.post("methods/totp").wantReason(409, "wrong-step")
	s.mail.setDown(false)
	b.enrolled().page("/documents/1").want(200)
}

// TestSMTP_SlowHoldsNobodyElse: while the server takes its time over one mail,
// others enrol, and the slow one's code is not taken before its mail is out.
func TestSMTP_SlowHoldsNobodyElse(t *testing.T) {
	s := start(t)
	slow := s.signedIn("slow")
	letGo := s.mail.hold()
	done := make(chan *reply, 1)
	go func() {
		r, _ := slow.tab().tryCall("POST", "email", nil)
		done <- r
	}()
	<-s.mail.took
	b := s.signedIn("lax-user")
	s.app.set("lax-user", "tenant", "lax")
	b.beginTOTP().finishTOTP().page("/documents/1").want(200)
	slow.call("GET", "state", nil).want(200)
	letGo()
	if r := <-done; r == nil || r.StatusCode != 200 {
		t.Errorf("the slow one got %+v", r)
	}
}

// TestAdvisory_FO1_NothingOpensAndNothingIsLost: while the store does not answer,
// every call says so, nobody is taken for new, and what stood goes on after.
func TestAdvisory_FO1_NothingOpensAndNothingIsLost(t *testing.T) {
	s := start(t)
	owner, pw := s.signedIn("bob").enrolled(), s.signedIn("bob")
	half := s.signedIn("ann").proveAddress().beginTOTP()
	s.store().down.Store(true)
	for _, m := range []struct {
		b    *browser
		path string
		in   map[string]string
	}{
		{pw, "email", object()}, {pw, "methods/totp", object()}, {pw, "verify/totp/verify", object("code", owner.at(1))},
		{pw, "verify/codes/verify", object("code", owner.codes[0])}, {half, "methods/totp/verify", object("code", half.at(0))},
		{half, "methods/totp", object()}, {owner, "recovery-codes", object()},
	} {
		if r := m.b.tab().call("POST", m.path, m.in); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" || gave(r) != "" {
			t.Errorf("%s of %s: status %d", m.path, m.b.user, r.StatusCode)
		}
	}
	pw.page("/documents/1").want(503)
	for _, path := range []string{"/.mfa/enroll", "/.mfa/", "/.mfa/verify"} {
		pw.page(path).want(503)
	}
	s.store().down.Store(false)
	half.finishTOTP().page("/documents/1").want(200)
	pw.post("verify/totp/verify", "code", owner.at(1)).want(200)
	pw2 := s.signedIn("bob")
	pw2.post("verify/codes/verify", "code", owner.codes[0]).want(200)
}

// TestStoreFlaky_NothingOpensTwice: one call in twenty to the store fails, some
// after they were done. A try that fails so says 503 and may be made again; all
// people get through in the end, no code is good twice, and nobody passes before.
func TestStoreFlaky_NothingOpensTwice(t *testing.T) {
	s := start(t)
	bob := s.signedIn("bob").enrolled()
	codes := bob.codes
	s.store().flaky.Store(true)
	away := 0
	for i, code := range codes {
		taken := 0
		for range 12 {
			pw := s.signedIn("bob")
			if r := pw.page("/documents/1"); r.StatusCode != 303 && r.StatusCode != 503 {
				t.Fatalf("who proved nothing gets %d", r.StatusCode)
			}
			switch r := pw.post("verify/codes/verify", "code", code); {
			case r.StatusCode == 200:
				taken++
			case r.StatusCode == 503:
				away++
			case gave(r) != "":
				t.Fatalf("%d gives a proof", r.StatusCode)
			}
		}
		// One that failed after it was done is spent without a proof.
		if taken > 1 {
			t.Errorf("code %d was good %d times", i, taken)
		}
	}
	if away == 0 {
		t.Error("nothing failed")
	}
	for i := range 5 {
		user := fmt.Sprint("carl", i)
		b := s.signedIn(user)
		through := false
		for try := 0; !through; try++ {
			if try == 60 {
				t.Fatalf("%s does not get through", user)
			}
			if r := b.page("/documents/1"); r.StatusCode == 200 {
				t.Fatalf("%s passes with nothing", user)
			}
			switch r := b.post("email"); r.StatusCode {
			case 429: // as many mails went out as may, each for a code that came to nothing
				advance(t, 15*time.Minute)
				continue
			case 200:
			default:
				continue
			}
			for typed := 0; typed < 3 && !through && len(s.mail.of(mailOf(user))) > 0; typed++ {
				through = b.post("email/verify", "code", s.mail.code(t, mailOf(user))).StatusCode == 200
			}
		}
	}
	s.store().flaky.Store(false)
	bob.page("/documents/1").want(200)
}

// TestAdvisory_EN8_FifteenMinutes: an enrolment ends by the clock, longer only if
// asked before, never beyond three hours, and leaves nothing behind.
func TestAdvisory_EN8_FifteenMinutes(t *testing.T) {
	s := start(t)
	w := s.witness()
	b := s.signedIn("bob").proveAddress().beginTOTP()
	secret := b.secret
	advance(t, 14*time.Minute)
	b.form("/.mfa/enroll", url.Values{"action": {"extend"}}).want(303)
	advance(t, 14*time.Minute)
	b.page("/.mfa/enroll").want(200)
	advance(t, 2*time.Minute)
	late := b.tab()
	late.form("/.mfa/enroll", url.Values{"action": {"extend"}}).want(410)
	late = b.tab()
	late.post("methods/totp/verify", "code", b.at(0)).wantReason(410, "expired")
	late = b.tab()
	late.post("methods/totp").wantReason(410, "expired")
	if st := w.standing(b); len(st.Methods) != 0 || st.Had || st.Begun != "" {
		t.Errorf("an enrolment that is over left %+v", st)
	}
	b = s.signedIn("bob")
	b.proveAddress().beginTOTP()
	if b.secret == secret {
		t.Error("a new enrolment has the old one's secret")
	}
	for range 20 {
		b.form("/.mfa/enroll", url.Values{"action": {"extend"}})
		advance(t, 10*time.Minute)
	}
	if r := b.post("methods/totp/verify", "code", b.at(0)); r.StatusCode == 200 {
		t.Error("an enrolment was kept alive for more than three hours")
	}
}

// TestDesign_M17_AClockSetBackReopensNothing: a spent code stays spent.
func TestDesign_M17_AClockSetBackReopensNothing(t *testing.T) {
	s := start(t)
	owner := s.signedIn("bob").enrolled()
	code := owner.at(1)
	s.signedIn("bob").post("verify/totp/verify", "code", code).want(200)
	ahead.Add(-int64(30 * time.Second))
	defer ahead.Add(int64(30 * time.Second))
	for _, again := range []string{code, owner.at(0), owner.at(-1), owner.at(1)} {
		if r := s.signedIn("bob").post("verify/totp/verify", "code", again); r.StatusCode == 200 {
			t.Errorf("the clock went back, and a spent step was accepted")
		}
	}
	// A flag from a clock far ahead does not count.
	advance(t, 10*time.Minute)
	b := s.signedIn("bob")
	b.post("verify/totp/verify", "code", owner.at(0)).want(200)
	b.page("/documents/1").want(200)
	ahead.Add(-int64(10 * time.Minute))
	r := b.page("/documents/1")
	ahead.Add(int64(10 * time.Minute))
	if r.StatusCode == 200 {
		t.Error("a flag from ten minutes ahead counts")
	}
}

// TestAdvisory_FO7_AClockThatStepsOpensNothing: the machine's clock jumps, by a
// mistake or by whoever answers its NTP. What was spent stays spent, a proof that the
// clock has not come to yet counts for nothing, one that is over is over, and a code of
// the right time works as soon as it is newer than the last.
func TestAdvisory_FO7_AClockThatStepsOpensNothing(t *testing.T) {
	for step, flag := range map[time.Duration]int{
		-24 * time.Hour: 303, -time.Hour: 303, -90 * time.Second: 303, -30 * time.Second: 200, time.Hour: 200, 13 * time.Hour: 303, 24 * time.Hour: 303,
	} {
		t.Run(step.String(), func(t *testing.T) {
			s := start(t)
			advance(t, 48*time.Hour) // so that a step back is after the key was made
			owner := s.signedIn("bob").enrolled()
			spent := owner.at(1)
			proved := s.signedIn("bob")
			proved.post("verify/totp/verify", "code", spent).want(200)
			proved.page("/documents/1").want(200)
			advance(t, step)
			proved.page("/documents/1").want(flag)
			pw := s.signedIn("bob")
			for _, code := range []string{spent, owner.at(-1), owner.at(0), owner.at(1)} {
				r := pw.post("verify/totp/verify", "code", code)
				if late := step > 0 && code != spent; r.StatusCode == 200 && !late {
					t.Errorf("a code of %v is good again", step)
				} else if r.StatusCode == 200 {
					pw.page("/documents/1").want(200)
					return
				}
				pw.page("/documents/1").want(303)
			}
			if step > 0 {
				t.Error("no code is taken any more")
			}
			// Nobody is locked out by it: recovery codes know no clock.
			pw.post("verify/codes/verify", "code", owner.codes[0]).want(200)
			pw.page("/documents/1").want(200)
		})
	}
}
