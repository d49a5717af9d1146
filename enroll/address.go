package enroll

import (
	"context"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
)

// settle is how long an address that changed has to wait before it counts, from
// when the old one was told.
const settle = 7 * 24 * time.Hour

// address is a person's address of record: the first that the identity gave. A
// later one waits (the attack: with the password, change the address in the
// app's open profile page, then have the first proof mailed there).
type address struct {
	Record  string    `json:"record,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Next    string    `json:"next,omitempty"`
	Refused string    `json:"refused,omitempty"` // never takes its place: its owner said so
	Told    time.Time `json:"told,omitzero"`     // when the old one was told of it
	// Notices are when notices to the old one were begun in the last 15 minutes.
	// A script that changes the address all the time must not fill its box.
	Notices []time.Time `json:"notices,omitempty"`
}

// see takes in the address that the identity gives now. It tells whether
// anything changed, and whether the address of record is to be told.
func (d *address) see(email string, now time.Time) (changed, tell bool) {
	email, ok := mailable(email)
	switch {
	case !ok:
		return false, false
	case d.Record == "":
		*d = address{Record: email, Since: now}
		return true, false
	case strings.EqualFold(email, d.Record):
		changed = d.Next != ""
		d.Next, d.Told = "", time.Time{}
		return changed, false
	case d.Refused != "" && strings.EqualFold(email, d.Refused):
		changed = d.Next != ""
		d.Next, d.Told = "", time.Time{}
		return changed, false
	case !strings.EqualFold(email, d.Next):
		d.Next, d.Told = email, time.Time{}
		return true, d.mayTell(now)
	case d.Told.IsZero():
		tell = d.mayTell(now)
		return tell, tell
	case now.Sub(d.Told) >= settle:
		*d = address{Record: email, Since: now, Refused: d.Refused}
		return true, false
	}
	return false, false
}

// mayTell counts a notice to the address of record: maxMails in 15 minutes. One
// that is not sent costs nobody anything, since an address waits until it was.
func (d *address) mayTell(now time.Time) bool {
	d.Notices = keep(d.Notices, func(at time.Time) bool { return now.Before(at.Add(window)) })
	if len(d.Notices) >= maxMails {
		return false
	}
	d.Notices = append(d.Notices, now)
	return true
}

// mailable reads one plain address: no display name, comment, list, second @,
// line end or control character, of the length that mail allows (RFC 5321,
// 4.5.3.1).
func mailable(email string) (string, bool) {
	email = strings.TrimSpace(email)
	if email == "" || len(email) > 254 || strings.Count(email, "@") != 1 ||
		strings.ContainsFunc(email, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar }) {
		return "", false
	}
	a, err := mail.ParseAddress(email)
	if err != nil || a.Name != "" || a.Address != email {
		return "", false
	}
	return email, true
}

// masked shows enough of an address to know one's own: a•••@example.com.
func masked(email string) string {
	local, domain, ok := strings.Cut(email, "@")
	if !ok {
		return ""
	}
	for _, r := range local {
		return string(r) + "•••@" + domain
	}
	return "•••@" + domain
}

// News reports whether an address that the identity gives is news to the account,
// as it was read: Notice would record it.
func (a *Account) News(email string, now time.Time) bool {
	d := a.address
	if d.Next == "" && d.Record != "" && strings.EqualFold(email, d.Record) {
		return false // nearly always
	}
	d.Notices = slices.Clone(d.Notices)
	changed, tell := d.see(email, now)
	return changed || tell
}

// Notice records the address that the identity gives for a person: the first
// one seen is the address of record. Visits do it by themselves; call it where a
// person is seen earlier. It writes only where something changed.
func (s *Service) Notice(ctx context.Context, p Person, r Rules) error {
	a, err := s.load(ctx, p.Realm, p.User)
	if err != nil {
		return err
	}
	if changed, tell := a.Address.see(p.Email, s.now()); !changed && !tell {
		return nil
	}
	var tell bool
	err = s.change(ctx, p.Realm, p.User, func(a *account) (save bool, _ error) {
		save, tell = a.Address.see(p.Email, s.now())
		return save, nil
	})
	if err == nil && tell {
		s.tellOld(p, r)
	}
	return err
}

// tellOld mails the address of record that another one was seen. Only once that
// mail was accepted does the time begin to run.
func (s *Service) tellOld(p Person, r Rules) {
	s.background(func(ctx context.Context) error {
		a, err := s.load(ctx, p.Realm, p.User)
		if err != nil || a.Address.Next == "" || !a.Address.Told.IsZero() {
			return err
		}
		next := a.Address.Next
		if err := s.deliver(ctx, Event{Kind: "address-changed", To: a.Address.Record, Person: p, Rules: r, At: s.now()}); err != nil {
			return err
		}
		return s.change(ctx, p.Realm, p.User, func(a *account) (bool, error) {
			if a.Address.Next != next || !a.Address.Told.IsZero() {
				return false, nil
			}
			a.Address.Told = s.now()
			return true, nil
		})
	})
}
