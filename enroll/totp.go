package enroll

import (
	"context"
	"strings"
	"time"
	"unicode"
)

// TOTP is what an authenticator app needs: the key in base32 and the otpauth
// URI that a QR code holds. It is shown while it is being set up, never later.
type TOTP struct{ Secret, URI string }

// Enrolled is a finished enrolment. RecoveryCodes are there with the first
// method only, and this once only.
type Enrolled struct {
	Method        Method
	RecoveryCodes []string
	Flag          Flag
}

// pending is a method being set up. Nothing of it counts before it is finished.
type pending struct {
	ID       string `json:"id"`
	Kind     Kind   `json:"kind"`
	Secret   secret `json:"secret,omitempty"`
	Tenant   string `json:"tenant"`
	Replaces string `json:"replaces,omitempty"`
	Phone    *phone `json:"phone,omitempty"` // sms
}

// How many methods of a kind one may have where no limit is set.
const (
	defaultLimit    = 5
	defaultPasskeys = 10
	defaultEmails   = 1 // there is one address of record, and one account at a provider
	defaultPhones   = 2
)

// mayEnroll decides, on the rules and the account as they are at this moment,
// whether a method can be begun or finished in this visit. It is asked at both
// ends: the attack is to park a half-done enrolment, let the person enrol, and
// finish it then as a second factor that nobody proved.
func (s *Service) mayEnroll(a *account, k *visit, p Person, r Rules, f *Flag, kind Kind, replaces string, now time.Time) error {
	if len(a.Methods) > 0 {
		if err := s.freshFor(kind, p, r, f, now); err != nil {
			return err
		}
	}
	if !r.Admits(p.Client) {
		return ErrNetwork
	}
	if !r.Takes(kind) {
		return ErrNotOffered
	}
	if len(a.Methods) > 0 && !r.Enough(a.public(), f) {
		return ErrFreshProof
	}
	if owed := a.standing(r.Tenant).owes(k, r, f); owed != "" && !(kind.IsOIDC() && r.vouched(owed)) {
		return ErrWrongStep
	}
	if replaces != "" {
		if m := a.method(replaces); m == nil || m.Kind != kind || m.Tenant != r.Tenant {
			return ErrNotFound
		}
		return nil
	}
	n := 0
	for _, m := range a.Methods {
		if m.Kind == kind && m.Tenant == r.Tenant {
			n++
		}
	}
	if n >= r.limit(kind) {
		return ErrLimit
	}
	return nil
}

