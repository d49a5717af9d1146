package enroll

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

const (
	// mailedDigits is the length of a mailed code.
	mailedDigits = 8
	// mailedLife is how long code and link count (ASVS 6.5.5: 10 minutes at most).
	mailedLife = 10 * time.Minute
	// maxMails is how many an account can ask for in 15 minutes, in all its visits.
	maxMails = 3
)

// mailed is the one code (and link) of a visit that counts. A later one replaces
// it; another visit's is never touched.
type mailed struct {
	Code    []byte    `json:"code,omitempty"` // none: the link alone counts
	Link    []byte    `json:"link"`
	Key     string    `json:"key"` // id of the key of these MACs
	Sent    time.Time `json:"sent"`
	Expires time.Time `json:"expires"`
	Used    bool      `json:"used,omitempty"`
	To      string    `json:"to,omitempty"` // an address that was typed; empty: the one of record
}

// send is a mail that was asked for. It is counted before it goes out, so that a
// hundred requests at once send no more than three.
type send struct {
	ID  string    `json:"id"`
	At  time.Time `json:"at"`
	For string    `json:"for,omitempty"` // the bucket of a proof; "": an enrolment
}

// sent are the times at which something was sent for a purpose, oldest first.
func (a *account) sent(purpose string) (at []time.Time) {
	for _, d := range a.Sends {
		if d.For == purpose {
			at = append(at, d.At)
		}
	}
	return at
}

// sendWait is how long the next mail for a purpose has to wait. Each purpose has
// its own: who has the password alone must not spend the mails of a browser that
// has proved this account before.
func (a *account) sendWait(purpose string, now time.Time) time.Duration {
	at := a.sent(purpose)
	if len(at) < maxMails {
		return 0
	}
	return min(window, max(time.Second, at[len(at)-maxMails].Add(window).Sub(now)))
}

// SendCode mails a code and a one-time link to the address of record. compose
// writes the mail (its To is set here). Errors: ErrTooMany with RetryAfter,
// ErrNoAddress, ErrWrongStep where no mail is owed, ErrMail where it could not
// be sent, after which all is as before and it can be tried again.
func (s *Service) SendCode(ctx context.Context, v *Visit, p Person, r Rules, compose func(Letter) Mail) error {
	return s.sendFirst(ctx, v, p, r, Letter{Code: s.newCode()}, compose)
}

// SendLink mails a one-time link to an address that is typed now, where the
// tenant asks for that first. With code there is a code as well, for a site
// whose address no mail can name. Errors as SendCode; ErrBadAddress where no
// mail could be sent to what was typed.
func (s *Service) SendLink(ctx context.Context, v *Visit, p Person, r Rules, address string, code bool, compose func(Letter) Mail) error {
	to, ok := mailable(address)
	if !ok {
		return ErrBadAddress
	}
	l := Letter{To: to, Typed: true}
	if code {
		l.Code = s.newCode()
	}
	return s.sendFirst(ctx, v, p, r, l, compose)
}

func (s *Service) sendFirst(ctx context.Context, v *Visit, p Person, r Rules, letter Letter, compose func(Letter) Mail) error {
	asks := FirstEmail
	if letter.Typed {
		asks = FirstTyped
	}
	return s.mailCode(ctx, v, p, r, letter, compose, func(a *account, k *visit) error {
		if a.standing(r.Tenant).owes(k, r, nil) != asks {
			return ErrWrongStep
		}
		return nil
	}, nil)
}

// mailCode mails a code, a link or both where may says so, before and after, and
// then makes them those of the visit that count, and runs then.
func (s *Service) mailCode(ctx context.Context, v *Visit, p Person, r Rules, letter Letter, compose func(Letter) Mail, may func(*account, *visit) error, then func(*visit)) error {
	now := s.now()
	reserved := send{ID: s.newID(), At: now}
	err := s.inVisit(ctx, v, p, func(a *account, k *visit) (bool, error) {
		if !letter.Typed {
			letter.To = a.Address.Record
		}
		if err := may(a, k); err != nil {
			return false, err
		}
		switch {
		case letter.To == "":
			return false, ErrNoAddress
		case s.mailer == nil:
			return false, ErrMail
		}
		if wait := a.sendWait("", now); wait > 0 {
			return false, tooMany(wait)
		}
		// Also while wrong codes make the account wait: the mail's link still works,
		// so that somebody else's guesses do not keep the person out.
		a.Sends = append(a.Sends, reserved)
		return true, nil
	})
	if err != nil {
		return err
	}

	letter.LinkToken, letter.Time, letter.Expires = s.newID(), now, now.Add(mailedLife)
	if err := s.mail(ctx, p, reserved, compose(letter), letter.To); err != nil {
		return err
	}
	return s.sent(context.WithoutCancel(ctx), v, p, letter, may, then)
}

// mail sends a mail that was counted, and gives the count back where it could
// not be sent.
func (s *Service) mail(ctx context.Context, p Person, reserved send, m Mail, to string) error {
	m.To = to
	err := s.mailer.Send(ctx, m)
	if err == nil {
		return nil
	}
	// The person's own connection may be gone; the count is given back anyway.
	s.giveBack(context.WithoutCancel(ctx), p, reserved)
	return &Error{Reason: ErrMail.Reason, Status: ErrMail.Status, Err: err}
}

