package identity

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// route is a path of the app that signs in, signs out or changes a password,
// with the query that says so in apps that route by query
// (/doku.php?do=login). It covers what lies below it too.
type route struct {
	path  string // lower case, clean, without a final slash
	query url.Values
}

func newRoute(s string) (route, error) {
	p, query, _ := strings.Cut(s, "?")
	if !strings.HasPrefix(p, "/") || strings.ContainsAny(p, "*#;%\\{} \t") || strings.TrimRight(p, "/") == "" && query == "" {
		return route{}, fmt.Errorf("%q is no path; write a plain path such as /login, or one with the query that counts: /index.php?do=login", s)
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return route{}, fmt.Errorf("%q has a query that cannot be read: %w", s, err)
	}
	return route{strings.ToLower(path.Clean(p)), values}, nil
}

// onRoute reports whether a request may be one to any of the routes, by the
// target as sent or as rewritten, and whether it plainly is. The first reads
// paths kindly to the route, for dropping answers: to take a path for a sign-in
// that is none costs one question to the app, the other way round a wrong
// identity. The second is for ending a proof: /static/logout.png must not.
func onRoute(r *http.Request, routes []route) (maybe, plainly bool) {
	if len(routes) == 0 {
		return false, false
	}
	sent, sentQuery, _ := strings.Cut(r.RequestURI, "?")
	paths := [2]string{plainPath(r.URL.Path), plainPath(sent)}
	for i := range routes {
		for _, p := range paths {
			if routes[i].nears(p) && routes[i].asks(r, sentQuery) {
				maybe = true
				plainly = plainly || routes[i].covers(p)
			}
		}
	}
	return maybe, plainly
}

// plainPath is a path with one slash between segments, without parameters,
// dots, percents and upper case.
func plainPath(p string) string {
	if !strings.ContainsAny(p, "%;\\") && !strings.Contains(p, "//") && !strings.Contains(p, "/.") {
		return strings.ToLower(p)
	}
	if i := strings.Index(p, "://"); i >= 0 {
		_, p, _ = strings.Cut(p[i+3:], "/")
	}
	p = strings.ReplaceAll(unescape(p), "\\", "/")
	var b strings.Builder
	for segment := range strings.SplitSeq(p, "/") {
		segment, _, _ = strings.Cut(segment, ";")
		b.WriteByte('/')
		b.WriteString(strings.TrimRight(segment, " \t\x00"))
	}
	return strings.ToLower(path.Clean(b.String()))
}

// covers is whether p is the route or below it.
func (t *route) covers(p string) bool {
	rest, ok := strings.CutPrefix(p, t.path)
	return ok && (rest == "" || t.path == "/" || rest[0] == '/')
}

// nears is whether the route's segments stand anywhere in p, as behind a front
// controller (/index.php/login); a suffix such as .json makes no difference.
func (t *route) nears(p string) bool {
	for {
		i := strings.Index(p, t.path)
		if i < 0 {
			return false
		}
		rest := p[i+len(t.path):]
		if rest == "" || t.path == "/" || rest[0] == '/' || rest[0] == '.' {
			return true
		}
		p = p[i+1:]
	}
}

// asks is whether the request holds all of the route's query, in its query as
// sent or rewritten or in its form.
func (t *route) asks(r *http.Request, sentQuery string) bool {
	if len(t.query) == 0 {
		return true
	}
	form := ""
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		form = peekForm(r)
	}
	for key, values := range t.query {
		for _, want := range values {
			if !holds(r.URL.RawQuery, key, want) && !holds(sentQuery, key, want) && !holds(form, key, want) {
				return false
			}
		}
	}
	return true
}

// holds is whether a query has the value under any spelling of the key.
func holds(query, key, want string) bool {
	for part := range strings.FieldsFuncSeq(query, func(c rune) bool { return c == '&' || c == ';' }) {
		k, v, _ := strings.Cut(part, "=")
		for name := range fieldNames(k) {
			if name == fieldName(key) && (want == "" || strings.EqualFold(strings.TrimSpace(unescape(strings.ReplaceAll(v, "+", " "))), want)) {
				return true
			}
		}
	}
	return false
}

// peekForm returns the beginning of an urlencoded form, at most MaxForm bytes,
// and leaves the body whole.
func peekForm(r *http.Request) string {
	if r.Body == nil || r.Body == http.NoBody || formKind(r.Header)&urlencoded == 0 {
		return ""
	}
	var buf bytes.Buffer
	_, err := io.CopyN(&buf, r.Body, MaxForm)
	rest := io.Reader(r.Body)
	if err != nil && !errors.Is(err, io.EOF) {
		rest = failed{err}
	}
	r.Body = &body{io.MultiReader(bytes.NewReader(buf.Bytes()), rest), r.Body}
	return buf.String()
}

// failed is the rest of a body that broke off.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }
