package caddymodule

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	gosmtp "github.com/emersion/go-smtp"
	"github.com/pquerna/otp/totp"
)

// clockAhead is how far the gate's clock is ahead of the machine's.
var clockAhead atomic.Int64

// clockStopped is when the machine's clock stood still for the gate; nil: it runs.
var clockStopped atomic.Pointer[time.Time]

// stopClock has the gate's clock go on by what is advanced alone.
func stopClock(t *testing.T) {
	at := time.Now()
	clockStopped.Store(&at)
	t.Cleanup(func() { clockStopped.Store(nil) })
}

func init() {
	now = func() time.Time {
		at := clockStopped.Load()
		if at == nil {
			running := time.Now()
			at = &running
		}
		return at.Add(time.Duration(clockAhead.Load()))
	}
	since = func(t time.Time) time.Duration { return now().Sub(t) }
}

// advance moves the gate's clock until the test ends.
func advance(t *testing.T, d time.Duration) {
	clockAhead.Add(int64(d))
	t.Cleanup(func() { clockAhead.Add(-int64(d)) })
}

// legacy is an app that knows nothing of a second factor: sessions in memory,
// a login form, pages that say whose they are, and a count of what reached it.
type legacy struct {
	*httptest.Server
	mu       sync.Mutex
	sessions map[string]string // session id to user
	since    map[string]int64  // session id to when it began, in Unix seconds
	tenants  map[string]string // user to tenant
	hits     map[string]int    // "GET /path" to requests, the gate's own questions left out
	asked    int               // the gate's questions
	last     *http.Request
	lastBody string
	arrives  func(r *http.Request)                             // before the body is read; nil: nothing
	handle   func(w http.ResponseWriter, r *http.Request) bool // before everything else; true: answered
	serial   int
	// sessionFact: the app says which session this is, and since when.
	sessionFact bool
}

func newLegacy(t testing.TB) *legacy {
	t.Helper()
	l := &legacy{sessions: map[string]string{}, since: map[string]int64{}, tenants: map[string]string{}, hits: map[string]int{}}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

func (l *legacy) addr() string { return l.Listener.Addr().String() }

func (l *legacy) user(r *http.Request) string {
	c, err := r.Cookie("sid")
	if err != nil {
		return ""
	}
	return l.sessions[c.Value]
}

func (l *legacy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.arrives != nil {
		l.arrives(r)
	}
	body, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/api/me") {
		l.asked++
	} else {
		l.hits[r.Method+" "+r.URL.Path]++
		l.last, l.lastBody = r.Clone(context.Background()), string(body)
	}
	if l.handle != nil && l.handle(w, r) {
		return
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/api/me"):
		u := l.user(r)
		if u == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		me := map[string]any{"login": u, "email": u + "@mail.test", "name": strings.ToUpper(u), "tenant": l.tenants[u]}
		if c, err := r.Cookie("sid"); err == nil && l.sessionFact {
			me["sid"], me["since"] = c.Value, l.since[c.Value]
		}
		_ = json.NewEncoder(w).Encode(me)
	case r.URL.Path == "/login" && r.Method == http.MethodPost:
		v, _ := url.ParseQuery(string(body))
		l.serial++
		id := fmt.Sprintf("sid-%d", l.serial)
		l.sessions[id], l.since[id] = v.Get("user"), now().Unix()
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: id, Path: "/", HttpOnly: true})
		fmt.Fprint(w, "welcome ", v.Get("user"))
	case r.URL.Path == "/logout":
		if c, err := r.Cookie("sid"); err == nil {
			delete(l.sessions, c.Value)
		}
		http.SetCookie(w, &http.Cookie{Name: "sid", Path: "/", MaxAge: -1})
	default:
		w.Header().Set("Cache-Control", "public, max-age=60")
		fmt.Fprintf(w, "SECRET of %s at %s body=%s", l.user(r), r.URL.Path, body)
	}
}

func (l *legacy) hitsOn(part string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, c := range l.hits {
		if strings.Contains(k, part) {
			n += c
		}
	}
	return n
}

func (l *legacy) questions() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked
}

