package enroll

import (
	"errors"
	"time"
	"unicode/utf8"
)

// TicketLife is how long a ticket counts.
const TicketLife = 15 * time.Minute

// Ticket says who was blocked, where, and why. It opens enrol and verify only.
type Ticket struct {
	ID, Realm, User, Tenant, Email, Name, To, Method, Reason string
	// Session is the identity's, so that a proof by way of the ticket is one of
	// the session that was blocked.
	Session string
	Foreign bool // the request came from another site
	Expires time.Time
}

// SignTicket turns t into a token of less than 4096 bytes. An empty ID is filled
// in; Expires is never later than TicketLife from now. A To (then a Name) that
// does not fit is left out: the way back is a comfort, the ticket is not.
func (s *Service) SignTicket(t Ticket) (string, error) {
	k := s.tokens()
	if k == nil {
		return "", ErrStoreDown
	}
	if t.User == "" || !utf8.ValidString(t.Realm+t.User) {
		return "", errors.New("signing a ticket: it names nobody")
	}
	now := s.now()
	if last := now.Add(TicketLife); t.Expires.IsZero() || t.Expires.After(last) {
		t.Expires = last
	}
	if t.ID == "" {
		t.ID = s.newID()
	}
	c := &claims{
		ID: t.ID, Audience: s.audience(t.Realm), User: t.User,
		Expires: t.Expires.Unix(), Issued: now.Unix(), Tenant: t.Tenant, Email: t.Email,
		Name: t.Name, To: t.To, Method: t.Method, Reason: t.Reason, Session: bound(t.Session), Foreign: t.Foreign,
	}
	token, err := k.ticket.sign(c)
	if err != nil {
		c.To = ""
		token, err = k.ticket.sign(c)
	}
	if err != nil {
		c.Name = ""
		token, err = k.ticket.sign(c)
	}
	return token, err
}

// ReadTicket reads a token of SignTicket for a realm, or ErrToken.
func (s *Service) ReadTicket(token, realm string, now time.Time) (*Ticket, error) {
	k := s.tokens()
	if k == nil {
		return nil, ErrStoreDown
	}
	c, err := k.ticket.read(token, s.audience(realm), now)
	if err != nil {
		return nil, err
	}
	return &Ticket{
		ID: c.ID, Realm: realm, User: c.User, Tenant: c.Tenant, Email: c.Email, Name: c.Name,
		To: c.To, Method: c.Method, Reason: c.Reason, Session: c.Session, Foreign: c.Foreign, Expires: time.Unix(c.Expires, 0),
	}, nil
}
