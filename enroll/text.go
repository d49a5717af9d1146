package enroll

import (
	"context"
	"crypto/hmac"
	"time"
)

const (
	// textDigits is the length of a code in a text message. It is shorter than a
	// mailed one: it is read off one screen and typed on another.
	textDigits = 6
	// textAgain is after what time a text counts as a person's first of the day.
	textAgain = 24 * time.Hour
	// forNumbers is the purpose of texts that set up a number.
	forNumbers = "enrol sms"
)

// TextSetup is what there is to say while a phone is being set up.
type TextSetup struct {
	Masked  string    // +31 •••78
	Expires time.Time // of the code
}

// phone is a number being set up, and the code that was sent to it.
type phone struct {
	Number  string    `json:"number"`
	Code    []byte    `json:"code"`
	Key     string    `json:"key"` // id of the key of the MAC
	Expires time.Time `json:"expires"`
}

// BeginText sends a code to a number that a person typed; an empty one is the
// number typed before in this visit. Errors: ErrBadNumber, ErrTooMany with
// RetryAfter, ErrText where it could not be sent, after which all is as before,
// and what forbids a method of the kind.
func (s *Service) BeginText(ctx context.Context, v *Visit, p Person, r Rules, f *Flag, number, replaces string, compose func(Note) string) (*TextSetup, error) {
	now := s.now()
	to, wrong := "", error(nil)
	if number != "" {
		to, wrong = readNumber(number)
	}
	reserved := send{ID: s.newID(), At: now, For: forNumbers}
	var first bool
	err := s.inVisit(ctx, v, p, func(a *account, k *visit) (bool, error) {
		if number == "" {
			if d := k.Pending; d != nil && d.Phone != nil && d.Tenant == r.Tenant {
				to, replaces = d.Phone.Number, d.Replaces
			} else {
				wrong = ErrBadNumber
			}
		}
		if err := s.mayText(a, k, p, r, f, to, replaces, now); err != nil {
			return false, err
		}
		switch {
		case wrong != nil:
			return false, wrong
		case s.texter == nil:
			return false, ErrText
		}
		if wait := a.sendWait(forNumbers, now); wait > 0 {
			return false, tooMany(wait)
		}
		first = now.Sub(a.Texted) >= textAgain
		a.Sends = append(a.Sends, reserved)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	code := s.newDigits(textDigits)
	note := Note{Code: code, Expires: now.Add(mailedLife)}
	if err := s.text(ctx, p, r, reserved, to, compose(note), first, now); err != nil {
		return nil, err
	}
	key := s.tokens().keys.newest()
	err = s.inVisit(context.WithoutCancel(ctx), v, p, func(a *account, k *visit) (bool, error) {
		a.Texted = now
		k.Pending = &pending{ID: s.newID(), Kind: KindSMS, Tenant: r.Tenant, Replaces: replaces, Phone: &phone{
			Number: to, Code: mailedMAC(key, v.ID, code), Key: key.id, Expires: note.Expires,
		}}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	v.Begun, v.Phone, v.Replaces = KindSMS, maskedNumber(to), replaces
	return &TextSetup{Masked: v.Phone, Expires: note.Expires}, nil
}

// mayText decides whether a number can be set up in this visit now.
func (s *Service) mayText(a *account, k *visit, p Person, r Rules, f *Flag, number, replaces string, now time.Time) error {
	if err := s.mayEnroll(a, k, p, r, f, KindSMS, replaces, now); err != nil {
		return err
	}
	for _, m := range a.ofKind(KindSMS, r.Tenant) {
		if m.Tenant == r.Tenant && m.ID != replaces && m.Number == number && number != "" {
			return &Error{Reason: ErrLimit.Reason, Status: ErrLimit.Status, Detail: "number"}
		}
	}
	return nil
}

// text sends a text that was counted in the account, counts it for its number and
// tenant, and gives both back where it could not be sent.
func (s *Service) text(ctx context.Context, p Person, r Rules, reserved send, to, text string, first bool, now time.Time) error {
	after := context.WithoutCancel(ctx) // the person's own connection may be gone
	wait, err := s.countText(after, r, p, reserved.For, to, first, now)
	switch {
	case err == nil && wait > 0:
		err = tooMany(wait)
	case err == nil:
		if sending := s.texter.SendText(ctx, to, text); sending != nil {
			s.uncountText(after, r, p, reserved.For, to, now)
			err = &Error{Reason: ErrText.Reason, Status: ErrText.Status, Err: sending}
		}
	}
	if err != nil {
		s.giveBack(after, p, reserved)
	}
	return err
}

// FinishText saves the number if the code is right; before that nothing of it
// counts. The number is used for nothing but codes.
func (s *Service) FinishText(ctx context.Context, v *Visit, p Person, r Rules, f *Flag, code, name string) (*Enrolled, error) {
	now := s.now()
	typed, wellFormed := digits(code, textDigits)
	var done *Enrolled
	var to string
	var replaced bool
	err := s.inVisit(ctx, v, p, func(a *account, k *visit) (bool, error) {
		d := k.Pending
		if d == nil || d.Phone == nil || d.Tenant != r.Tenant {
			if m := a.method(k.Done); m != nil && m.Kind == KindSMS {
				return false, ErrUsedCode // a double click, another tab
			}
			return false, ErrWrongStep
		}
		if err := s.mayText(a, k, p, r, f, d.Phone.Number, d.Replaces, now); err != nil {
			return false, err
		}
		if wait := k.Tries.wait(now); wait > 0 {
			return false, tooMany(wait)
		}
		if !wellFormed {
			return false, badCode(k.Tries.left(now)) // not a guess
		}
		key, ok := s.tokens().keys.byID(d.Phone.Key)
		switch right := ok && hmac.Equal(d.Phone.Code, mailedMAC(key, k.ID, typed)); {
		case !right:
			return true, badCode(k.Tries.wrong(now))
		case !now.Before(d.Phone.Expires):
			return false, errCodeOver()
		}
		k.Tries.right()
		to, replaced = a.Address.Record, d.Replaces != ""
		done = s.enrol(a, k, p, r, f, method{
			ID: d.ID, Kind: KindSMS, Name: methodName(name, KindSMS), Tenant: d.Tenant, Number: d.Phone.Number,
		}, d.Replaces, now)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	s.added(ctx, v, p, r, done, to, replaced, now)
	return done, nil
}

// AskText sends a code for a proof to one of the person's phones: which counts
// from 0, the one that is asked first. Errors as AskEmail; ErrText where it could
// not be sent.
func (s *Service) AskText(ctx context.Context, p Person, r Rules, which int, known bool, compose func(Note) string) (*Asked, error) {
	now := s.now()
	if s.tokens() == nil {
		return nil, ErrStoreDown
	}
	var first bool
	reserved, at, err := s.reserve(ctx, p, KindSMS, known, now, func(a *account) (sendTo, error) {
		phones := a.ofKind(KindSMS, r.Tenant)
		switch {
		case which < 0 || which >= len(phones):
			return sendTo{}, ErrNotOffered
		case s.texter == nil:
			return sendTo{}, ErrText
		}
		first = now.Sub(a.Texted) >= textAgain
		return sendTo{phones[which].ID, phones[which].Number}, nil
	})
	if err != nil {
		return nil, err
	}
	code := s.newDigits(textDigits)
	if err := s.text(ctx, p, r, reserved, at.to, compose(Note{Code: code, Expires: now.Add(mailedLife)}), first, now); err != nil {
		return nil, err
	}
	return s.keepAsk(ctx, p, r, KindSMS, at, code, now)
}

// ProveText checks a code that was sent to a phone, in the browser that asked for
// it. Errors: see proveSent.
func (s *Service) ProveText(ctx context.Context, p Person, r Rules, id, code string, known bool) (*Flag, error) {
	return s.proveSent(ctx, p, r, KindSMS, textDigits, id, code, known)
}