func (l *legacy) lastRequest() (*http.Request, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last, l.lastBody
}

// postbox is a real SMTP server on loopback.
type postbox struct {
	mu   sync.Mutex
	mail []string
	addr string
}

func newPostbox(t testing.TB) *postbox {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &postbox{addr: ln.Addr().String()}
	srv := gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return &postman{box: b}, nil }))
	srv.ErrorLog = log.New(io.Discard, "", 0)
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close() })
	return b
}

type postman struct{ box *postbox }

func (*postman) Reset()                                 {}
func (*postman) Logout() error                          { return nil }
func (*postman) Mail(string, *gosmtp.MailOptions) error { return nil }
func (*postman) Rcpt(string, *gosmtp.RcptOptions) error { return nil }
func (p *postman) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	p.box.mu.Lock()
	defer p.box.mu.Unlock()
	p.box.mail = append(p.box.mail, string(b))
	return err
}

var codeLine = regexp.MustCompile(`(?m)^\s*(\d{6,8})\s*$`)

// code returns the newest mailed code.
func (b *postbox) code(t testing.TB) string {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := len(b.mail) - 1; i >= 0; i-- {
		if m := codeLine.FindStringSubmatch(strings.ReplaceAll(b.mail[i], "\r", "")); m != nil {
			return m[1]
		}
	}
	t.Fatalf("no code in %d mails", len(b.mail))
	return ""
}

// live is a running Caddy with one site before the legacy app.
type live struct {
	t    testing.TB
	app  *legacy
	mail *postbox
	base string
	dir  string
	conf string
}

// prelude keeps Caddy to itself: no admin endpoint, no certificates, loopback.
const prelude = `
	admin off
	persist_config off
	auto_https off
	default_bind 127.0.0.1
	log {
		output discard
	}
`

// start runs a Caddyfile. %APP%, %SMTP%, %DIR% and %PRELUDE% are filled in.
func start(t testing.TB, caddyfile string, files map[string]string) *live {
	t.Helper()
	s := &live{t: t, app: newLegacy(t), mail: newPostbox(t), dir: t.TempDir()}
	for name, text := range files {
		s.write(name, text)
	}
	s.conf = caddyfile
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := s.load(caddyfile); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *live) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *live) fill(text string) string {
	return strings.NewReplacer("%APP%", s.app.addr(), "%SMTP%", s.mail.addr, "%DIR%", s.dir, "%PRELUDE%", prelude).Replace(text)
}

// load gives the running process a configuration.
func (s *live) load(caddyfile string) error {
	cfg, warn, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(s.fill(caddyfile)), map[string]any{"filename": filepath.Join(s.dir, "Caddyfile")})
	if err != nil {
		return err
	}
	for _, w := range warn {
		s.t.Log("adapt:", w.String())
	}
	return s.loadJSON(cfg)
}

func (s *live) loadJSON(cfg []byte) error {
	if err := caddy.Load(cfg, true); err != nil {
		return err
	}
	app, err := caddy.ActiveContext().App("http")
	if err != nil {
		return err
	}
	for _, srv := range app.(*caddyhttp.App).Servers {
		_, port, _ := net.SplitHostPort(srv.Listeners()[0].Addr().String())
		s.base = "http://localhost:" + port
	}
	return nil
}

// simple is the smallest useful site.
const simple = `{
	%PRELUDE%
	mfa {
		store bolt %DIR%/mfa.db
		mail smtp smtp://%SMTP% {
			from security@portal.test
		}
	}
}
http://:0 {
	mfa {
		protect /documents /admin
		identity whoami /api/me {
			user json login
			email json email
			name json name
			login /login
			logout /logout
		}
	}
	reverse_proxy %APP%
}
`

// browser is one person at one browser.
type browser struct {
	*http.Client
	t      testing.TB
	s      *live
	secret string // of the authenticator app, once enrolled
	codes  []string
}

func (s *live) browser() *browser {
	jar, _ := cookiejar.New(nil)
	c := &http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	s.t.Cleanup(c.CloseIdleConnections)
	return &browser{Client: c, t: s.t, s: s}
}

