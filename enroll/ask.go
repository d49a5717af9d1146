package enroll

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"time"
)

// ask is a code that was sent for a proof. The browser that asked for it knows
// its id by a cookie: the code of one session is worthless in another (the
// attack: who has the password asks for a code, and talks the person into
// reading it out, is not helped by a code that the person asked for).
type ask struct {
	ID      string    `json:"id"`
	Kind    Kind      `json:"kind"`
	Method  string    `json:"method,omitempty"` // whose code it is; "": recovery by the address of record
	Tenant  string    `json:"tenant"`
	Session string    `json:"sid,omitempty"` // the identity's, where it has one
	Code    []byte    `json:"code"`
	Key     string    `json:"key"` // id of the key of the MAC
	Sent    time.Time `json:"sent"`
	Expires time.Time `json:"expires"`
	Used    bool      `json:"used,omitempty"`
}

// Asked is a code that was sent for a proof, as the browser that asked may know
// of it.
type Asked struct {
	ID      string // secret: the browser's cookie holds it
	Kind    Kind
	Expires time.Time
}

// errCodeOver refuses a code that came too late, and not the visit around it.
func errCodeOver() error {
	return &Error{Reason: ErrExpired.Reason, Status: ErrExpired.Status, Detail: "code"}
}

// asked finds what a browser asked for, over or not.
func (a *account) asked(id string, kind Kind, p Person, r Rules) *ask {
	for _, k := range a.Asks {
		if subtle.ConstantTimeCompare([]byte(k.ID), []byte(id)) == 1 && k.Kind == kind && k.Tenant == r.Tenant &&
			(k.Session == "" || p.Session == "" || k.Session == bound(p.Session)) {
			return k
		}
	}
	return nil
}

// FindAsked says whether a browser waits for a code of the kind; nil: it does
// not, or no longer.
func (s *Service) FindAsked(ctx context.Context, p Person, r Rules, kind Kind, id string) (*Asked, error) {
	if id == "" {
		return nil, nil
	}
	a, err := s.load(ctx, p.Realm, p.User)
	if err != nil {
		return nil, err
	}
	if k := a.asked(id, kind, p, r); k != nil && !k.Used && s.now().Before(k.Expires) {
		return &Asked{ID: k.ID, Kind: k.Kind, Expires: k.Expires}, nil
	}
	return nil, nil
}

// place to send a code of a proof to, and what it proves.
type sendTo struct {
	method string // id; "": none, the address of record
	to     string
}

// reserve counts a code that is about to be sent for a proof. choose finds where
// to, in the account as it is now.
func (s *Service) reserve(ctx context.Context, p Person, kind Kind, known bool, now time.Time, choose func(*account) (sendTo, error)) (send, sendTo, error) {
	reserved := send{ID: s.newID(), At: now, For: bucket(kind, known)}
	var at sendTo
	err := s.change(ctx, p.Realm, p.User, func(a *account) (_ bool, err error) {
		if len(a.Methods) == 0 {
			return false, ErrWrongStep
		}
		if at, err = choose(a); err != nil {
			return false, err
		}
		// While wrong codes make the person wait, a code would be of no use.
		if wait := a.tries(bucket(kind, known)).wait(now); wait > 0 {
			return false, tooMany(wait)
		}
		if wait := a.sendWait(reserved.For, now); wait > 0 {
			return false, tooMany(wait)
		}
		a.Sends = append(a.Sends, reserved)
		return true, nil
	})
	return reserved, at, err
}

// keepAsk makes a code that was sent one that counts, in the browser that gets
// the id. What the same browser asked for before is replaced by its cookie.
func (s *Service) keepAsk(ctx context.Context, p Person, r Rules, kind Kind, at sendTo, code string, sent time.Time) (*Asked, error) {
	key := s.tokens().keys.newest()
	k := &ask{
		ID: s.newID(), Kind: kind, Method: at.method, Tenant: r.Tenant, Session: bound(p.Session),
		Key: key.id, Sent: sent, Expires: sent.Add(mailedLife),
	}
	k.Code = mailedMAC(key, k.ID, code)
	err := s.change(context.WithoutCancel(ctx), p.Realm, p.User, func(a *account) (bool, error) {
		a.Asks = append(a.Asks, k)
		if kind == KindSMS {
			a.Texted = sent
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return &Asked{ID: k.ID, Kind: kind, Expires: k.Expires}, nil
}

// proveSent checks a code that was sent for a proof, in the browser that asked
// for it. Errors: ErrBadCode with Left, ErrUsedCode, ErrExpired, ErrTooMany with
// RetryAfter, ErrWrongStep where nothing was asked for here.
func (s *Service) proveSent(ctx context.Context, p Person, r Rules, kind Kind, length int, id, code string, known bool) (*Flag, error) {
	now := s.now()
	typed, wellFormed := digits(code, length)
	var flag Flag
	err := s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		if len(a.Methods) == 0 {
			return false, ErrWrongStep
		}
		t := a.tries(bucket(kind, known))
		if wait := t.wait(now); wait > 0 {
			return false, tooMany(wait)
		}
		k := a.asked(id, kind, p, r)
		if k == nil {
			return false, ErrWrongStep
		}
		if !wellFormed {
			return false, badCode(t.left(now)) // not a guess
		}
		key, ok := s.tokens().keys.byID(k.Key)
		right := ok && subtle.ConstantTimeCompare(k.Code, mailedMAC(key, k.ID, typed)) == 1
		switch {
		case right && k.Used:
			return false, ErrUsedCode
		case right && !now.Before(k.Expires):
			return false, errCodeOver()
		case !right:
			return true, badCode(t.wrong(now))
		}
		tenant, first, err := a.earned(k, r)
		if err != nil {
			return false, err
		}
		t.right()
		k.Used = true
		if m := a.method(k.Method); m != nil {
			m.LastUsed = now
		}
		flag = s.flagFor(a, p, kind, tenant, first, now)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return &flag, nil
}

// earned says of which enrolment a code that was sent is a proof. What was taken
// away since it was sent proves nothing.
func (a *account) earned(k *ask, r Rules) (tenant, first string, err error) {
	m := a.method(k.Method)
	switch {
	case m != nil:
		return m.Tenant, m.First, nil
	case k.Method != "" || !slices.Contains(r.Recovery, k.Kind):
		return "", "", ErrNotOffered
	}
	// Recovery stands for whatever the person lost: for the method made here,
	// where there is one.
	if m = a.in(r.Tenant); m == nil {
		m = &a.Methods[0]
	}
	return m.Tenant, m.First, nil
}

// ofKind are the person's methods of a kind, those of the tenant first, so that
// the flag is of an enrolment that counts here where there is one.
func (a *account) ofKind(kind Kind, tenant string) (list []*method) {
	for i := range a.Methods {
		if a.Methods[i].Kind == kind {
			list = append(list, &a.Methods[i])
		}
	}
	slices.SortStableFunc(list, func(x, y *method) int { return rank(x, tenant) - rank(y, tenant) })
	return list
}

// rank is lower for what is asked for first.
func rank(m *method, tenant string) (n int) {
	if m.Tenant != tenant {
		n += 2
	}
	if !m.Default {
		n++
	}
	return n
}

// isUsed tells whether err says that a code was used before.
func isUsed(err error) bool { return errors.Is(err, ErrUsedCode) }
