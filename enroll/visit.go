package enroll

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"
)

const (
	// VisitLife is how long an enrolment or manage visit lives.
	VisitLife = 15 * time.Minute
	// maxVisitLife bounds one that is made longer: twelve times (WCAG 2.2.1 asks
	// for ten), so that none lives for ever.
	maxVisitLife = 12 * VisitLife
)

// maxVisits bounds the live visits of one account. The oldest to which nothing
// was mailed gives way first, then the oldest without a verified address, so
// that whoever has the password alone cannot push out somebody who looks for the
// mail, or who has it. Mails are few (maxMails), so visits that got one are too.
const maxVisits = 16

// Visit is one browser's enrolment or manage session, as it stands now.
type Visit struct {
	ID            string // secret: the browser's cookie holds it
	Expires       time.Time
	EmailVerified bool      // an address was proven in this visit
	Masked        string    // a•••@example.com, that was proven or is of record; empty: there is none
	First         string    // what was proven in this visit, a word of Rules.First; empty: nothing yet
	Owed          string    // what must be proven before a method can be begun, likewise; empty: nothing
	SentTo        string    // the typed address that the live link went to; empty: it went to the one of record
	LinkOnly      bool      // …without a code
	CodeSent      time.Time // when the live mailed code was sent; zero: none is live
	MailsLeft     int       // mails that can still be asked for now
	MailAt        time.Time // when the next can be asked for, where none is left
	Begun         Kind      // the method being set up, or empty
	Phone         string    // +31 •••78, the number being set up
	Replaces      string    // id of the method whose number or address it takes the place of; empty: none
	HasMethod     bool      // the account has a method
	Proved        bool      // the flag passed in proves this person

	realm, user string
}

// visit is what is kept of one, inside the account.
type visit struct {
	ID      string    `json:"id"`
	Began   time.Time `json:"began"`
	Expires time.Time `json:"expires"`
	Session string    `json:"sid,omitempty"` // the identity's, where it has one
	First   first     `json:"first,omitzero"`
	Mailed  *mailed   `json:"mailed,omitempty"`
	Pending *pending  `json:"pending,omitempty"`
	Done    string    `json:"done,omitempty"` // id of the method it last enrolled
	Tries   tries     `json:"tries,omitzero"` // wrong set-up codes
}

// BeginVisit opens a visit. Who has a method needs a flag that proves it, of any
// age (ErrFreshProof): without one nothing of the account is seen.
func (s *Service) BeginVisit(ctx context.Context, p Person, r Rules, f *Flag) (*Visit, error) {
	if s.tokens() == nil {
		return nil, ErrStoreDown
	}
	now := s.now()
	id := s.visitID(p)
	var out *Visit
	var tell bool
	err := s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		if len(a.Methods) > 0 && !s.proves(p, f, now) {
			return false, ErrFreshProof
		}
		_, tell = a.Address.see(p.Email, now)
		if len(a.Visits) >= maxVisits {
			a.evict()
		}
		v := &visit{ID: id, Began: now, Expires: now.Add(VisitLife), Session: bound(p.Session)}
		a.Visits = append(a.Visits, v)
		out = s.show(a, v, p, r, f, now)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	if tell {
		s.tellOld(p, r)
	}
	return out, nil
}

// ResumeVisit finds a visit again: ErrExpired where it is over or was ended,
// ErrWrongAccount where it is another person's, ErrFreshProof as BeginVisit.
func (s *Service) ResumeVisit(ctx context.Context, id string, p Person, r Rules, f *Flag) (*Visit, error) {
	if err := s.checkVisitID(id, p); err != nil {
		return nil, err
	}
	a, err := s.load(ctx, p.Realm, p.User)
	if err != nil {
		return nil, err
	}
	now := s.now()
	a.tidy(now)
	v, err := a.visit(id, p)
	if err != nil {
		return nil, err
	}
	if len(a.Methods) > 0 && !s.proves(p, f, now) {
		return nil, ErrFreshProof
	}
	return s.show(a, v, p, r, f, now), nil
}

// ExtendVisit gives a live visit another 15 minutes from now, to three hours in
// all.
func (s *Service) ExtendVisit(ctx context.Context, v *Visit) error {
	now := s.now()
	return s.inVisit(ctx, v, Person{Realm: v.realm, User: v.user}, func(a *account, k *visit) (bool, error) {
		k.Expires = now.Add(VisitLife)
		if last := k.Began.Add(maxVisitLife); k.Expires.After(last) {
			k.Expires = last
		}
		v.Expires = k.Expires
		return true, nil
	})
}

// EndVisit ends a visit and what is pending in it. Ending one that is over is no
// error.
func (s *Service) EndVisit(ctx context.Context, v *Visit) error {
	return s.dropVisit(ctx, v.realm, v.user, v.ID)
}

func (s *Service) dropVisit(ctx context.Context, realm, user, id string) error {
	return s.change(ctx, realm, user, func(a *account) (bool, error) {
		before := len(a.Visits)
		a.Visits = keep(a.Visits, func(k *visit) bool { return k.ID != id })
		return len(a.Visits) < before, nil
	})
}

// inVisit changes an account from within a live visit of this person.
func (s *Service) inVisit(ctx context.Context, v *Visit, p Person, fn func(*account, *visit) (bool, error)) error {
	if v == nil || v.realm != p.Realm || v.user != p.User {
		return ErrWrongAccount
	}
	return s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		k, err := a.visit(v.ID, p)
		if err != nil {
			return false, err
		}
		return fn(a, k)
	})
}

// visit finds a live visit. A visit begun in one session of the identity is not
// gone on with in another.
func (a *account) visit(id string, p Person) (*visit, error) {
	for _, k := range a.Visits {
		if subtle.ConstantTimeCompare([]byte(k.ID), []byte(id)) == 1 {
			if k.Session != "" && p.Session != "" && k.Session != bound(p.Session) {
				return nil, ErrExpired
			}
			return k, nil
		}
	}
	return nil, ErrExpired
}

// evict makes room for one visit.
func (a *account) evict() {
	at := 0
	for i, v := range a.Visits {
		if v.rank() < a.Visits[at].rank() {
			at = i
		}
	}
	a.Visits = append(a.Visits[:at], a.Visits[at+1:]...)
}

// rank grows with what a visit has proved.
func (v *visit) rank() int {
	switch {
	case v.First.By != "":
		return 2
	case v.Mailed != nil:
		return 1
	}
	return 0
}

func (s *Service) show(a *account, k *visit, p Person, r Rules, f *Flag, now time.Time) *Visit {
	v := &Visit{
		ID: k.ID, Expires: k.Expires, EmailVerified: k.First.mailed(), First: k.First.By, Owed: r.owed(a.standing(r.Tenant).owes(k, r, f)),
		HasMethod: len(a.Methods) > 0, Proved: s.proves(p, f, now), realm: p.Realm, user: p.User,
	}
	if box := a.mailbox(k); box != "" {
		v.Masked = masked(box)
	}
	if k.Mailed != nil && !k.Mailed.Used && now.Before(k.Mailed.Expires) {
		v.CodeSent, v.SentTo, v.LinkOnly = k.Mailed.Sent, k.Mailed.To, len(k.Mailed.Code) == 0
	}
	if v.MailsLeft = max(0, maxMails-len(a.sent(""))); v.MailsLeft == 0 {
		v.MailAt = now.Add(a.sendWait("", now))
	}
	if d := k.Pending; d != nil && d.Tenant == r.Tenant && (d.Replaces == "" || d.Kind == KindEmail || d.Phone != nil) {
		if v.Begun, v.Replaces = d.Kind, d.Replaces; d.Phone != nil {
			v.Phone = maskedNumber(d.Phone.Number)
		}
	}
	return v
}

// visitID is 128 random bits and a short MAC over them and the person, so that a
// cookie of somebody else is told from one that is over.
func (s *Service) visitID(p Person) string {
	id := s.random(16)
	return base64.RawURLEncoding.EncodeToString(append(id, visitMAC(s.tokens().keys.newest(), id, p)...))
}

func visitMAC(key ringKey, id []byte, p Person) []byte {
	mac := hmac.New(sha256.New, key.purpose[forVisit])
	mac.Write(place{"visit", p.Realm, p.User, 0}.aad())
	mac.Write(id)
	return mac.Sum(nil)[:10]
}

func (s *Service) checkVisitID(id string, p Person) error {
	t := s.tokens()
	if t == nil {
		return ErrStoreDown
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(id)
	if err != nil || len(raw) != 26 {
		return ErrExpired
	}
	for _, key := range t.keys.ring {
		if hmac.Equal(raw[16:], visitMAC(key, raw[:16], p)) {
			return nil
		}
	}
	return ErrWrongAccount
}
