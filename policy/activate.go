package policy

import (
	"time"

	"gopkg.in/yaml.v3"
)

// An Activate says from when a tenant's requirement holds. The zero Activate is
// at once.
type Activate struct {
	From        time.Time // before it, nothing is required; zero: at once
	NextSession bool      // a session that began before the tenant required anything goes on
}

// maxOldSession is how long a session goes on that began before its tenant
// required anything, counted from its beginning.
const maxOldSession = 24 * time.Hour

const schemaActivate = `{"anyOf": [{"enum": ["now", "next-session"]}, ` + schemaText + `]}`

func readActivate(r *reader, n *yaml.Node, s *settings) {
	if v, ok := r.scalar(n, "activate"); ok {
		if at, isDate := parseDate(v); isDate {
			s.Activate.From = at
			return
		}
	}
	s.Activate.NextSession = r.word(n, "activate, where it is no date such as 2027-01-15,", "now", "next-session") == "next-session"
}

// Requires reports whether the tenant requires a factor at a time.
func (t *Tenant) Requires(at time.Time) bool {
	return t.Require != RequireNone && !at.Before(t.Activate.From)
}

// requires is Requires for the facts. Of no particular time (Facts.Timeless),
// what is to begin has begun.
func (t *Tenant) requires(f *Facts) bool {
	return t.Requires(f.Now) || f.Timeless && t.Require != RequireNone
}

// goesOn reports whether the visitor's session is one that the tenant's
// requirement does not touch yet. One whose beginning nobody can show, that lies
// in the future or more than a day back, is not: the attack is to keep one
// session alive and never be asked (TestDesign_H10).
func (t *Tenant) goesOn(f *Facts) bool {
	if !t.Activate.NextSession || f.Began == nil {
		return false
	}
	began := f.Began(t)
	return !began.IsZero() && !began.After(f.Now) && f.Now.Sub(began) <= maxOldSession
}

// LooksAtSessions reports whether any tenant asks when a session began.
func (p *Policy) LooksAtSessions() bool { return p.sessions }
