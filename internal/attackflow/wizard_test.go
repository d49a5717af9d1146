package attackflow

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// place is one state that an enrolment can stand in, and what may be asked for
// there. Everything else is refused and moves nothing.
type place struct {
	name  string
	reach func(t *testing.T, s *site, user string) *browser
	legal []string // prefixes of the moves that do something here
	on    func(b *browser)
}

func places() []place {
	mailed := func(_ *testing.T, s *site, user string) *browser {
		b := s.signedIn(user)
		b.post("email").want(200)
		return b
	}
	unproven := func(_ *testing.T, s *site, user string) *browser {
		owner := s.signedIn(user).enrolled()
		b := s.signedIn(user)
		b.secret, b.codes = owner.secret, owner.codes
		return b
	}
	prove := func(b *browser) { b.post("verify/codes/verify", "code", b.codes[0]).want(200) }
	whole := func(b *browser) { b.enrolled() }
	return []place{
		{name: "nothing", legal: []string{"POST /api/email "}, on: whole,
			reach: func(_ *testing.T, s *site, user string) *browser { return s.signedIn(user) }},
		{name: "mailed", reach: mailed, legal: []string{"POST /api/email ", "POST /enroll form action=extend"},
			on: func(b *browser) {
				b.post("email/verify", "code", b.s.mail.code(b.t, mailOf(b.user))).want(200)
				b.beginTOTP().finishTOTP()
			}},
		{name: "verified", legal: []string{"POST /api/methods/totp ", "POST /enroll form action=extend"},
			on:    func(b *browser) { b.beginTOTP().finishTOTP() },
			reach: func(_ *testing.T, s *site, user string) *browser { return s.signedIn(user).proveAddress() }},
		{name: "begun", legal: []string{"POST /api/methods/totp ", "POST /enroll form action=extend"},
			on:    func(b *browser) { b.finishTOTP() },
			reach: func(_ *testing.T, s *site, user string) *browser { return s.signedIn(user).proveAddress().beginTOTP() }},
		{name: "unproven", reach: unproven, on: prove},
		{name: "parked", on: prove, reach: func(t *testing.T, s *site, user string) *browser {
			b := s.signedIn(user).proveAddress().beginTOTP()
			owner := s.signedIn(user)
			owner.post("email").want(200)
			owner.post("email/verify", "code", s.mail.code(t, mailOf(user))).want(200)
			owner.beginTOTP().finishTOTP()
			b.secret, b.codes = owner.secret, owner.codes
			return b
		}},
		{name: "locked", on: prove, reach: func(t *testing.T, s *site, user string) *browser {
			b := unproven(t, s, user)
			for range 5 {
				b.post("verify/totp/verify", "code", b.wrong()).want(400)
			}
			b.post("verify/totp/verify", "code", b.wrong()).wantReason(429, "too-many-tries")
			return b
		}},
		{name: "expired", legal: []string{"POST /api/email "}, on: whole, reach: func(t *testing.T, s *site, user string) *browser {
			b := s.signedIn(user).proveAddress().beginTOTP()
			advance(t, 15*time.Minute+time.Second)
			return b
		}},
	}
}

// TestAdvisory_CVE_2026_49448_EN6_TheWizardMovesOnlyByItsTable sends every call
// of the API and every form of the pages, in every state, without what the state
// asks for: empty, out of order, repeated, by JSON and by form. None moves
// anything or hands anything over, and afterwards the right move still goes on
// (CVE-2026-49448: an empty POST skips a stage; CVE-2026-94218).
func TestAdvisory_CVE_2026_49448_EN6_TheWizardMovesOnlyByItsTable(t *testing.T) {
	walkTable(t, func(*site) {})
}

// TestAdvisory_CVE_2026_94218_EN6_TheTableHoldsAcrossARestart sends them after
// the process ended and began anew in the middle (Keycloak CVE-2026-94218: a
// restart dropped the flow that was forced).
func TestAdvisory_CVE_2026_94218_EN6_TheTableHoldsAcrossARestart(t *testing.T) {
	walkTable(t, (*site).restart)
}

// walkTable tries every move in every place, after something happened there.
func walkTable(t *testing.T, happens func(*site)) {
	t.Helper()
	s := start(t)
	aim := s.signedIn("aim").enrolled()
	foreign := s.witness().standing(aim).Methods[0].ID
	for _, p := range places() {
		t.Run(p.name, func(t *testing.T) {
			b := p.reach(t, s, "user-"+p.name)
			happens(s)
			w := s.witness()
			id := foreign
			if st := w.standing(b); len(st.Methods) > 0 {
				id = st.Methods[0].ID
			}
			n := 0
			for _, m := range slices.Concat(changes(id), looks()) {
				if slices.ContainsFunc(p.legal, func(l string) bool { return strings.HasPrefix(m.name, l) }) && !strings.Contains(m.name, "address") {
					continue
				}
				before, version := w.standing(b), w.version(b.user)
				r := m.make(b)
				n++
				if m.method == "POST" || m.method == "PATCH" || m.method == "DELETE" {
					// A form that asks for a proof first leads to where it is given.
					asked := m.form && r.StatusCode == 303 && strings.HasPrefix(r.Header.Get("Location"), "/.mfa/verify")
					if r.StatusCode < 400 && !asked {
						t.Errorf("%s: status %d, want a refusal\n%.200s", m.name, r.StatusCode, r.body)
					}
				}
				if r.StatusCode >= 500 {
					t.Errorf("%s: status %d", m.name, r.StatusCode)
				}
				if d := before.diff(w.standing(b)); d != "" {
					t.Errorf("%s moved something\n%s", m.name, d)
				}
				if v := w.version(b.user); v != version {
					t.Errorf("%s wrote to the account", m.name)
				}
				if what := gave(r); what != "" && !(p.name == "begun" && (m.form || m.page)) {
					t.Errorf("%s gave %s", m.name, what)
				}
			}
			if n < 150 {
				t.Errorf("only %d moves were tried", n)
			}
			p.on(b)
			b.page("/documents/1").want(200)
		})
	}
	if d := s.witness().standing(aim); len(d.Methods) != 1 || d.Methods[0].Name != "phone of aim" {
		t.Errorf("the account aimed at changed: %+v", d)
	}
}
