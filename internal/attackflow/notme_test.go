package attackflow

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// noticeTo waits for the mail that says words, and returns the path of its link.
func (s *site) noticeTo(to, words string) string {
	s.t.Helper()
	end := time.Now().Add(10 * time.Second)
	for ; time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for _, l := range s.mail.of(to) {
			if text := l.text(); strings.Contains(text, words) {
				if m := linkLine.FindStringSubmatch(text); m != nil {
					return m[1]
				}
				s.t.Fatalf("no link in %s", text)
			}
		}
	}
	s.t.Fatalf("%s is not told of %q", to, words)
	return ""
}

// TestDesign_H17_NotMeTakesItBack: a thief who got hold of one code adds a phone
// of his own. The owner, who can sign in nowhere any more, presses the button in
// the mail: what was added is gone, and so is every session of the thief's.
func TestDesign_H17_NotMeTakesItBack(t *testing.T) {
	s := start(t)
	owner := s.signedIn("bob").enrolled()
	advance(t, time.Minute)
	thief := s.signedIn("bob")
	thief.secret = owner.secret
	thief.post("verify/totp/verify", "code", thief.at(0)).want(200)
	thief.beginTOTP()
	thief.post("methods/totp/verify", "code", thief.at(0), "name", "phone of the thief").want(200)
	link := s.noticeTo(mailOf("bob"), "phone of the thief")
	thief.page("/documents/1").want(200)
	for _, method := range []string{"GET", "HEAD", "GET"} {
		s.browser().send(method, link, "", pageHeaders...).want(200)
	}
	thief.page("/documents/1").want(200)
	// Another site's page presses nothing.
	s.browser().form(link, url.Values{"action": {"disown"}}, "Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site").want(403)
	thief.page("/documents/1").want(200)
	if r := s.browser().form(link, url.Values{"action": {"disown"}}).want(200); strings.Contains(r.body, "bob") {
		t.Error("the page names the person")
	}
	thief.page("/documents/1").want(303)
	thief.post("verify/totp/verify", "code", thief.at(1)).want(400)
	back := s.signedIn("bob")
	back.secret = owner.secret
	advance(t, time.Minute)
	back.post("verify/totp/verify", "code", back.at(0)).want(200)
	back.page("/documents/1").want(200)
	s.browser().form(link, url.Values{"action": {"disown"}}).want(410)
	back.page("/documents/1").want(200)
}

// TestDesign_H17_AReaderOfTheMailboxGainsNothing: with password and mailbox, the
// button takes the owner's factor away and opens no enrolment: that takes an
// administrator's pass.
func TestDesign_H17_AReaderOfTheMailboxGainsNothing(t *testing.T) {
	s := start(t)
	s.signedIn("bob").enrolled()
	link := s.noticeTo(mailOf("bob"), "was added to your account")
	reader := s.signedIn("bob")
	reader.form(link, url.Values{"action": {"disown"}}).want(200)
	reader.page("/documents/1").want(403)
	reader.post("email").wantReason(409, "wrong-step")
	reader.post("methods/totp").wantReason(409, "wrong-step")
	if page := reader.page("/.mfa/enroll").want(200).body; !strings.Contains(page, "access pass") {
		t.Errorf("the page: %s", page)
	}
}
