package enroll

import (
	"errors"
	"time"
	"unicode/utf8"
)

// SightingLife is how long a sighting is remembered: longer than it counts, so
// that a session that is past counting is not taken for a new one.
const SightingLife = 30 * 24 * time.Hour

// Sighting says that a session of a person was seen at a time when a tenant
// required nothing of it. It proves no more than that.
type Sighting struct {
	Realm, User, Tenant string
	Session             string // what tells one sign-in from the next
	At                  time.Time
}

// SignSighting turns a sighting of now into a token for the browser.
func (s *Service) SignSighting(g Sighting) (string, error) {
	t := s.tokens()
	if t == nil {
		return "", ErrStoreDown
	}
	if g.User == "" || g.Session == "" || !utf8.ValidString(g.Realm+g.User+g.Session) {
		return "", errors.New("noting a session: it is nobody's, or no session")
	}
	now := s.now()
	return t.sighting.sign(&claims{
		ID: s.newID(), Audience: s.audience(g.Realm), User: g.User, Tenant: g.Tenant, Session: bound(g.Session),
		Issued: now.Unix(), Expires: now.Add(SightingLife).Unix(),
	})
}

// ReadSighting tells when the session of g was seen; the zero time where the
// token does not say so of this very person, tenant and session.
func (s *Service) ReadSighting(token string, g Sighting, now time.Time) time.Time {
	t := s.tokens()
	if t == nil || token == "" {
		return time.Time{}
	}
	c, err := t.sighting.read(token, s.audience(g.Realm), now)
	if err != nil || c.User != g.User || c.Tenant != g.Tenant || g.Session == "" || c.Session != bound(g.Session) {
		return time.Time{}
	}
	return time.Unix(c.Issued, 0)
}
