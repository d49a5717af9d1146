package attack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// app is as obliging as every app server at once: it decodes a target until
// nothing changes, folds backslashes, parameters, dots, case and full-width
// letters, and serves the protected area for whatever comes out as it.
type app struct {
	*httptest.Server
	mu      sync.Mutex
	users   map[string]string // session id to user
	tenants map[string]string // user to tenant
	served  []string          // protected things that went out, and to whom
	seen    []*http.Request   // every request but the gate's questions
	bodies  []string
	asked   int
	handle  func(w http.ResponseWriter, r *http.Request) bool // before everything else; true: answered
}

func newApp(t testing.TB) *app {
	t.Helper()
	a := &app{users: map[string]string{"bob": "bob", "mallory": "mallory"}, tenants: map[string]string{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

// user is whom the app takes a request for: whatever carries a credential
// counts, the session last.
func (a *app) user(r *http.Request) string {
	q := r.URL.Query()
	_, sid, inPath := strings.Cut(r.URL.Path, ";jsessionid=")
	switch u, _, basic := r.BasicAuth(); {
	case basic:
		return u
	case r.Header.Get("X-Api-Key") == "bobs", q.Get("api_key") == "bobs", q.Get("user") == "bob" && q.Get("password") != "", q.Get("PHPSESSID") == "bob", inPath && sid == "bob":
		return "bob"
	}
	if c, err := r.Cookie("remember"); err == nil {
		return c.Value
	}
	if c, err := r.Cookie("sid"); err == nil {
		if u := a.users[r.Host+"|"+c.Value]; u != "" {
			return u
		}
		return a.users[c.Value]
	}
	return ""
}

// inPath is a session of ASP.NET in a path, which is taken out of it.
var inPath = regexp.MustCompile(`(?i)/?\((?:[a-z]\([^()/]*\))+\)`)

// reads is what the most obliging of servers takes a target's path for.
func reads(target string) string {
	p, q, _ := strings.Cut(target, "?")
	if p == "/" || strings.HasSuffix(p, "/index.php") {
		for _, pair := range strings.Split(q, "&") { // a front controller without PATH_INFO
			if key, value, _ := strings.Cut(pair, "="); key != "" && value == "" {
				p = "/" + strings.TrimPrefix(key, "/")
				break
			}
		}
	}
	if i := strings.Index(p, "://"); i > 0 && !strings.HasPrefix(p, "/") {
		p = p[i+3:]
		p = p[max(strings.IndexByte(p, '/'), 0):]
	}
	for range 6 {
		q, err := url.PathUnescape(p)
		if err != nil || q == p {
			break
		}
		p = q
	}
	p = strings.ReplaceAll(strings.Map(func(r rune) rune {
		if 0x300 <= r && r <= 0x36f {
			return -1 // as a collation does that sees no accents
		}
		return r
	}, norm.NFKD.String(p)), "~", "")
	if i := strings.IndexAny(p, "?#"); i >= 0 {
		p = p[:i] // decoded first, cut then
	}
	p = "/" + inPath.ReplaceAllString(strings.ReplaceAll(p, "files../", "files/../"), "") // an alias of nginx without its slash
	if before, outlet, ok := strings.Cut(p, "/(primary:"); ok {
		p = before + "/" + strings.Replace(outlet, ")", "", 1) // Angular
	}
	p = strings.ReplaceAll(p, "(..)", "../") // a page of Next.js over another
	segments := strings.FieldsFunc(p, func(c rune) bool { return c == '/' || c == '\\' })
	for i, s := range segments {
		if behind := strings.ToLower(s); i+1 < len(segments) && strings.HasSuffix(behind, ".php") {
			return reads("/" + strings.Join(segments[i+1:], "/")) // what a script gets as PATH_INFO
		}
		if i == 0 { // a suffix that routers take off
			for _, suffix := range []string{".json", ".xml", ".html", ".php"} {
				if n := len(s) - len(suffix); n > 0 && strings.EqualFold(s[n:], suffix) && !strings.EqualFold(s, "index.php") {
					s = s[:n]
				}
			}
		}
		s, _, _ = strings.Cut(s, ";")
		s, _, _ = strings.Cut(s, "\x00")
		// NTFS: the default stream is the thing itself, a named one is not.
		if name, stream, ok := strings.Cut(s, ":"); ok && (strings.HasPrefix(stream, ":$") || strings.HasPrefix(stream, "$")) {
			s = name
		}
		if s != ".." && s != "." {
			s = strings.TrimRight(s, ". ")
		}
		segments[i] = strings.ToLower(s)
	}
	return path.Clean("/" + strings.Join(segments, "/"))
}

func underDocuments(p string) bool { return p == "/documents" || strings.HasPrefix(p, "/documents/") }

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	who := a.user(r)
	if r.URL.Path != "/api/me" {
		a.seen, a.bodies = append(a.seen, r), append(a.bodies, string(body))
	} else {
		a.asked++
	}
	if a.handle != nil && a.handle(w, r) {
		return
	}
	p := reads(r.RequestURI)
	switch {
	case p == "/api/me" && who == "":
		w.WriteHeader(http.StatusUnauthorized)
	case p == "/api/me":
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"login": who, "tenant": a.tenants[who]})
	case p == "/login" && r.Method == http.MethodPost:
		v, _ := url.ParseQuery(string(body))
		a.users[v.Get("sid")] = v.Get("user")
	case p == "/switch":
		a.tenants[who] = r.URL.Query().Get("to")
	case p == "/index.php" && strings.Contains(strings.ToLower(string(body)), "mensagens"), underDocuments(p):
		a.served = append(a.served, r.Method+" "+r.RequestURI+" to "+who)
		w.Header().Set("Cache-Control", "public, max-age=60")
		fmt.Fprint(w, "SECRET of "+who)
	default:
		fmt.Fprint(w, "open to "+who)
	}
}

// loot empties and returns what the app served of the protected area to bob.
func (a *app) loot() (list []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.served {
		if strings.HasSuffix(s, " to bob") {
			list = append(list, s)
		}
	}
	a.served = nil
	return list
}

// do changes the app under its lock.
func (a *app) do(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

// last is the newest request that reached the app, and nil once it was taken.
func (a *app) last() (r *http.Request, body string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.seen); n > 0 {
		r, body = a.seen[n-1], a.bodies[n-1]
	}
	a.seen, a.bodies = nil, nil
	return r, body
}
