package enroll

import "time"

// TicketLife is how long a ticket counts.
const TicketLife = 15 * time.Minute

// Ticket says who was blocked, where, and why. It opens enrol and verify only.
type Ticket struct {
	ID, Realm, User, Tenant, Email, Name, To, Method, Reason string
	Foreign                                                  bool // the request came from another site
	Expires                                                  time.Time
}

// SignTicket turns t into a token of less than 4096 bytes. An empty ID or
// Expires is filled in; a To that does not fit is left out.
func (s *Service) SignTicket(t Ticket) (string, error) { return "", ErrToken }

// ReadTicket reads a token of SignTicket for a realm.
func (s *Service) ReadTicket(token, realm string, now time.Time) (*Ticket, error) {
	return nil, ErrToken
}

// SignKnown makes the token that marks a browser as one that has proved this
// account, so that somebody else's wrong codes do not make it wait.
func (s *Service) SignKnown(realm, user string) (string, error) { return "", ErrToken }

// ReadKnown tells whether the token marks a browser that proved this account.
func (s *Service) ReadKnown(token, realm, user string, now time.Time) bool { return false }