func (s *live) signedIn(user string) *browser {
	b := s.browser()
	b.signIn(user)
	return b
}

func (b *browser) signIn(user string) {
	b.t.Helper()
	b.form("/login", url.Values{"user": {user}}).want(200)
}

// reply is an answer read to its end.
type reply struct {
	*http.Response
	t    testing.TB
	body string
}

func (b *browser) send(method, path, body string, h ...string) *reply {
	b.t.Helper()
	req, err := http.NewRequest(method, b.s.base+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if body == "" {
		req.Body = http.NoBody
		req.ContentLength = 0
	}
	for i := 0; i+1 < len(h); i += 2 {
		req.Header.Add(h[i], h[i+1])
	}
	res, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return &reply{Response: res, t: b.t, body: string(text)}
}

func (b *browser) get(path string, h ...string) *reply {
	b.t.Helper()
	return b.send("GET", path, "", h...)
}

// page asks as a browser does for a page.
func (b *browser) page(path string) *reply {
	b.t.Helper()
	return b.get(path, "Accept", "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "none")
}

func (b *browser) form(path string, v url.Values) *reply {
	b.t.Helper()
	return b.send("POST", path, v.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Origin", b.s.base, "Sec-Fetch-Site", "same-origin")
}

func (b *browser) call(method, path string, in any) *reply {
	b.t.Helper()
	body := ""
	if in != nil {
		j, err := json.Marshal(in)
		if err != nil {
			b.t.Fatal(err)
		}
		body = string(j)
	}
	return b.send(method, path, body, "Content-Type", "application/json", "Accept", "application/json", "Origin", b.s.base, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors")
}

func (r *reply) want(status int) *reply {
	r.t.Helper()
	if r.StatusCode != status {
		r.t.Fatalf("%s %s: status %d, want %d\n%.400s", r.Request.Method, r.Request.URL, r.StatusCode, status, r.body)
	}
	return r
}

func (r *reply) json(into any) *reply {
	r.t.Helper()
	if err := json.NewDecoder(bytes.NewReader([]byte(r.body))).Decode(into); err != nil {
		r.t.Fatalf("%s: %v in %.300s", r.Request.URL, err, r.body)
	}
	return r
}

func (r *reply) reason(word string) *reply {
	r.t.Helper()
	var p struct{ Reason string }
	r.json(&p)
	if p.Reason != word {
		r.t.Fatalf("%s %s: reason %q, want %q", r.Request.Method, r.Request.URL, p.Reason, word)
	}
	return r
}

// enroll takes the browser through the whole enrolment by the JSON API.
func (b *browser) enroll() *browser {
	b.t.Helper()
	b.call("POST", "/.mfa/api/email", map[string]any{}).want(200)
	b.call("POST", "/.mfa/api/email/verify", map[string]any{"code": b.s.mail.code(b.t)}).want(200)
	return b.addTOTP()
}

func (b *browser) addTOTP() *browser {
	b.t.Helper()
	var begun struct{ Secret, URI string }
	b.call("POST", "/.mfa/api/methods/totp", map[string]any{}).want(200).json(&begun)
	b.secret = strings.ReplaceAll(begun.Secret, " ", "")
	var done struct {
		RecoveryCodes []string `json:"recovery_codes"`
	}
	b.call("POST", "/.mfa/api/methods/totp/verify", map[string]any{"code": b.totp(), "name": "phone"}).want(200).json(&done)
	b.codes = done.RecoveryCodes
	return b
}

// totp is the code that the authenticator app shows now.
func (b *browser) totp() string {
	b.t.Helper()
	c, err := totp.GenerateCode(b.secret, now())
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// cookies are the browser's, as one Cookie field.
func (b *browser) cookies() string {
	u, _ := url.Parse(b.s.base)
	var list []string
	for _, c := range b.Jar.Cookies(u) {
		list = append(list, c.Name+"="+c.Value)
	}
	return strings.Join(list, "; ")
}

func (b *browser) setCookie(name, value string) {
	u, _ := url.Parse(b.s.base)
	b.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}
