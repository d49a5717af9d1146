package enroll

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// account is everything the gate knows of one person in one realm. It is one
// record, so that every check and use (a code, a limit, a visit, a method) is
// one atomic step of the store, and it is sealed whole.
type account struct {
	Format  int               `json:"v"`
	Realm   string            `json:"realm"` // for lists; the key says it too
	User    string            `json:"user"`
	Methods []method          `json:"methods,omitempty"`
	Codes   *codeSet          `json:"codes,omitempty"`
	Had     bool              `json:"had,omitempty"` // ever had a method; never taken back
	Gen     uint64            `json:"gen,omitempty"` // generation of its flags
	Address address           `json:"address,omitzero"`
	Tries   map[string]*tries `json:"tries,omitempty"` // by bucket
	Sends   []send            `json:"sends,omitempty"` // mails of the last 15 minutes
	Asks    []*ask            `json:"asks,omitempty"`  // codes sent for a proof
	Texted  time.Time         `json:"texted,omitzero"` // when a text was last sent
	Visits  []*visit          `json:"visits,omitempty"`
	// OnlyPass: somebody said "this was not me", and no method is left: the mailbox
	// alone sets none up again.
	OnlyPass bool      `json:"only_pass,omitempty"`
	Passes   []pass    `json:"passes,omitempty"`  // by tenant
	Devices  []trusted `json:"devices,omitempty"` // trusted browsers, oldest first
	// Handle is what passkeys know this account by: random, so that it says
	// nothing of the person (WebAuthn Level 3, 14.6.1).
	Handle []byte `json:"handle,omitempty"`
	// Due is what the person owes a tenant, by its key. It is never taken back:
	// what was granted once is not granted again.
	Due map[string]due `json:"due,omitempty"`
}

// accountFormat is the layout that this program writes. A later one is refused,
// never read by half.
const accountFormat = 1

// method is an enrolled factor with its secret.
type method struct {
	ID       string    `json:"id"`
	Kind     Kind      `json:"kind"`
	Name     string    `json:"name"`
	Created  time.Time `json:"created"`
	LastUsed time.Time `json:"used,omitzero"`
	Default  bool      `json:"default,omitempty"`
	Tenant   string    `json:"tenant"`
	First    string    `json:"first"`
	Secret   secret    `json:"secret,omitempty"`
	LastStep int64     `json:"step,omitempty"`  // last accepted time step; never goes back
	Burnt    []int64   `json:"burnt,omitempty"` // later steps whose codes were told by a clock-off answer
	Passkey  *passkey  `json:"passkey,omitempty"`
	Reviewed time.Time `json:"reviewed,omitzero"` // when the person last said that it is right
	Address  string    `json:"address,omitempty"` // e-mail: where its codes go
	Number   string    `json:"number,omitempty"`  // sms: in E.164
	Linked   *linked   `json:"linked,omitempty"`  // oidc
	// From is whence it was registered.
	From netip.Addr `json:"from,omitzero"`
}

func (m *method) public() Method {
	out := Method{ID: m.ID, Kind: m.Kind, Name: m.Name, Created: m.Created, LastUsed: m.LastUsed,
		Default: m.Default, Tenant: m.Tenant, First: m.First, From: m.From}
	out.Reviewed = m.looked()
	if m.Passkey != nil {
		out.Party, out.Copied = m.Passkey.Party, !m.Passkey.Copied.IsZero()
	}
	if out.Masked = masked(m.Address); m.Number != "" {
		out.Masked = maskedNumber(m.Number)
	}
	if m.Linked != nil {
		out.Masked = m.Linked.Email
	}
	return out
}

// secret is bytes that no log may hold.
type secret []byte

// String hides it.
func (secret) String() string { return "[hidden]" }

// GoString hides it from %#v.
func (secret) GoString() string { return "[hidden]" }

