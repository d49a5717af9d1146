package enroll

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Flag says that a person proved a factor. Tenant and First are those of the
// enrolment that was proven.
type Flag struct {
	ID                                  string
	Realm, User, Tenant, Session, First string
	Methods                             []string // kinds
	AMR                                 []string // RFC 8176
	Resistant                           bool     // phishing-resistant
	// Interim says that the kind was not the person's to use at the proof: the flag
	// opens the gate's pages, to set up the right one, and no area.
	Interim             bool
	At, Issued, Expires time.Time
	// Reviewed is since when none of the account's methods was looked at, as it
	// was at the proof; zero: not known.
	Reviewed time.Time
	// Gen is the account's generation at the proof: ending a user's flags
	// raises it.
	Gen uint64

	by *signers // with which ReadFlag has read it
}

const (
	// FlagLife is how long a flag counts where nothing else is said.
	FlagLife = 12 * time.Hour
	// MaxFlagLife bounds it, whatever is asked for: revocations are kept as long.
	MaxFlagLife = 30 * 24 * time.Hour
)

// maxSession bounds a session id inside a flag; a longer one goes in as a digest.
const maxSession = 128

// bound is the form in which a flag holds a session id.
func bound(session string) string {
	if len(session) <= maxSession {
		return session
	}
	sum := sha256.Sum256([]byte(session))
	return "sha256:" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// Binds tells whether the flag counts in this session of the identity: always
// where the identity knows none.
func (f *Flag) Binds(session string) bool { return session == "" || f.Session == bound(session) }

// SignFlag turns f into a token of less than 4096 bytes. An empty ID, Issued or
// Expires is filled in (Expires: FlagLife from now, MaxFlagLife at most).
func (s *Service) SignFlag(f Flag) (string, error) {
	t := s.tokens()
	if t == nil {
		return "", ErrStoreDown
	}
	now := s.now()
	if f.User == "" || f.At.IsZero() || !utf8.ValidString(f.Realm+f.User) {
		return "", errors.New("signing a flag: it names nobody, or no proof")
	}
	if f.Issued.IsZero() {
		f.Issued = now
	}
	if f.Expires.IsZero() {
		f.Expires = f.Issued.Add(FlagLife)
	}
	if last := f.Issued.Add(MaxFlagLife); f.Expires.After(last) {
		f.Expires = last
	}
	if f.ID == "" {
		f.ID = s.newID()
	}
	return t.flag.sign(&claims{
		ID: f.ID, Audience: s.audience(f.Realm), User: f.User,
		Expires: f.Expires.Unix(), Issued: f.Issued.Unix(), Tenant: f.Tenant,
		Session: bound(f.Session), First: f.First, Methods: f.Methods, AMR: f.AMR,
		Proven: f.At.Unix(), Strong: f.Resistant, Interim: f.Interim, Gen: f.Gen, Reviewed: unix(f.Reviewed),
	})
}

// ReadFlag reads a token of SignFlag for a realm: ErrToken where it does not
// count, ErrStoreDown before Start. It asks no store and remembers what it has
// verified. The flag is shared with other requests: it must not be changed.
func (s *Service) ReadFlag(token, realm string, now time.Time) (*Flag, error) {
	t := s.tokens()
	if t == nil || s.heard.Load() == nil { // the revocations are not known yet
		return nil, ErrStoreDown
	}
	e := s.seen.get(token)
	if e == nil || e.flag.by != t { // one that was read while the keys changed may be of a key that is gone
		f, err := s.verifyFlag(t, token, realm, now)
		if err != nil {
			return nil, err
		}
		e = &seenFlag{flag: f}
		s.seen.put(strings.Clone(token), e)
	}
	f := e.flag
	if f.Realm != realm || !now.Before(f.Expires) || f.Issued.After(now.Add(skew)) || s.revoked.ended(e) {
		return nil, ErrToken
	}
	return f, nil
}

func (s *Service) verifyFlag(t *signers, token, realm string, now time.Time) (*Flag, error) {
	c, err := t.flag.read(token, s.audience(realm), now)
	if err != nil {
		return nil, err
	}
	if c.Proven == 0 || c.Expires-c.Issued > int64(MaxFlagLife/time.Second) {
		return nil, ErrToken
	}
	var reviewed time.Time
	if c.Reviewed != 0 {
		reviewed = time.Unix(c.Reviewed, 0)
	}
	return &Flag{
		Reviewed: reviewed, by: t,
		ID: c.ID, Realm: realm, User: c.User, Tenant: c.Tenant, Session: c.Session, First: c.First,
		Methods: slices.Clip(c.Methods), AMR: slices.Clip(c.AMR), Resistant: c.Strong, Interim: c.Interim, Gen: c.Gen,
		At: time.Unix(c.Proven, 0), Issued: time.Unix(c.Issued, 0), Expires: time.Unix(c.Expires, 0),
	}, nil
}
