package enroll

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// world is a service with a clock set by hand, a mailbox, and what a restart
// needs.
type world struct {
	*Service
	t     testing.TB
	clock *clock
	post  *postbox
	keys  *Keys
	store store.Store
	fails *failures
}

type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time      { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) add(d time.Duration) { c.at.Add(int64(d)) }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 11, 24, 12, 0, 7, 0, time.UTC).UnixNano())
	return c
}

// postbox keeps what is mailed, or refuses it.
type postbox struct {
	mu    sync.Mutex
	mails []Mail
	err   error
}

func (b *postbox) Send(_ context.Context, m Mail) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.mails = append(b.mails, m)
	}
	return b.err
}

func (b *postbox) refuse(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func (b *postbox) all() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Mail(nil), b.mails...)
}

type failures struct {
	mu   sync.Mutex
	errs []error
}

func (f *failures) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs = append(f.errs, err)
}

// letter is the last mail with a code: notices come when they come.
func (b *postbox) letter(t testing.TB) Mail {
	t.Helper()
	var found *Mail
	for _, m := range b.all() {
		if m.Subject == "Your code" {
			found = &m
		}
	}
	if found == nil {
		t.Fatal("no mail with a code")
	}
	return *found
}

func newKey(t testing.TB) string {
	t.Helper()
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func newWorld(t testing.TB) *world {
	c := newClock()
	return startWorld(t, c, store.NewMemory(c.now), nil)
}

// newBoltWorld keeps its records in a file.
func newBoltWorld(t testing.TB) *world {
	c := newClock()
	return startWorld(t, c, store.NewBolt(filepath.Join(t.TempDir(), "mfa.db"), c.now), nil)
}

func startWorld(t testing.TB, c *clock, st store.Store, keys *Keys) *world {
	t.Helper()
	if keys == nil {
		var err error
		if keys, err = NewKeys(newKey(t)); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{t: t, clock: c, post: &postbox{}, keys: keys, store: st, fails: &failures{}}
	w.Service = w.node()
	t.Cleanup(func() { w.store.Close() })
	return w
}

// node is one more server on the same store.
func (w *world) node() *Service {
	w.t.Helper()
	s, err := New(Config{Store: w.store, Keys: w.keys, Mailer: w.post, Now: w.clock.now, Failed: w.fails.add})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := s.Start(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { s.Close() })
	return s
}

// restart closes and opens all, as a new process does.
func (w *world) restart() {
	w.t.Helper()
	w.Service.Close()
	if err := w.store.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.Service = w.node()
}

var ctx = context.Background()

func person(user string) Person {
	return Person{Realm: "default", User: user, Tenant: "silva", Email: user + "@example.com", Session: "session of " + user}
}

// silva is a tenant as most are.
func silva() Rules {
	return Rules{Tenant: "silva", TenantName: "Escritório Silva", Methods: []Kind{KindTOTP}, First: "email",
		Undo: true, Manage: 5 * time.Minute, Limits: map[Kind]int{KindTOTP: 5}, Minimum: 1, Prove: "session", Share: "tenant"}
}

func lax() Rules {
	r := silva()
	r.First = "none"
	return r
}

func write(l Letter) Mail {
	return Mail{Subject: "Your code", Text: "Code:\n" + l.Code + "\nlink:" + l.LinkToken + "\n"}
}

var codeLine = regexp.MustCompile(`(?m)^\d{6,8}$`)
var linkLine = regexp.MustCompile(`(?m)^link:(\S+)$`)

func mailedCode(t testing.TB, m Mail) string {
	t.Helper()
	c := codeLine.FindString(m.Text)
	if c == "" {
		t.Fatalf("no code in %q", m.Text)
	}
	return c
}

func mailedLink(t testing.TB, m Mail) string {
	t.Helper()
	l := linkLine.FindStringSubmatch(m.Text)
	if l == nil {
		t.Fatalf("no link in %q", m.Text)
	}
	return l[1]
}

// begin opens a visit and, where the rules want it, proves the address.
func (w *world) begin(p Person, r Rules, f *Flag) *Visit {
	w.t.Helper()
	v, err := w.BeginVisit(ctx, p, r, f)
	w.ok(err)
	if v.Owed != "" {
		w.ok(w.SendCode(ctx, v, p, r, write))
		w.ok(w.VerifyCode(ctx, v, p, r, mailedCode(w.t, w.post.letter(w.t))))
	}
	return v
}

// enrol goes the whole way.
func (w *world) enrol(p Person, r Rules, f *Flag) (*Enrolled, app) {
	w.t.Helper()
	v := w.begin(p, r, f)
	setup, err := w.BeginTOTP(ctx, v, p, r, f, "")
	w.ok(err)
	a := newApp(w.t, setup.Secret)
	e, err := w.FinishTOTP(ctx, v, p, r, f, a.code(w.t, w.clock.now()), "phone")
	w.ok(err)
	return e, a
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) refused(err, want error) {
	w.t.Helper()
	if !errors.Is(err, want) {
		w.t.Fatalf("got %v, want %v", err, want)
	}
}

func (w *world) account(p Person) *Account {
	w.t.Helper()
	a, err := w.Account(ctx, p.Realm, p.User)
	w.ok(err)
	return a
}

// text is all that is kept of a person, to be compared.
func (w *world) text(p Person) string {
	w.t.Helper()
	a, err := w.load(ctx, p.Realm, p.User)
	w.ok(err)
	text, err := json.Marshal(a)
	w.ok(err)
	return string(text)
}

// told wants a mail at bob's address of record that says words.
func (w *world) told(words string) {
	w.t.Helper()
	w.mails.Wait()
	for _, m := range w.post.all() {
		if m.To == "bob@example.com" && strings.Contains(m.Text, words) {
			return
		}
	}
	w.t.Fatalf("nobody is told of %q", words)
}
