package enroll

import (
	"context"
	"time"
)

// looked is when the person last looked at a method: when it was enrolled, or
// when they last said that it is right.
func (m *method) looked() time.Time {
	if m.Reviewed.After(m.Created) {
		return m.Reviewed
	}
	return m.Created
}

// looked is since when none of the methods was looked at; zero: there is none.
func (a *account) looked() (oldest time.Time) {
	for i := range a.Methods {
		if at := a.Methods[i].looked(); oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest
}

// Review notes that the person looked through the methods that count in the
// tenant and says that they are right. It needs a proof of any age, since they
// were shown; the flag it gives is the same one, which knows of the review.
func (s *Service) Review(ctx context.Context, p Person, r Rules, f *Flag) (*Flag, error) {
	now := s.now()
	var flag Flag
	err := s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		if !s.proves(p, f, now) {
			return false, ErrFreshProof
		}
		for i := range a.Methods {
			if m := &a.Methods[i]; r.Share == "everywhere" || m.Tenant == r.Tenant {
				m.Reviewed = now
			}
		}
		flag = *f
		flag.Reviewed = a.looked()
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return &flag, nil
}

// DueForReview reports whether a method has not been looked at for as long as
// the tenant says.
func (r Rules) DueForReview(methods []Method, now time.Time) bool {
	for _, m := range methods {
		if r.Review > 0 && now.Sub(m.Reviewed) >= r.Review {
			return true
		}
	}
	return false
}

// unix is a time in Unix seconds, 0 for none.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
