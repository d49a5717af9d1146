package enroll

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"time"
)

const (
	// PassLife is how long a temporary access pass counts where nothing is said.
	PassLife = time.Hour
	// MaxPassLife bounds it.
	MaxPassLife = 24 * time.Hour
	// passLength is in characters of 5 bits: 60 bits, guessed at five times in 15
	// minutes.
	passLength = 12
)

// pass is what is kept of a temporary access pass: an administrator's word that
// whoever types it is the person. It opens one enrolment, in one tenant, and
// nothing else: no area, and no change of methods that are there.
type pass struct {
	MAC     []byte    `json:"mac"`
	Key     string    `json:"key"` // id of the key of the MAC
	Tenant  string    `json:"tenant"`
	Expires time.Time `json:"expires"`
	Used    bool      `json:"used,omitempty"`
}

// IssuePass makes a pass for a person in the rules' tenant, in place of an
// earlier one of that tenant, and tells the person. It is shown this once. life
// 0 is PassLife, and more than MaxPassLife is that.
func (s *Service) IssuePass(ctx context.Context, p Person, r Rules, life time.Duration) (code string, expires time.Time, err error) {
	t := s.tokens()
	if t == nil {
		return "", time.Time{}, ErrStoreDown
	}
	if life <= 0 {
		life = PassLife
	}
	now := s.now()
	expires = now.Add(min(life, MaxPassLife))
	for _, b := range s.random(passLength) {
		code += string(crockford[b&31])
	}
	key := t.keys.newest()
	made := pass{MAC: passMAC(key, p, r.Tenant, code), Key: key.id, Tenant: r.Tenant, Expires: expires}
	var to string
	err = s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		a.Passes = append(keep(a.Passes, func(d pass) bool { return d.Tenant != r.Tenant }), made)
		// Somebody's wrong guesses at an earlier one must not keep the person from
		// this one.
		delete(a.Tries, bucket(KindPass, false))
		to = a.Address.Record
		return true, nil
	})
	if err != nil {
		return "", time.Time{}, err
	}
	s.tell(Event{Kind: "pass-issued", To: to, Person: p, Rules: r, At: now})
	return grouped(code), expires, nil
}

// passMAC is what is kept of a pass. Person and tenant are in it, so that one
// moved elsewhere opens nothing there.
func passMAC(key ringKey, p Person, tenant, code string) []byte {
	mac := hmac.New(sha256.New, key.purpose[forPass])
	mac.Write(place{"pass", p.Realm, p.User, 0}.aad())
	mac.Write(place{"pass", tenant, code, 0}.aad())
	return mac.Sum(nil)
}

// VerifyPass spends a pass in a visit: it proves the person there, in this
// tenant, before a first method. Errors: ErrBadCode with Left, ErrUsedCode,
// ErrExpired, ErrTooMany with RetryAfter, ErrWrongStep where nothing is owed.
func (s *Service) VerifyPass(ctx context.Context, v *Visit, p Person, r Rules, code string) error {
	now := s.now()
	typed, wellFormed := readCrockford(code, passLength)
	return s.inVisit(ctx, v, p, func(a *account, k *visit) (bool, error) {
		switch owed := a.standing(r.Tenant).owes(k, r, nil); {
		case owed == "", owed != FirstPass && !slices.ContainsFunc(a.Passes, func(d pass) bool { return d.Tenant == r.Tenant }):
			return false, ErrWrongStep // nothing is owed, or there is nothing to guess at
		}
		t := a.tries(bucket(KindPass, false))
		if wait := t.wait(now); wait > 0 {
			return false, tooMany(wait)
		}
		if !wellFormed {
			return false, badCode(t.left(now)) // not a guess
		}
		d := a.pass(s.tokens().keys, p, r.Tenant, typed)
		switch {
		case d == nil:
			return true, badCode(t.wrong(now))
		case d.Used:
			return false, ErrUsedCode
		case !now.Before(d.Expires):
			return false, &Error{Reason: ErrExpired.Reason, Status: ErrExpired.Status, Detail: "pass"}
		}
		t.right()
		d.Used = true
		k.First = first{By: FirstPass, In: r.Tenant}
		v.First, v.Owed, v.EmailVerified = k.First.By, a.standing(r.Tenant).owes(k, r, nil), false
		return true, nil
	})
}

// pass finds the one of the tenant that was typed.
func (a *account) pass(keys *Keys, p Person, tenant, typed string) *pass {
	for i := range a.Passes {
		d := &a.Passes[i]
		key, ok := keys.byID(d.Key)
		if ok && d.Tenant == tenant && subtle.ConstantTimeCompare(d.MAC, passMAC(key, p, tenant, typed)) == 1 {
			return d
		}
	}
	return nil
}

// Pass tells whether a pass that still counts was issued in the tenant.
func (a *Account) Pass(tenant string, now time.Time) bool {
	end, ok := a.passes[tenant]
	return ok && now.Before(end)
}
