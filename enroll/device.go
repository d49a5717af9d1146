package enroll

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// TrustForever is Rules.TrustDevice where a browser is trusted until it is
// revoked.
const TrustForever = time.Duration(math.MaxInt64)

// DeviceCookieLife is the longest that browsers keep a cookie (RFC 6265bis, 5.5).
const DeviceCookieLife = 400 * 24 * time.Hour

// Bounds of trusted browsers.
const (
	maxDevices    = 20                    // of one account; a further one takes the oldest one's place
	maxDeviceLife = 3650 * 24 * time.Hour // of a token
	maxDeviceName = 80                    // characters
)

// Device is a browser that is not asked again. It stands for nothing but that:
// no change of methods, nothing that wants a fresh or phishing-resistant proof.
type Device struct {
	ID      string
	Name    string    // of the browser
	Created time.Time // when the proof was given after which it was trusted
	Tenant  string    // whose rules trusted it, and where alone it counts
	Proven  Method    // what was proven then: Kind, Tenant and First
}

// trusted is what is kept of one. Its token says no more than its id: what it
// counts for stands here, and ends here.
type trusted struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	Tenant  string    `json:"tenant"`
	Kind    Kind      `json:"kind"`
	Made    string    `json:"made"` // tenant of the method that was proven
	First   string    `json:"first"`
}

func (d *trusted) public() Device {
	return Device{ID: d.ID, Name: d.Name, Created: d.Created, Tenant: d.Tenant,
		Proven: Method{Kind: d.Kind, Tenant: d.Made, First: d.First}}
}

// trustable tells whether a proof may make a browser a trusted one: a whole
// second factor, never a recovery code, whose owner has lost something.
func trustable(f *Flag) bool {
	return slices.Contains(f.AMR, "mfa") && !slices.Contains(f.Methods, string(KindCodes)) && len(f.Methods) > 0
}

// TrustDevice makes the browser that has just given a proof a trusted one, where
// the rules let it, and returns its token. name is that of the browser. Errors:
// ErrNotOffered where the rules or the proof do not do, ErrFreshProof where the
// proof is none of this person.
func (s *Service) TrustDevice(ctx context.Context, p Person, r Rules, f *Flag, name string) (string, error) {
	now := s.now()
	switch {
	case r.TrustDevice <= 0 || f != nil && !trustable(f):
		return "", ErrNotOffered
	case !s.proves(p, f, now):
		return "", ErrFreshProof
	}
	d := trusted{ID: s.newID(), Name: deviceName(name), Created: f.At, Tenant: r.Tenant, Kind: Kind(f.Methods[0]), Made: f.Tenant, First: f.First}
	token, err := s.SignDevice(p.Realm, p.User, d.ID)
	if err != nil {
		return "", err
	}
	var to string
	err = s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		if len(a.Methods) == 0 {
			return false, ErrWrongStep // removed meanwhile
		}
		if f.Gen < a.Gen {
			return false, ErrFreshProof // revoked meanwhile
		}
		a.Devices = append(a.Devices, d)
		if over := len(a.Devices) - maxDevices; over > 0 {
			a.Devices = a.Devices[over:]
		}
		to = a.Address.Record
		return true, nil
	})
	if err != nil {
		return "", err
	}
	s.tell(Event{Kind: "device-trusted", To: to, Person: p, Rules: r, Device: d.public(), At: now})
	return token, nil
}

// SignDevice signs the token of a trusted browser anew: browsers keep no cookie
// for longer than some 400 days.
func (s *Service) SignDevice(realm, user, id string) (string, error) {
	t := s.tokens()
	if t == nil {
		return "", ErrStoreDown
	}
	if user == "" || id == "" || !utf8.ValidString(realm+user) {
		return "", errors.New("trusting a browser: for nobody")
	}
	now := s.now()
	return t.device.sign(&claims{
		ID: id, Audience: s.audience(realm), User: user,
		Expires: now.Add(maxDeviceLife).Unix(), Issued: now.Unix(),
	})
}

// ReadDevice reads the id out of a token of TrustDevice, and when it was signed:
// "" where it is none of this person's. Whether it is still trusted, the account
// says.
func (s *Service) ReadDevice(token, realm, user string, now time.Time) (id string, signed time.Time) {
	t := s.tokens()
	if t == nil || token == "" || user == "" {
		return "", time.Time{}
	}
	c, err := t.device.read(token, s.audience(realm), now)
	if err != nil || c.User != user {
		return "", time.Time{}
	}
	return c.ID, time.Unix(c.Issued, 0)
}

// Device finds a trusted browser by its id; nil: there is none.
func (a *Account) Device(id string) *Device {
	for i := range a.Devices {
		if id != "" && a.Devices[i].ID == id {
			return &a.Devices[i]
		}
	}
	return nil
}

// EndDevice takes a browser's trust away, and with "" that of all in the
// tenant. ErrNotFound where there is none such there.
func (s *Service) EndDevice(ctx context.Context, p Person, r Rules, f *Flag, id string) error {
	if !s.proves(p, f, s.now()) {
		return ErrFreshProof
	}
	return s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
		before := len(a.Devices)
		a.Devices = keep(a.Devices, func(d trusted) bool { return d.Tenant != r.Tenant || id != "" && d.ID != id })
		if len(a.Devices) == before && id != "" {
			return false, ErrNotFound
		}
		return len(a.Devices) < before, nil
	})
}

// endDevices takes all trust away; with a tenant that of its own rules alone.
func (a *account) endDevices(tenant string) {
	a.Devices = keep(a.Devices, func(d trusted) bool { return tenant != "" && d.Tenant != tenant })
}

// deviceName cleans a name.
func deviceName(name string) string {
	name = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == unicode.ReplacementChar || unicode.Is(unicode.Bidi_Control, c) {
			return -1
		}
		return c
	}, name)
	if c := []rune(name); len(c) > maxDeviceName {
		name = string(c[:maxDeviceName])
	}
	return strings.TrimSpace(name)
}