// sent makes the code and link that were mailed the ones that count.
func (s *Service) sent(ctx context.Context, v *Visit, p Person, l Letter, may func(*account, *visit) error, then func(*visit)) error {
	key := s.tokens().keys.newest()
	err := s.saveLink(ctx, l.LinkToken, linkRecord{Realm: p.Realm, User: p.User, Visit: v.ID, Expires: l.Expires})
	if err != nil {
		return err
	}
	return s.inVisit(ctx, v, p, func(a *account, k *visit) (bool, error) {
		if may(a, k) != nil {
			return false, nil // proven meanwhile with an earlier one
		}
		k.Mailed = &mailed{Link: mailedMAC(key, v.ID, l.LinkToken), Key: key.id, Sent: l.Time, Expires: l.Expires}
		if l.Code != "" {
			k.Mailed.Code = mailedMAC(key, v.ID, l.Code)
		}
		if l.Typed {
			k.Mailed.To = l.To
		}
		if then != nil {
			then(k)
		}
		v.CodeSent, v.SentTo, v.LinkOnly = l.Time, k.Mailed.To, l.Code == ""
		v.MailsLeft = max(0, maxMails-len(a.sent("")))
		return true, nil
	})
}

func (s *Service) giveBack(ctx context.Context, p Person, d send) {
	err := s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		a.Sends = keep(a.Sends, func(x send) bool { return x.ID != d.ID })
		return true, nil
	})
	if err != nil {
		s.failed(err)
	}
}

// VerifyCode checks a mailed code in the visit that asked for it.
func (s *Service) VerifyCode(ctx context.Context, v *Visit, p Person, r Rules, code string) error {
	now := s.now()
	typed, wellFormed := digits(code, mailedDigits)
	return s.verifyMailed(ctx, v, p, r, func(a *account, k *visit) (bool, error) {
		return s.readMailed(a, k, typed, wellFormed, now)
	})
}

// readMailed checks a typed code against the one that was mailed in a visit, and
// counts a wrong one.
func (s *Service) readMailed(a *account, k *visit, typed string, wellFormed bool, now time.Time) (save bool, err error) {
	if k.Mailed == nil || len(k.Mailed.Code) == 0 {
		return false, ErrWrongStep // the link alone counts
	}
	t := a.tries(bucket(KindEmail, false))
	if wait := t.wait(now); wait > 0 {
		return false, tooMany(wait)
	}
	right := wellFormed && s.sameMAC(k.Mailed, k.Mailed.Code, k.ID, typed)
	switch {
	case right && k.Mailed.Used:
		return false, ErrUsedCode
	case right && !now.Before(k.Mailed.Expires):
		return false, ErrExpired
	case right:
		t.right()
		k.proveMailed()
		return true, nil
	case !wellFormed:
		return false, badCode(t.left(now)) // not a guess
	}
	return true, badCode(t.wrong(now))
}

// verifyMailed runs fn where a code or link of the visit was mailed.
func (s *Service) verifyMailed(ctx context.Context, v *Visit, p Person, r Rules, fn func(*account, *visit) (bool, error)) error {
	return s.inVisit(ctx, v, p, func(a *account, k *visit) (bool, error) {
		if k.Mailed == nil {
			return false, ErrWrongStep
		}
		save, err := fn(a, k)
		if err == nil {
			v.First, v.EmailVerified, v.CodeSent = k.First.By, true, time.Time{}
			v.Owed = r.owed(a.standing(r.Tenant).owes(k, r, nil))
		}
		return save, err
	})
}

// proveMailed marks the visit's mail as answered.
func (k *visit) proveMailed() {
	k.Mailed.Used, k.First = true, first{By: FirstEmail}
	if k.Mailed.To != "" {
		k.First = first{By: FirstTyped, To: k.Mailed.To}
	}
}

// newCode draws a code of mailedDigits.
func (s *Service) newCode() string { return s.newDigits(mailedDigits) }

// newDigits draws a code of 8 digits at most, each equally likely.
func (s *Service) newDigits(length int) string {
	const all = 100_000_000
	const fair = (1 << 32) / all * all // above it, some codes would be likelier
	for {
		if n := uint64(binary.BigEndian.Uint32(s.random(4))); n < fair {
			code := make([]byte, length)
			for i := range code {
				code[len(code)-1-i], n = byte('0'+n%10), n/10
			}
			return string(code)
		}
	}
}

// mailedMAC is what is kept of a code or link: bound to the visit, so that the
// code of one session is worthless in another.
func mailedMAC(key ringKey, visit, text string) []byte {
	mac := hmac.New(sha256.New, key.purpose[forCode])
	mac.Write(place{"mailed", visit, text, 0}.aad())
	return mac.Sum(nil)
}

func (s *Service) sameMAC(m *mailed, want []byte, visit, text string) bool {
	key, ok := s.tokens().keys.byID(m.Key)
	return ok && hmac.Equal(want, mailedMAC(key, visit, text))
}
