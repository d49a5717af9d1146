package enroll

import (
	"errors"
	"time"
	"unicode/utf8"

	"github.com/caddy-mfa/caddy-mfa/internal/recent"
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

// ticketAgain is how long the same ticket is given again to whoever is blocked in
// the same way: a program that asks again and again is told nothing new.
const ticketAgain = time.Second

// maxTicketsAgain bounds how many are kept for that.
const maxTicketsAgain = 512

// ticketAs is all that one ticket says and another may not.
type ticketAs struct {
	Ticket // without ID and Expires
	by     *signers
}

type signedTickets = recent.Table[ticketAs, string]

func newSignedTickets() *signedTickets {
	return recent.New[ticketAs, string](maxTicketsAgain)
}

// SignTicket turns t into a token of less than 4096 bytes. An empty ID is filled
// in, and then the ticket may be one of a second ago, and end as much sooner; Expires is never later
// than TicketLife from now. A To (then a Name) that does not fit is left out: the
// way back is a comfort, the ticket is not.
func (s *Service) SignTicket(t Ticket) (string, error) {
	k := s.tokens()
	if k == nil {
		return "", ErrStoreDown
	}
	if t.User == "" || !utf8.ValidString(t.Realm+t.User) {
		return "", errors.New("signing a ticket: it names nobody")
	}
	now := s.now()
	last := now.Add(TicketLife)
	if t.Expires.IsZero() || t.Expires.After(last) {
		t.Expires = last
	}
	var as *ticketAs
	if t.ID == "" && last.Sub(t.Expires) < ticketAgain {
		as = &ticketAs{t, k}
		as.Expires = time.Time{}
		if e := s.signed.Get(as.User, as); e != nil && now.Before(e.Until) && e.Until.Sub(now) <= ticketAgain {
			return e.Value, nil
		}
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
	if err == nil && as != nil {
		s.signed.Put(&recent.Entry[ticketAs, string]{Text: as.User, Key: *as, Until: now.Add(ticketAgain), Value: token}, now)
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
