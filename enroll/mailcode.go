package enroll

import (
	"context"
	"slices"
	"time"
)

// MailSetup is what there is to say while a mailbox is being set up as a method.
type MailSetup struct {
	Masked  string    // a•••@example.com
	Proven  bool      // it was proven in this visit, so no further code is needed
	Expires time.Time // of the code; zero: none was sent
}

// BeginEmail starts setting up codes by mail to the address of record. Where the
// visit has proven that address already, nothing is sent: it need only be
// finished. Errors as SendCode, and what forbids a method of the kind.
func (s *Service) BeginEmail(ctx context.Context, v *Visit, p Person, r Rules, f *Flag, replaces string, compose func(Letter) Mail) (*MailSetup, error) {
	now := s.now()
	begun := &pending{ID: s.newID(), Kind: KindEmail, Tenant: r.Tenant, Replaces: replaces}
	setup := &MailSetup{}
	err := s.inVisit(ctx, v, p, func(a *account, k *visit) (bool, error) {
		if err := s.mayMail(a, k, p, r, f, replaces, now); err != nil {
			return false, err
		}
		setup.Masked, setup.Proven = masked(a.mailbox(k)), k.First.mailed()
		if setup.Proven {
			k.Pending = begun
		}
		return setup.Proven, nil
	})
	if err == nil && !setup.Proven {
		may := func(a *account, k *visit) error {
			if k.First.mailed() {
				return ErrWrongStep // in another tab, meanwhile
			}
			return s.mayMail(a, k, p, r, f, replaces, now)
		}
		err = s.mailCode(ctx, v, p, r, Letter{Code: s.newCode()}, compose, may, func(k *visit) { k.Pending = begun })
		setup.Expires = now.Add(mailedLife)
	}
	if err != nil {
		return nil, err
	}
	v.Begun, v.Replaces = KindEmail, replaces
	return setup, nil
}

// mailbox is the one that a visit has proven, else the address of record.
func (a *account) mailbox(k *visit) string {
	if k.First.By == FirstTyped {
		return k.First.To
	}
	return a.Address.Record
}

// mayMail decides whether mailed codes can be set up in this visit now.
func (s *Service) mayMail(a *account, k *visit, p Person, r Rules, f *Flag, replaces string, now time.Time) error {
	if err := s.mayEnroll(a, k, p, r, f, KindEmail, replaces, now); err != nil {
		return err
	}
	box := a.mailbox(k)
	if box == "" {
		return ErrNoAddress
	}
	for _, m := range a.ofKind(KindEmail, r.Tenant) {
		if m.Tenant == r.Tenant && m.ID != replaces && m.Address == box {
			return ErrLimit
		}
	}
	return nil
}

// FinishEmail saves the method. Where the visit proved the mailbox before, code
// may be empty. The codes of later proofs go to the address proven here, whatever
// becomes of the address of record (the attack: with the password, change the
// address in the app, wait, and have the second factor too).
func (s *Service) FinishEmail(ctx context.Context, v *Visit, p Person, r Rules, f *Flag, code, name string) (*Enrolled, error) {
	now := s.now()
	typed, wellFormed := digits(code, mailedDigits)
	var done *Enrolled
	var to string
	var replaced bool
	err := s.inVisit(ctx, v, p, func(a *account, k *visit) (bool, error) {
		d := k.Pending
		if d == nil || d.Kind != KindEmail || d.Tenant != r.Tenant {
			if m := a.method(k.Done); m != nil && m.Kind == KindEmail {
				return false, ErrUsedCode // a double click, another tab
			}
			if !k.First.mailed() {
				return false, ErrWrongStep
			}
			d = &pending{ID: s.newID(), Tenant: r.Tenant} // there is nothing to begin
		}
		if err := s.mayMail(a, k, p, r, f, d.Replaces, now); err != nil {
			return false, err
		}
		if proven := k.First.mailed(); !proven || code != "" && k.Mailed != nil {
			save, err := s.readMailed(a, k, typed, wellFormed, now)
			if err != nil && !(proven && isUsed(err)) {
				return save, err
			}
		}
		to, replaced = a.Address.Record, d.Replaces != ""
		done = s.enrol(a, k, p, r, f, method{
			ID: d.ID, Kind: KindEmail, Name: methodName(name, KindEmail), Tenant: d.Tenant, Address: a.mailbox(k),
		}, d.Replaces, now)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	s.added(ctx, v, p, r, done, to, replaced, now)
	return done, nil
}

// AskEmail mails a code for a proof: to the mailbox that was set up, or, where
// the tenant lets in by mail who lost every method, to the address of record.
// known: this browser has proved this account before. Errors: ErrTooMany with
// RetryAfter, ErrWrongStep where the account has no method, ErrNotOffered,
// ErrMail where it could not be sent, after which all is as before.
func (s *Service) AskEmail(ctx context.Context, p Person, r Rules, known bool, compose func(Letter) Mail) (*Asked, error) {
	now := s.now()
	if s.tokens() == nil {
		return nil, ErrStoreDown
	}
	reserved, at, err := s.reserve(ctx, p, KindEmail, known, now, func(a *account) (sendTo, error) {
		if s.mailer == nil {
			return sendTo{}, ErrMail
		}
		return a.mailTo(r)
	})
	if err != nil {
		return nil, err
	}
	letter := Letter{To: at.to, Code: s.newCode(), Time: now, Expires: now.Add(mailedLife)}
	if err := s.mail(ctx, p, reserved, compose(letter), at.to); err != nil {
		return nil, err
	}
	return s.keepAsk(ctx, p, r, KindEmail, at, letter.Code, now)
}

// mailTo is where codes of a proof are mailed.
func (a *account) mailTo(r Rules) (sendTo, error) {
	if set := a.ofKind(KindEmail, r.Tenant); len(set) > 0 {
		return sendTo{set[0].ID, set[0].Address}, nil
	}
	if !slices.Contains(r.Recovery, KindEmail) || a.Address.Record == "" {
		return sendTo{}, ErrNotOffered
	}
	return sendTo{"", a.Address.Record}, nil
}

// ProveEmail checks a mailed code, in the browser that asked for it. Errors: see
// proveSent.
func (s *Service) ProveEmail(ctx context.Context, p Person, r Rules, id, code string, known bool) (*Flag, error) {
	return s.proveSent(ctx, p, r, KindEmail, mailedDigits, id, code, known)
}
