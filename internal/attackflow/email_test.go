package attackflow

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestDesign_C8_FirstEnrolmentByMail plays each way to have the first proof
// without bob's mailbox.
func TestDesign_C8_FirstEnrolmentByMail(t *testing.T) {
	s := start(t)
	w := s.witness()
	t.Run("a typed address is refused", func(t *testing.T) {
		pw := s.signedIn("typed")
		before := w.version("typed")
		for _, address := range []string{"evil@evil.test", mailOf("typed")} {
			pw.post("email", "address", address).want(403)
			pw.form("/.mfa/api/email", map[string][]string{"address": {address}}).want(403)
		}
		if len(s.mail.of("evil@evil.test")) != 0 || w.version("typed") != before {
			t.Error("a typed address moved something")
		}
	})
	t.Run("no address", func(*testing.T) {
		s.app.set("nomail", "email", "")
		s.signedIn("nomail").post("email").wantReason(409, "no-address")
	})
	t.Run("an address changed with the password alone", func(t *testing.T) {
		owner := s.signedIn("moved")
		owner.page("/documents/1").want(403) // seen once, with the right address
		s.app.set("moved", "email", "evil@evil.test")
		s.signedIn("moved").post("email").want(200)
		if len(s.mail.codes("evil@evil.test")) != 0 {
			t.Error("the code went to the address that was just changed")
		}
		if len(s.mail.codes(mailOf("moved"))) != 1 {
			t.Error("the code did not go to the address of record")
		}
	})
	t.Run("in another browser the link changes nothing", func(t *testing.T) {
		pw := s.signedIn("phone")
		pw.post("email").want(200)
		link := s.mail.link(t, mailOf("phone"))
		before, version := w.standing(pw), w.version("phone")
		for _, b := range []*browser{s.browser(), s.signedIn("phone"), s.signedIn("mallory")} {
			for _, method := range []string{"GET", "HEAD", "GET"} {
				b.send(method, link, "", pageHeaders...).want(200)
			}
			b.send("GET", link, "") // a scanner without a browser's headers
			b.form(link, map[string][]string{"action": {"confirm"}}).want(map[bool]int{true: 403, false: 403}[b.user == ""])
			b.form(link, map[string][]string{}).want(400)
		}
		if d := before.diff(w.standing(pw)); d != "" || w.version("phone") != version {
			t.Error("the link moved the asking session from outside: " + d)
		}
		pw.post("methods/totp").wantReason(409, "wrong-step")
	})
	t.Run("verified is of the enrolment", func(*testing.T) {
		s.signedIn("lastweek").proveAddress() // and gave up
		pw := s.signedIn("lastweek")
		pw.post("methods/totp").wantReason(409, "wrong-step")
		var state struct{ Step string }
		pw.call("GET", "state", nil).want(200).json(&state)
		if state.Step != "email" {
			s.t.Errorf("another session begins at step %q", state.Step)
		}
	})
	t.Run("a code is of its own enrolment", func(*testing.T) {
		one, two := s.signedIn("coded"), s.signedIn("coded")
		one.post("email").want(200)
		first := s.mail.code(s.t, mailOf("coded"))
		two.post("email").want(200)
		two.post("email/verify", "code", first).wantReason(400, "bad-code")
		one.post("email/verify", "code", first).want(200)
	})
	t.Run("this was not me", func(*testing.T) {
		pw := s.signedIn("disowned")
		pw.post("email").want(200)
		link, code := s.mail.link(s.t, mailOf("disowned")), s.mail.code(s.t, mailOf("disowned"))
		s.browser().form(link, map[string][]string{"action": {"disown"}}).want(200)
		pw.tab().post("email/verify", "code", code).wantReason(410, "expired")
		pw.post("methods/totp").want(410)
		s.browser().page(link).want(410)
	})
	t.Run("the mail says when, where and with what", func(t *testing.T) {
		text := s.mail.of(mailOf("phone"))[0].text()
		for _, want := range []string{"UTC", "127.0.0.1", "http://portal.test/.mfa/link/"} {
			if !strings.Contains(text, want) {
				t.Errorf("the mail lacks %q:\n%s", want, text)
			}
		}
	})
}

// TestAdvisory_EM3_MailedCodesEnd: the older code after a new one, and any after
// ten minutes.
func TestAdvisory_EM3_MailedCodesEnd(t *testing.T) {
	s := start(t)
	b := s.signedIn("bob")
	b.post("email").want(200)
	old := s.mail.code(t, mailOf("bob"))
	b.post("email").want(200)
	b.post("email/verify", "code", old).wantReason(400, "bad-code")
	thief := s.signedIn("bob")
	thief.post("email").want(200)
	b.post("email/verify", "code", s.mail.code(t, mailOf("bob"))).wantReason(400, "bad-code")
	advance(t, 10*time.Minute+time.Second)
	thief.post("email/verify", "code", s.mail.code(t, mailOf("bob"))).wantReason(410, "expired")
	advance(t, 5*time.Minute)
	b = s.signedIn("bob")
	b.post("email").want(200)
	b.post("email/verify", "code", s.mail.code(t, mailOf("bob"))).want(200)
}

