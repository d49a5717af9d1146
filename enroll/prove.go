package enroll

import (
	"context"
	"slices"
	"time"
)

// ProveTOTP checks a code of any of the person's authenticator apps. known: this
// browser has proved this account before. Errors: ErrBadCode with Left,
// ErrUsedCode, ErrClockOff with Offset, ErrTooMany with RetryAfter, ErrWrongStep
// where the account has no method, ErrNotOffered where it has no app.
func (s *Service) ProveTOTP(ctx context.Context, p Person, r Rules, code string, known bool) (*Flag, error) {
	now := s.now()
	typed, wellFormed := digits(code, totpDigits)
	var flag Flag
	err := s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		apps := a.apps(r.Tenant)
		switch {
		case len(a.Methods) == 0:
			return false, ErrWrongStep
		case len(apps) == 0:
			return false, ErrNotOffered
		}
		t := a.tries(bucket(KindTOTP, known))
		if wait := t.wait(now); wait > 0 {
			return false, tooMany(wait)
		}
		if !wellFormed {
			return false, badCode(t.left(now)) // not a guess
		}
		m, err := spendTOTP(apps, typed, now)
		switch {
		case err == ErrUsedCode:
			return false, err
		case err != nil && !isRefusal(err):
			return false, err
		case err != nil:
			err.(*Error).Left = t.wrong(now)
			return true, err
		}
		t.right()
		m.LastUsed = now
		flag = s.flagFor(a, p, KindTOTP, m.Tenant, m.First, now)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return &flag, nil
}

// apps are the person's authenticator apps, those of the tenant first, so that
// the flag is of an enrolment that counts here where there is one.
func (a *account) apps(tenant string) (apps []*method) {
	for i := range a.Methods {
		if a.Methods[i].Kind == KindTOTP {
			apps = append(apps, &a.Methods[i])
		}
	}
	slices.SortStableFunc(apps, func(x, y *method) int {
		switch {
		case x.Tenant == y.Tenant:
			return 0
		case x.Tenant == tenant:
			return -1
		case y.Tenant == tenant:
			return 1
		}
		return 0
	})
	return apps
}

// spendTOTP finds the app whose code it is and marks the code's step as used, in
// the record that the caller writes in the same atomic step.
func spendTOTP(apps []*method, typed string, now time.Time) (*method, error) {
	var hit *method
	var step int64
	var used bool
	var off match
	for _, m := range apps {
		got, err := matchTOTP(m.Secret, typed, now)
		if err != nil {
			return nil, err
		}
		switch {
		case got.step == 0 && got.off != 0:
			off = got
			m.burn(stepAt(now)+got.off, now)
		case got.step == 0:
		case got.step <= m.LastStep || slices.Contains(m.Burnt, got.step):
			used = true // RFC 6238, 5.2: a code is accepted once
		case hit == nil:
			hit, step = m, got.step
		}
	}
	switch {
	case hit != nil:
		hit.LastStep = step
		return hit, nil
	case used:
		return nil, ErrUsedCode
	}
	return nil, wrongTOTP(off, 0)
}

// burn makes the code of a later step worthless: a clock-off answer has told who
// guessed it that it will be right in some minutes.
func (m *method) burn(step int64, now time.Time) {
	m.Burnt = keep(m.Burnt, func(b int64) bool { return b >= stepAt(now)-totpWindow })
	if step > stepAt(now) && !slices.Contains(m.Burnt, step) {
		m.Burnt = append(m.Burnt, step)
	}
}

func isRefusal(err error) bool {
	_, ok := err.(*Error)
	return ok
}

// ProveRecovery spends a recovery code. Errors as ProveTOTP, but for clock-off.
func (s *Service) ProveRecovery(ctx context.Context, p Person, r Rules, code string, known bool) (*Flag, error) {
	now := s.now()
	typed, wellFormed := readRecovery(code)
	var flag Flag
	var to string
	err := s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		switch {
		case len(a.Methods) == 0:
			return false, ErrWrongStep
		case !a.Codes.open(a.public(), r):
			return false, ErrNotOffered
		}
		t := a.tries(bucket(KindCodes, known))
		if wait := t.wait(now); wait > 0 {
			return false, tooMany(wait)
		}
		if !wellFormed {
			return false, badCode(t.left(now))
		}
		at, used := a.Codes.find(s.tokens().keys, p.Realm, p.User, typed)
		switch {
		case used:
			return false, ErrUsedCode
		case at < 0:
			return true, badCode(t.wrong(now))
		}
		t.right()
		c := a.Codes
		c.Used = append(c.Used, c.Unused[at])
		c.Unused = append(c.Unused[:at:at], c.Unused[at+1:]...)
		tenant, first := c.speaksFor(a.public(), r)
		to = a.Address.Record
		a.endDevices("") // something was lost, and it may have been a trusted browser
		flag = s.flagFor(a, p, KindCodes, tenant, first, now)
		flag.AMR = c.amr()
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	s.tell(Event{Kind: "code-spent", To: to, Person: p, Rules: r, At: now})
	return &flag, nil
}
