package caddymodule

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddy-mfa/caddy-mfa/policy"
)

// began tells when the visitor's session began, where it can be shown that the
// tenant required nothing then: by the identity's own word on when the person
// signed in, or by what the gate saw while nothing was required. Without either
// nobody can know, and the zero time has the person asked.
func (p *passage) began(t *policy.Tenant) time.Time { return p.session().began(t) }

// session is what may show when a visitor's session began.
type session struct {
	app    *appState
	seen   enroll.Sighting // no session: there is nothing to tell one from the next
	token  string          // of a sighting, as the browser sent it
	signed time.Time       // when the person signed in, by the identity's word
	now    time.Time
}

func (p *passage) session() *session {
	if p.who.State != identity.Known {
		return &session{app: p.gate.app}
	}
	q := &p.who.Person
	return &session{
		app: p.gate.app, seen: enroll.Sighting{Realm: p.realm, User: q.User, Session: p.signIn()},
		token: cookieValue(p.given, p.answer.cookies.seen), signed: q.Time, now: p.now,
	}
}

func (s *session) began(t *policy.Tenant) time.Time {
	at := s.seenIn(t)
	switch {
	case s.signed.IsZero():
		return at
	case s.signed.Before(s.app.requiredSince(t)), !at.IsZero() && !s.signed.After(at):
		return s.signed
	}
	return time.Time{} // signed in later, if in the same session
}

// seenIn tells when the gate saw the session while the tenant required nothing.
func (s *session) seenIn(t *policy.Tenant) time.Time {
	svc := s.app.service()
	if svc == nil {
		return time.Time{}
	}
	g := s.seen
	g.Tenant = t.Key
	return svc.ReadSighting(s.token, g, s.now)
}

// signIn tells one sign-in of the visitor from the next: by the identity's
// session, else by every cookie of the app, one of which it replaces at a
// sign-in. Some apps change them more often, and then the next visit looks like
// a new sign-in; that has people asked too soon, never too late. "" where more
// than cookies told who this is when he came: a password is the same every time.
func (p *passage) signIn() string {
	if s := p.who.Person.Session; s != "" {
		return "session " + s
	}
	cookies := p.r.Header["Cookie"]
	if p.gate.memory == nil || p.heeded || len(cookies) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(cookies, "; ")))
	return "cookies " + base64.RawURLEncoding.EncodeToString(sum[:])
}

// noteSession lets the browser remember that its session was there while its
// tenant required nothing, for the day on which it does. Nobody gets that from a
// tenant that requires a factor already, however he was let pass: else an old
// session would renew itself.
func (p *passage) noteSession() {
	t, svc := p.unasked(), p.gate.app.service()
	if t == nil || !t.Activate.NextSession || svc == nil || p.who.State != identity.Known {
		return
	}
	s := p.session()
	g := s.seen
	if g.Tenant = t.Key; g.Session == "" || !s.seenIn(t).IsZero() {
		return
	}
	token, err := svc.SignSighting(g)
	if err != nil {
		p.gate.log.Error("noting a session", errField(err))
		return
	}
	c := http.Cookie{ // #nosec G124 -- Secure wherever the site is https
		Name: p.answer.cookies.seen, Value: token, Path: "/", Secure: p.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	p.answer.set(c.String())
}

// unasked is the tenant under whose protected prefix the request is let pass
// because it requires nothing; nil: there is none.
func (p *passage) unasked() *policy.Tenant {
	d := p.decision
	if d.Reason != policy.ReasonNotRequired || !d.Protected || d.Tenant == nil || d.Tenant.Requires(p.now) {
		return nil
	}
	return d.Tenant
}

// beganBefore is began for a stream, which was there itself while its tenant
// required nothing. Nothing of the request is read any more.
func (p *passage) beganBefore() func(t *policy.Tenant) time.Time {
	s, was, opened := p.session(), p.unasked(), p.now
	return func(t *policy.Tenant) time.Time {
		if was != nil && was.Key == t.Key {
			return opened
		}
		return s.began(t)
	}
}
