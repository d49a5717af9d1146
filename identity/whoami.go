package identity

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// Before is a first call whose value the second one needs, such as a token
// against forgery.
type Before struct {
	Path string
	Name string // the value is {mfa.before.<name>} in the path and in header_up
	Expr Expression
}

// Header is one header field of a sub-request.
type Header struct{ Field, Value string }

// Expressions are the facts of a whoami; a zero one is not mapped.
type Expressions struct {
	User, Email, Name, Tenant, Roles, Session, Methods, ACR, Time Expression
}

// WhoAmI asks the app who its visitor is.
type WhoAmI struct {
	Path     string   // where the app says who is signed in, with its query
	Method   string   // GET (default) or POST, without a body
	HeaderUp []Header // further header fields of the sub-request; a value may hold placeholders
	Before   *Before
	Facts    Expressions
	Cookies  []string       // the cookies that key the cache: only such as the app replaces at every sign-in; default all
	Cache    *time.Duration // how long an answer is remembered, at most 1h; nil: 30s; 0: not at all
	Nobody   []string       // values of user that stand for nobody
	Login    []string       // paths that sign in, or paths with the query that does: /doku.php?do=login
	Logout   []string       // paths that sign out
	Password []string       // paths that change or reset a password
	Timeout  time.Duration  // of one sub-request, default 5s
}

// MaxAnswer bounds an answer of whoami, in bytes. A longer one is Down.
const MaxAnswer = 1 << 20

const (
	defaultCache   = 30 * time.Second
	maxCache       = time.Hour
	defaultTimeout = 5 * time.Second
)

// whoami is a checked WhoAmI with its memory.
type whoami struct {
	cfg      WhoAmI
	facts    FactSet
	find     [9]extractor
	before   extractor
	headers  []upHeader
	cookies  []string // in the form of cookieName; nil: all
	login    []route
	logout   []route
	password []route
	ttl      time.Duration
	timeout  time.Duration
	memory   *memory
}

// NewWhoAmI checks the whole of cfg; the error says what to write instead. It
// asks nobody.
func NewWhoAmI(cfg WhoAmI) (Source, error) {
	w := &whoami{cfg: cfg, ttl: defaultCache, timeout: defaultTimeout}
	if err := w.check(); err != nil {
		return nil, fmt.Errorf("identity whoami: %w", err)
	}
	w.memory = newMemory(w.ttl + 2*w.timeout)
	return w, nil
}

func (w *whoami) check() error {
	c := &w.cfg
	if c.Method == "" {
		c.Method = http.MethodGet
	}
	if c.Method != http.MethodGet && c.Method != http.MethodPost {
		return fmt.Errorf("method is %q; write GET or POST", c.Method)
	}
	if c.Cache != nil {
		w.ttl = *c.Cache
	}
	if w.ttl < 0 || w.ttl > maxCache {
		return fmt.Errorf("cache is %v; write 0s to %v", w.ttl, maxCache)
	}
	if c.Timeout != 0 {
		w.timeout = c.Timeout
	}
	if w.timeout < 0 || w.timeout > time.Minute {
		return fmt.Errorf("the time-out is %v; write at most 1m", w.timeout)
	}
	if c.Facts.User == (Expression{}) {
		return errors.New("user is missing: say where the answer of " + c.Path + " holds the user's id, such as: user json login")
	}
	m := c.Facts.mapping()
	w.facts = m.facts()
	for i, e := range m {
		var err error
		if w.find[i], err = e.compile(); err != nil {
			return fmt.Errorf("%s: %w", factNames[i], err)
		}
	}
	if err := w.checkBefore(); err != nil {
		return err
	}
	if err := checkPath(c.Path, w.beforeMark()); err != nil {
		return err
	}
	if err := w.checkHeaders(); err != nil {
		return err
	}
	if err := w.checkCookies(); err != nil {
		return err
	}
	for _, list := range []struct {
		to    *[]route
		paths []string
		word  string
	}{{&w.login, c.Login, "login"}, {&w.logout, c.Logout, "logout"}, {&w.password, c.Password, "password"}} {
		for _, p := range list.paths {
			r, err := newRoute(p)
			if err != nil {
				return fmt.Errorf("%s: %w", list.word, err)
			}
			*list.to = append(*list.to, r)
		}
	}
	return nil
}

// factNames are the words of the facts, in the order of the constants.
var factNames = [9]string{"user", "email", "name", "tenant", "roles", "session", "methods", "acr", "time"}

func (w *whoami) checkBefore() (err error) {
	b := w.cfg.Before
	if b == nil {
		return nil
	}
	if b.Name == "" || strings.Trim(b.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return fmt.Errorf("before: %q is no name; write letters, digits and _, such as: before /form token html input attr value", b.Name)
	}
	if b.Expr == (Expression{}) {
		return errors.New("before needs an expression, such as: before /form token regexp `csrf=(\\w+)`")
	}
	if w.before, err = b.Expr.compile(); err != nil {
		return fmt.Errorf("before: %w", err)
	}
	if err := checkPath(b.Path, ""); err != nil {
		return fmt.Errorf("before: %w", err)
	}
	used := strings.Contains(w.cfg.Path, w.beforeMark())
	for _, h := range w.cfg.HeaderUp {
		used = used || strings.Contains(h.Value, w.beforeMark())
	}
	if !used {
		return fmt.Errorf("before: nothing uses %s; write it in the path or in a header_up", w.beforeMark())
	}
	return nil
}

// beforeMark is what stands for the value of before, "" where there is none.
func (w *whoami) beforeMark() string {
	if w.cfg.Before == nil {
		return ""
	}
	return "{mfa.before." + w.cfg.Before.Name + "}"
}

func checkPath(path, mark string) error {
	if mark != "" {
		path = strings.ReplaceAll(path, mark, "x")
	}
	if strings.ContainsAny(path, "{}") {
		return fmt.Errorf("path %q holds a placeholder; only {mfa.before.<name>} of a before in the same block is filled there", path)
	}
	u, err := url.ParseRequestURI(path)
	if err != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || u.Host != "" || strings.Contains(path, "#") {
		return fmt.Errorf("path is %q; write a path of the app, such as: identity whoami /api/me", path)
	}
	return nil
}

func (w *whoami) checkCookies() error {
	for _, name := range w.cfg.Cookies {
		if name == "" || !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("cookies: %q is no name of a cookie; write names with a space between: cookies sid office", name)
		}
		w.cookies = append(w.cookies, cookieName(name))
	}
	slices.Sort(w.cookies)
	w.cookies = slices.Compact(w.cookies)
	return nil
}

// Name is the word for logs and metrics.
func (w *whoami) Name() string { return "whoami" }

// Facts says which facts are mapped.
func (w *whoami) Facts() FactSet { return w.facts }

// Interface guards
var (
	_ Source  = (*whoami)(nil)
	_ Carrier = (*whoami)(nil)
	_ Watcher = (*whoami)(nil)
	_ Steady  = (*whoami)(nil)
)