// TestAdvisory_GHSA_c5c4_8r6x_56w3_EM4_NothingOfTheIdentityReachesAHeader gives
// people addresses and names that would add a header, a recipient or a line of
// their own.
func TestAdvisory_GHSA_c5c4_8r6x_56w3_EM4_NothingOfTheIdentityReachesAHeader(t *testing.T) {
	s := start(t)
	for i, address := range []string{
		"a@b.test\r\nBcc: evil@evil.test", "a@b.test\nBcc: evil@evil.test", "a@b.test, evil@evil.test", "a@evil.test@b.test",
		"\"Bob\" <evil@evil.test>", "<evil@evil.test>", "a@b.test;evil@evil.test", "a b@b.test", "a@b.test\x00", "a@b.test(evil)",
		"@evil.test:a@b.test", "undisclosed:a@b.test;", "a@b.test%0aBcc:evil@evil.test", strings.Repeat("a", 300) + "@b.test", "a", "@", "a@",
	} {
		user := "injected" + string(rune('a'+i))
		s.app.set(user, "email", address)
		r := s.signedIn(user).post("email")
		if r.StatusCode == 200 && !strings.Contains(address, "%0a") {
			t.Errorf("%q was mailed to", address)
		}
		if r.StatusCode >= 500 {
			t.Errorf("%q: status %d", address, r.StatusCode)
		}
	}
	for to := range map[string]bool{"evil@evil.test": true} {
		if n := len(s.mail.of(to)); n != 0 {
			t.Errorf("%d mails went to %s", n, to)
		}
	}
	name := "Bob\r\nBcc: evil@evil.test\r\n\r\n12345678\r\n\r\nhttp://evil.test/ <b>now</b>"
	s.app.set("named", "name", name)
	b := s.signedIn("named")
	b.post("email").want(200)
	l := s.mail.of(mailOf("named"))[0]
	if strings.Contains(strings.ToLower(l.header()), "\nbcc:") {
		t.Errorf("a name added a header:\n%s", l.header())
	}
	if codes := codeLine.FindAllString(l.text(), -1); len(codes) != 1 {
		t.Errorf("a name wrote a code of its own into the mail: %q", codes)
	}
	if strings.Contains(l.text(), "<b>now</b>") && strings.Contains(l.text(), "<html") && !strings.Contains(l.text(), "&lt;b&gt;now") {
		t.Error("a name is markup in the mail")
	}
	b.post("email/verify", "code", s.mail.code(t, mailOf("named"))).want(200)
}

// TestAdvisory_EM2_AForgedHostIsInNoMail: nothing of a Host, X-Forwarded-Host or
// Forwarded field is in a mail, neither as a link nor as words that a mail
// program makes one of.
func TestAdvisory_EM2_AForgedHostIsInNoMail(t *testing.T) {
	for name, change := range map[string][]string{
		"base_url":    nil,
		"no base_url": {"\t\tbase_url http://portal.test\n", ""},
		"no policy":   {"mfa %DIR%/policy.yaml", "mfa", "\t\t\ttenant json tenant\n", "\t\t\tsession json sid\n", "identity whoami", "protect /documents /admin\n\t\tidentity whoami"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, change...)
			b := s.signedIn("bob")
			b.call("POST", "email", nil, "Host", "evil.test", "Origin", "http://evil.test", "X-Forwarded-Host", "evil.test", "Forwarded", "host=evil.test").want(200)
			raw := s.mail.of(mailOf("bob"))[0]
			if strings.Contains(raw.text(), "evil.test") {
				t.Errorf("the forged host is in the mail:\n%s", raw.text())
			}
			if strings.Contains(raw.text(), "/.mfa/link/") && !strings.Contains(raw.text(), "http://portal.test/.mfa/link/") {
				t.Errorf("the link leads elsewhere:\n%s", raw.text())
			}
		})
	}
}

// TestAdvisory_EM1_GoingAwayDoesNotGiveTheMailBack: whoever closes the connection
// between the server's taking of a mail and its answer has still had it.
func TestAdvisory_EM1_GoingAwayDoesNotGiveTheMailBack(t *testing.T) {
	s := start(t)
	pw := s.signedIn("bob")
	pw.post("email").want(200)
	<-s.mail.took
	for range 5 {
		letGo := s.mail.hold()
		ctx, leave := context.WithCancel(context.Background())
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			req, _ := http.NewRequestWithContext(ctx, "POST", s.base+"/.mfa/api/email", nil)
			req.Header.Set("Content-Type", "application/json")
			if res, err := pw.Do(req); err == nil {
				_ = res.Body.Close()
			}
		}()
		select {
		case <-s.mail.took:
			leave()
		case <-gone: // refused: the mails of this quarter of an hour are spent
		}
		<-gone
		letGo()
		leave()
		// The gate has seen the connection close once its own mail is over: the
		// next question waits for the account in the store.
		pw.call("GET", "state", nil).want(200)
	}
	if n := len(s.mail.of(mailOf("bob"))); n > 3 {
		t.Errorf("%d mails in a moment, want no more than 3", n)
	}
}

// TestAdvisory_EM1_AddressesChangedInTurnMailNoFlood: each change of address is
// told to the old one; a script that changes it all the time must not fill bob's
// box.
func TestAdvisory_EM1_AddressesChangedInTurnMailNoFlood(t *testing.T) {
	s := start(t)
	s.signedIn("bob").page("/documents/1").want(403)
	for i := range 20 {
		s.app.set("bob", "email", strings.Repeat("x", i+1)+"@evil.test")
		s.signedIn("bob").post("email")
	}
	s.restart() // waits for the mails under way
	if n := len(s.mail.of(mailOf("bob"))); n > 6 {
		t.Errorf("%d mails, want no more than three codes and three notices", n)
	}
}

// TestDesign_H4_VisitsOfAScriptPushNobodyOut: while bob looks for the mail, a
// script with his password opens one enrolment after the other.
func TestDesign_H4_VisitsOfAScriptPushNobodyOut(t *testing.T) {
	s := start(t)
	bob := s.signedIn("bob")
	bob.post("email").want(200)
	code := s.mail.code(t, mailOf("bob"))
	for range 40 {
		s.signedIn("bob").post("email")
	}
	bob.post("email/verify", "code", code).want(200)
	bob.beginTOTP().finishTOTP()
}
