package enroll

import (
	"context"
	"time"
)

// VisitLife is how long an enrolment or manage visit lives.
const VisitLife = 15 * time.Minute

// Visit is one browser's enrolment or manage session, as it stands now.
type Visit struct {
	ID            string // secret: the browser's cookie holds it
	Expires       time.Time
	EmailVerified bool      // the address of record was proven in this visit
	Masked        string    // a•••@example.com; empty: no address of record
	EmailOwed     bool      // the address must be proven before a method can be begun
	CodeSent      time.Time // when the live mailed code was sent; zero: none is live
	MailsLeft     int       // mails that can still be asked for now
	MailAt        time.Time // when the next can be asked for, where none is left
	Begun         Kind      // the method being set up, or empty
	HasMethod     bool      // the account has a method
	Proved        bool      // the flag passed in proves this person
}

// BeginVisit opens a visit. Who has a method needs a flag that proves it
// (ErrFreshProof), whatever its age.
func (s *Service) BeginVisit(ctx context.Context, p Person, r Rules, f *Flag) (*Visit, error) {
	return nil, ErrStoreDown
}

// ResumeVisit finds a visit again: ErrExpired where it is over or was ended,
// ErrWrongAccount where it is another person's, ErrFreshProof as BeginVisit.
func (s *Service) ResumeVisit(ctx context.Context, id string, p Person, r Rules, f *Flag) (*Visit, error) {
	return nil, ErrStoreDown
}

// ExtendVisit gives a live visit another 15 minutes from now.
func (s *Service) ExtendVisit(ctx context.Context, v *Visit, p Person) error { return ErrStoreDown }

// EndVisit ends a visit and what is pending in it.
func (s *Service) EndVisit(ctx context.Context, v *Visit, p Person) error { return ErrStoreDown }
