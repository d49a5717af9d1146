// Package portaltest is a small site with a gate in front, for tests of the
// pages: a real enrolment service on a store in memory, a clock that stands
// still until it is moved, a mailbox, and an app that knows its user by a
// cookie. The gate is as simple as a gate can be that keeps the contract the
// pages rely on: it judges by path, reads and ends flags, and gives tickets.
package portaltest

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal"
	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// Mount is where the gate's pages are.
const Mount = "/.mfa"

// Site is the app and the gate in front of it. Change its fields between
// requests, not during one.
type Site struct {
	Portal  *portal.Portal
	Service *enroll.Service
	Clock   *Clock
	Mails   *Mailbox
	Texts   *Phone
	Rules   map[string]enroll.Rules // by tenant key
	Tenant  string                  // the tenant of this host
	Foreign string                  // a tenant that is nobody's
	Areas   map[string]string       // protected prefix to the area's name
	Fresh   map[string]time.Duration
	Strong  map[string]bool // protected prefixes that take a passkey alone
	BaseURL string
	Moved   string     // the domain of people's addresses, where it is another one now
	Client  netip.Addr // where requests come from
	Secure  bool       // answers as if asked over https
	Down    bool       // the identity does not answer
	Hits    []string
	Posted  []string // bodies that reached the app

	mu sync.Mutex
}

// Clock stands still until it is moved.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// Now is the time it shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Add moves it.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Mailbox keeps what was mailed.
type Mailbox struct {
	mu    sync.Mutex
	mails []enroll.Mail
	fails error
}

// Fail has it accept nothing, with this error, until it is told nil.
func (m *Mailbox) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fails = err
}

// Send keeps a mail.
func (m *Mailbox) Send(_ context.Context, mail enroll.Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails != nil {
		return m.fails
	}
	m.mails = append(m.mails, mail)
	return nil
}

// All are the mails accepted so far.
func (m *Mailbox) All() []enroll.Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]enroll.Mail(nil), m.mails...)
}

// Phone keeps what was sent as text messages, to whichever number.
type Phone struct {
	mu    sync.Mutex
	texts []string
	to    []string
	fails error
}

// Fail has it accept nothing, with this error, until it is told nil.
func (m *Phone) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fails = err
}

// SendText keeps a text.
func (m *Phone) SendText(_ context.Context, number, text string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails != nil {
		return m.fails
	}
	m.to, m.texts = append(m.to, number), append(m.texts, text)
	return nil
}

// Last is the newest text and its number.
func (m *Phone) Last() (number, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.texts) == 0 {
		return "", ""
	}
	return m.to[len(m.to)-1], m.texts[len(m.texts)-1]
}

// New makes a site of one tenant, "silva", that asks for a second factor under
// three prefixes.
func New() (*Site, error) { return NewWith(nil) }

// NewWith makes a site that knows identity providers.
func NewWith(providers map[string]enroll.Provider) (*Site, error) {
	s := &Site{
		Clock: &Clock{at: time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)},
		Mails: &Mailbox{}, Texts: &Phone{}, Tenant: "silva",
		Rules: map[string]enroll.Rules{"silva": {
			Tenant: "silva", TenantName: "Escritório Silva", Required: true, Methods: []enroll.Kind{enroll.KindTOTP},
			Minimum: 1, First: "email", Prove: "session", Share: "tenant", Undo: true, Manage: 5 * time.Minute,
			Brand: enroll.Brand{Color: "#0f766e", Support: "mailto:ajuda@silva.example", Help: "https://silva.example/ajuda"},
		}},
		Areas: map[string]string{
			"/documentos-recebidos": "Documentos recebidos", "/enviar-documentos": "Enviar documentos", "/mensagens": "Mensagens",
		},
		Client: netip.MustParseAddr("203.0.113.7"),
		Fresh:  map[string]time.Duration{}, Strong: map[string]bool{},
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	keys, err := enroll.NewKeys(base64.StdEncoding.EncodeToString(key))
	if err != nil {
		return nil, err
	}
	s.Service, err = enroll.New(enroll.Config{
		Store: store.NewMemory(s.Clock.Now), Keys: keys, Mailer: s.Mails, Texter: s.Texts, Providers: providers, Now: s.Clock.Now, Compose: portal.Compose,
	})
	if err != nil {
		return nil, err
	}
	if err := s.Service.Start(context.Background()); err != nil {
		return nil, err
	}
	s.Portal, err = portal.New(portal.Config{Service: s.Service, Now: s.Clock.Now})
	return s, err
}

// ServeHTTP is the gate.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := s.visit(r)
	if sub, ok := strings.CutPrefix(r.URL.Path, Mount); ok && (sub == "" || sub[0] == '/') {
		inner := r.Clone(r.Context())
		inner.URL.Path = sub
		s.Portal.Serve(w, inner, v)
		return
	}
	b := s.judge(r, v)
	if b == nil {
		s.app(w, r)
		return
	}
	if v.Person.User != "" {
		ticket, err := s.Service.SignTicket(enroll.Ticket{
			Realm: v.Person.Realm, User: v.Person.User, Tenant: s.Tenant, Email: v.Person.Email, Name: v.Person.Name,
			To: r.URL.RequestURI(), Method: r.Method, Reason: b.Reason, Foreign: b.Foreign,
		})
		if err == nil {
			http.SetCookie(w, &http.Cookie{Name: v.FlagCookie + "-ticket", Value: ticket, Path: "/", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode})
		}
	}
	s.Portal.Block(w, r, b)
}

