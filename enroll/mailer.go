package enroll

import (
	"context"
	"time"
)

// Mail is one message to one person.
type Mail struct{ To, Subject, Text, HTML string }

// Mailer sends mail. Send returns once the message is accepted for delivery.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// Letter is what a mail that proves an address has to say. Code goes on a line
// of its own in the text part.
type Letter struct {
	To        string
	Typed     bool   // To was typed just now: whoever reads it may be anybody
	Code      string // empty: the link alone counts
	LinkToken string
	Time      time.Time // when it was asked for
	Expires   time.Time // of code and link
}