// Format hides it from every other verb.
func (secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[hidden]") }

// longest name of a user or realm, in bytes.
const maxName = 1024

// accountKey is where an account stands. Escaping keeps two names from meeting
// in one key ("a/b" of one realm, "b" of another).
func accountKey(realm, user string) (string, error) {
	if user == "" || len(user) > maxName || len(realm) > maxName || !utf8.ValidString(realm) || !utf8.ValidString(user) {
		return "", &Error{Reason: ErrNotAllowed.Reason, Status: ErrNotAllowed.Status,
			Err: errors.New("the user's name is empty, too long or not UTF-8")}
	}
	return "account/" + url.PathEscape(realm) + "/" + url.PathEscape(user), nil
}

// load reads an account; one never seen is empty. What cannot be read is an
// error and never an empty account: somebody who had a factor must not become
// new by a damaged record.
func (s *Service) load(ctx context.Context, realm, user string) (*account, error) {
	r, err := s.record(ctx, realm, user)
	if err != nil {
		return nil, err
	}
	return s.decode(r, realm, user)
}

func (s *Service) decode(r store.Record, realm, user string) (*account, error) {
	if r.Version == 0 {
		return &account{Format: accountFormat, Realm: realm, User: user}, nil
	}
	t := s.tokens()
	if t == nil {
		return nil, ErrStoreDown
	}
	return decodeWith(t.keys, r, realm, user)
}

func decodeWith(keys *Keys, r store.Record, realm, user string) (*account, error) {
	a := &account{Format: accountFormat, Realm: realm, User: user}
	plain, err := keys.open(place{"account", realm, user, r.Version}, r.Value)
	if err != nil {
		return nil, down(err)
	}
	if err := json.Unmarshal(plain, a); err != nil {
		return nil, down(fmt.Errorf("reading an account: %w", err))
	}
	if a.Format > accountFormat {
		return nil, down(fmt.Errorf("reading an account: format %d, and this program knows up to %d", a.Format, accountFormat))
	}
	return a, nil
}

// change is the one way an account is written: fn looks and changes in one
// atomic step. It says whether what it did to a is to be kept, and what to
// answer; an answer with save true is a refusal that is counted. fn may run more
// than once, each time on a fresh account.
func (s *Service) change(ctx context.Context, realm, user string, fn func(a *account) (save bool, answer error)) error {
	return s.changeBy(ctx, s.store.Update, realm, user, fn)
}

func (s *Service) changeBy(ctx context.Context, update func(context.Context, string, func(store.Record) (*store.Record, error)) error,
	realm, user string, fn func(a *account) (save bool, answer error)) error {
	key, err := accountKey(realm, user)
	if err != nil {
		return err
	}
	t := s.tokens()
	if t == nil {
		return ErrStoreDown
	}
	var answer error
	err = update(ctx, key, func(old store.Record) (*store.Record, error) {
		a, err := s.decode(old, realm, user)
		if err != nil {
			return nil, err
		}
		a.tidy(s.now())
		var save bool
		if save, answer = fn(a); !save {
			return nil, nil
		}
		a.Format = accountFormat
		plain, err := json.Marshal(a)
		if err != nil {
			return nil, err
		}
		sealed, err := t.keys.seal(s.rand, place{"account", realm, user, old.Version + 1}, plain)
		return &store.Record{Value: sealed}, err
	})
	if err != nil {
		return down(err)
	}
	return answer
}

// tidy drops what is over: dead visits, old counts.
func (a *account) tidy(now time.Time) {
	a.Visits = keep(a.Visits, func(v *visit) bool { return now.Before(v.Expires) })
	a.Passes = keep(a.Passes, func(d pass) bool { return now.Before(d.Expires.Add(window)) })
	a.Sends = keep(a.Sends, func(d send) bool { return now.Before(d.At.Add(window)) })
	a.Asks = keep(a.Asks, func(k *ask) bool { return now.Before(k.Sent.Add(window)) })
	for bucket, t := range a.Tries {
		if t.over(now) {
			delete(a.Tries, bucket)
		}
	}
}

// keep is the part of list for which ok holds.
func keep[T any](list []T, ok func(T) bool) []T {
	var kept []T
	for _, v := range list {
		if ok(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// method finds a method by its id.
func (a *account) method(id string) *method {
	for i := range a.Methods {
		if a.Methods[i].ID == id {
			return &a.Methods[i]
		}
	}
	return nil
}

// in tells whether a method was made in the tenant.
func (a *account) in(tenant string) *method {
	for i := range a.Methods {
		if a.Methods[i].Tenant == tenant {
			return &a.Methods[i]
		}
	}
	return nil
}