// Change changes the rules of the site's tenant. A browser may be asking for
// something meanwhile.
func (s *Site) Change(change func(*enroll.Rules)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rules := s.Rules[s.Tenant]
	change(&rules)
	s.Rules = maps.Clone(s.Rules)
	s.Rules[s.Tenant] = rules
}

func (s *Site) visit(r *http.Request) *portal.Visit {
	s.mu.Lock()
	all := s.Rules
	s.mu.Unlock()
	v := &portal.Visit{
		Rules: all[s.Tenant], Host: r.Host, Scheme: "http", Mount: Mount, BaseURL: s.BaseURL, FlagCookie: "mfa",
		FlagLifetime: 12 * time.Hour, Client: s.Client, UserAgent: r.UserAgent(), State: "nobody",
	}
	if s.Secure {
		v.Scheme, v.Secure, v.FlagCookie = "https", true, "__Host-mfa"
	}
	v.Rules.RPID = relyingParty(r.Host, v.Rules)
	if s.BaseURL != "" {
		v.Rules.LinkBase = strings.TrimRight(s.BaseURL, "/") + Mount + "/link/"
	}
	v.Domain, _, _ = strings.Cut(r.Host, ":")
	if s.Down {
		v.State = "down"
		return v
	}
	for key, rules := range all {
		if key == s.Foreign {
			continue
		}
		v.Tenants = append(v.Tenants, portal.TenantRef{Key: key, Name: rules.TenantName})
	}
	v.RulesFor = func(key string) (enroll.Rules, bool) {
		rules, ok := all[key]
		rules.RPID = relyingParty(r.Host, rules)
		return rules, ok
	}
	now := s.Clock.Now()
	defer func() { v.Person.Client = s.Client }()
	if c, err := r.Cookie(v.FlagCookie + "-ticket"); err == nil {
		v.Ticket, _ = s.Service.ReadTicket(c.Value, "default", now)
	}
	if c, err := r.Cookie("login"); err == nil && c.Value != "" {
		name := strings.ToUpper(c.Value[:1]) + c.Value[1:] + " Souza"
		v.State = "known"
		v.Person = enroll.Person{Realm: "default", User: c.Value, Tenant: s.Tenant, Email: c.Value + "@" + cmp.Or(s.Moved, "cliente.example"), Name: name}
		if v.Ticket != nil && v.Ticket.User != c.Value {
			v.Ticket = nil
		}
	} else if v.Ticket != nil {
		v.ByTicket = true
		v.Person = enroll.Person{Realm: "default", User: v.Ticket.User, Tenant: v.Ticket.Tenant, Email: v.Ticket.Email, Name: v.Ticket.Name}
	}
	if c, err := r.Cookie(v.FlagCookie); err == nil {
		if f, err := s.Service.ReadFlag(c.Value, "default", now); err == nil && f.User == v.Person.User {
			v.Flag = f
		}
	}
	v.Judge = func(to string) (string, string) {
		path, _, _ := strings.Cut(to, "?")
		return s.verdict(r.Context(), path, v)
	}
	v.Resists = func(to string) bool {
		path, _, _ := strings.Cut(to, "?")
		return s.Strong[s.areaOf(path)]
	}
	return v
}

// relyingParty is the host, unless the rules name one.
func relyingParty(host string, rules enroll.Rules) string {
	if rules.RPID != "" {
		return rules.RPID
	}
	name, _, _ := strings.Cut(host, ":")
	return name
}

// app is what stands behind the gate: it knows nothing of it.
func (s *Site) app(w http.ResponseWriter, r *http.Request) {
	if user := r.URL.Query().Get("login"); user != "" {
		http.SetCookie(w, &http.Cookie{Name: "login", Value: user, Path: "/", HttpOnly: true})
	}
	body := ""
	if r.Method == http.MethodPost {
		_ = r.ParseForm()
		body = r.PostForm.Encode()
	}
	s.mu.Lock()
	s.Hits = append(s.Hits, r.Method+" "+r.URL.RequestURI())
	if body != "" {
		s.Posted = append(s.Posted, body)
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="pt-BR"><title>Portal</title><h1 id="app">The app: %s %s</h1>`+
		`<form method="post" action="/enviar-documentos/novo"><label for="t">Titulo</label><input id="t" name="titulo"><button id="go">Enviar</button></form>`,
		r.Method, html.EscapeString(r.URL.RequestURI()))
}

// Reached are the requests that the app saw, and the forms that it got.
func (s *Site) Reached() (hits, posted []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.Hits...), append([]string(nil), s.Posted...)
}