// BeginTOTP starts setting up an authenticator app; the key is the same for the
// life of the visit, so that a reload or a second tab does not spoil a code that
// was scanned. replaces names a method that the new one takes the place of.
func (s *Service) BeginTOTP(ctx context.Context, v *Visit, p Person, r Rules, f *Flag, replaces string) (*TOTP, error) {
	now := s.now()
	var key secret
	err := s.inVisit(ctx, v, p, func(a *account, k *visit) (bool, error) {
		if err := s.mayEnroll(a, k, p, r, f, KindTOTP, replaces, now); err != nil {
			return false, err
		}
		if d := k.Pending; d != nil && d.Kind == KindTOTP && d.Tenant == r.Tenant && d.Replaces == replaces {
			key = d.Secret
			return false, nil
		}
		k.Pending = &pending{ID: s.newID(), Kind: KindTOTP, Secret: s.random(totpSecret), Tenant: r.Tenant, Replaces: replaces}
		key = k.Pending.Secret
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	v.Begun, v.Replaces = KindTOTP, ""
	return &TOTP{Secret: base32Key.EncodeToString(key), URI: totpURI(key, s.issuerFor(r), accountName(p))}, nil
}

func (s *Service) issuerFor(r Rules) string {
	for _, name := range []string{s.issuer, r.TenantName, r.Tenant} {
		if name != "" {
			return name
		}
	}
	return ""
}

func accountName(p Person) string {
	if p.Email != "" {
		return p.Email
	}
	return p.User
}

// FinishTOTP saves the method if the code is right; before that nothing of it
// counts. The account's first method ends all its other visits.
func (s *Service) FinishTOTP(ctx context.Context, v *Visit, p Person, r Rules, f *Flag, code, name string) (*Enrolled, error) {
	now := s.now()
	typed, wellFormed := digits(code, totpDigits)
	var done *Enrolled
	var to string
	var replaced bool
	err := s.inVisit(ctx, v, p, func(a *account, k *visit) (bool, error) {
		d := k.Pending
		if d == nil || d.Kind != KindTOTP || d.Tenant != r.Tenant || len(d.Secret) == 0 {
			return false, finishedBefore(a, k, typed, now)
		}
		if err := s.mayEnroll(a, k, p, r, f, KindTOTP, d.Replaces, now); err != nil {
			return false, err
		}
		if wait := k.Tries.wait(now); wait > 0 {
			return false, tooMany(wait)
		}
		if !wellFormed {
			return false, badCode(k.Tries.left(now)) // not a guess
		}
		m, err := matchTOTP(d.Secret, typed, now)
		if err != nil {
			return false, err
		}
		if m.step == 0 {
			left := k.Tries.wrong(now)
			return true, wrongTOTP(m, left)
		}
		k.Tries.right()
		done = s.enrol(a, k, p, r, f, method{
			ID: d.ID, Kind: d.Kind, Name: methodName(name, d.Kind), Tenant: d.Tenant, Secret: d.Secret, LastStep: m.step,
		}, d.Replaces, now)
		to, replaced = a.Address.Record, d.Replaces != ""
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	s.added(ctx, v, p, r, done, to, replaced, now)
	return done, nil
}

// added tells of an enrolment that is saved, and ends the other flags of the
// person where the method took another's place.
func (s *Service) added(ctx context.Context, v *Visit, p Person, r Rules, done *Enrolled, to string, replaced bool, now time.Time) {
	v.Begun, v.HasMethod, v.Proved, v.Owed = "", true, true, ""
	s.tell(Event{Kind: "method-added", To: to, Person: p, Rules: r, Method: done.Method, At: now})
	if replaced {
		// The method is saved whether or not the other nodes can be told.
		if err := s.endFlags(context.WithoutCancel(ctx), p.Realm, p.User, "", done.Flag.ID); err != nil {
			s.failed(err)
		}
	}
}

// enrol puts a method that was just proven in a visit into the account.
func (s *Service) enrol(a *account, k *visit, p Person, r Rules, f *Flag, m method, replaces string, now time.Time) *Enrolled {
	first, before := len(a.Methods) == 0, a.public()
	m.Created, m.LastUsed, m.Default, m.First, m.From = now, now, first, firstOf(a, k, f, m.Tenant), p.Client.Unmap().WithZone("")
	if old := a.method(replaces); old != nil {
		m.Default = old.Default
		a.Methods = keep(a.Methods, func(x method) bool { return x.ID != replaces })
	}
	a.Methods = append(a.Methods, m)
	done := &Enrolled{Method: m.public()}
	if a.Codes == nil && r.GivesCodes() {
		a.Codes, done.RecoveryCodes = s.newCodes(p.Realm, p.User, m.Tenant, m.First, now)
		a.Codes.madeBy(before, r, f, isMFA(amrOf(m.Kind)))
	}
	k.Pending, k.Done = nil, m.ID
	if k.First.To != "" && a.Address.Record == "" {
		a.Address = address{Record: k.First.To, Since: now}
	}
	if first {
		a.Visits = []*visit{k}
	}
	a.Had, a.OnlyPass = true, false
	done.Flag = s.flagFor(a, p, m.Kind, m.Tenant, m.First, now)
	return done
}

// finishedBefore is the answer where nothing is being set up: used-code to a
// second submit of the code that finished it (a double click, another tab).
func finishedBefore(a *account, k *visit, typed string, now time.Time) error {
	if m := a.method(k.Done); m != nil && m.Kind == KindTOTP {
		if got, err := matchTOTP(m.Secret, typed, now); err == nil && got.step != 0 && got.step <= m.LastStep {
			return ErrUsedCode
		}
	}
	return ErrWrongStep
}

// wrongTOTP is the refusal of a code that was counted: with how far the person's
// clock is off, where that is what is wrong.
func wrongTOTP(m match, left int) error {
	if m.off != 0 {
		return &Error{Reason: ErrClockOff.Reason, Status: ErrClockOff.Status, Offset: time.Duration(m.off) * totpStep, Left: left}
	}
	return badCode(left)
}

// maxMethodName is in characters.
const maxMethodName = 64

// methodName cleans a name that a person gave.
func methodName(name string, kind Kind) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, name)
	name = strings.TrimSpace(name)
	if r := []rune(name); len(r) > maxMethodName {
		name = strings.TrimSpace(string(r[:maxMethodName]))
	}
	if name != "" {
		return name
	}
	switch kind {
	case KindPasskey:
		return "Passkey"
	case KindEmail:
		return "E-mail"
	case KindSMS:
		return "Mobile phone"
	}
	return "Authenticator app"
}
