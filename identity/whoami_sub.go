package identity

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// sub is the question to the app on behalf of one visitor. All it needs of the
// visitor's request is copied when it is made: the visitor may be gone, and his
// request in other hands, while the app is asked.
type sub struct {
	w       *whoami
	ctx     context.Context
	call    func(*http.Request) (*http.Response, error)
	header  http.Header
	up      [][]string // expanded header_ups, nil for one that is left out
	host    string
	addr    string
	tls     *tls.ConnectionState
	now     time.Time
	took    Timing
	relayed []string // Set-Cookie of the first call
}

// passed are the headers of the visitor's that go along, beside his
// credentials. The forwarding headers are the address and scheme by which the
// server in front, where it is trusted, knows him; the server's proxy drops
// them where it is not.
var passed = [...]string{"User-Agent", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"}

func (w *whoami) newSub(ctx context.Context, v *Visit, p part) *sub {
	s := &sub{
		w: w, ctx: context.WithoutCancel(ctx), call: v.Call, header: make(http.Header, 8),
		host: v.R.Host, addr: v.R.RemoteAddr, tls: v.R.TLS, now: v.now(), took: v.Took,
	}
	for _, name := range passed {
		if values := v.R.Header[name]; len(values) > 0 {
			s.header[name] = slices.Clone(values)
		}
	}
	switch p.header {
	case "":
		s.header["Cookie"] = cookieLines(v)
	case "Authorization":
		s.header["Authorization"] = slices.Clone(v.R.Header["Authorization"])
	}
	for i := range w.headers {
		parts, ok := w.headers[i].expand(v, p.leaves)
		if !ok {
			parts = nil
		}
		s.up = append(s.up, parts)
	}
	return s
}

// cookieLines is the visitor's Cookie header without the gate's own cookies,
// byte for byte where it has none.
func cookieLines(v *Visit) []string {
	lines := slices.Clone(v.R.Header["Cookie"])
	if v.Own == nil {
		return lines
	}
	kept := lines[:0]
	for _, line := range lines {
		var out []string
		for one := range strings.SplitSeq(line, ";") {
			name, _, _ := strings.Cut(strings.Trim(one, " \t"), "=")
			if !v.Own(strings.TrimSpace(name)) {
				out = append(out, one)
			}
		}
		if line = strings.TrimLeft(strings.Join(out, ";"), " "); line != "" {
			kept = append(kept, line)
		}
	}
	return kept
}

// ask makes the call, or the two of them, and reads the answer.
func (s *sub) ask() Answer {
	defer s.took.since(s.w.Name(), time.Now())
	ctx, cancel := context.WithTimeout(s.ctx, s.w.timeout)
	defer cancel()
	before := ""
	if b := s.w.cfg.Before; b != nil {
		p, a := s.fetch(ctx, http.MethodGet, b.Path, "", s.w.before)
		if a.State != Known {
			return a
		}
		v, err := s.w.before.find(p)
		if err != nil {
			return down(fmt.Errorf("reading the answer of %s: %w", b.Path, err))
		}
		var ok bool
		before, ok = (&reading{lenient: true}).text(v)
		if v == nil || ok && before == "" {
			return Answer{State: Nobody, SetCookie: a.SetCookie}
		}
		if !ok || !httpguts.ValidHeaderFieldValue(before) {
			return down(fmt.Errorf("reading the answer of %s: the value is no plain text", b.Path))
		}
		s.relayed = a.SetCookie
		MergeSetCookie(&http.Request{Header: s.header, URL: &url.URL{Path: "/"}}, a.SetCookie)
	}
	p, a := s.fetch(ctx, s.w.cfg.Method, s.path(before), before, s.w.find[0])
	a.SetCookie = append(s.relayed, a.SetCookie...)
	if a.State != Known {
		return a
	}
	return s.person(p, a)
}

// path is the configured path, filled with the value of before, escaped for
// where it stands.
func (s *sub) path(before string) string {
	mark := s.w.beforeMark()
	if mark == "" {
		return s.w.cfg.Path
	}
	path, query, found := strings.Cut(s.w.cfg.Path, "?")
	path = strings.ReplaceAll(path, mark, url.PathEscape(before))
	if found {
		path += "?" + strings.ReplaceAll(query, mark, url.QueryEscape(before))
	}
	return path
}

// fetch makes one call, afresh: nothing of the visitor's request is in it but
// what newSub took. State Known means that page is a complete answer.
func (s *sub) fetch(ctx context.Context, method, target, before string, x extractor) (*page, Answer) {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, down(errors.New("asking the app: the path cannot be read"))
	}
	r := (&http.Request{
		Method: method, URL: u, RequestURI: target, Host: s.host, RemoteAddr: s.addr, TLS: s.tls,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: s.header.Clone(), Body: http.NoBody,
	}).WithContext(ctx)
	r.Header["Accept-Encoding"] = []string{"identity"}
	r.Header["Cache-Control"] = []string{"no-store"}
	for i, parts := range s.up {
		if value := s.w.headers[i].fill(parts, before); parts != nil && httpguts.ValidHeaderFieldValue(value) {
			r.Header.Add(s.w.headers[i].field, value)
		}
	}
	res, err := s.call(r)
	if err != nil {
		return nil, down(fmt.Errorf("asking the app: %w", err))
	}
	defer func() {
		_, _ = io.CopyN(io.Discard, res.Body, MaxAnswer)
		_ = res.Body.Close()
	}()
	return readAnswer(res, x, s.now)
}

// person builds the person of the facts in a page.
func (s *sub) person(p *page, a Answer) Answer {
	var values [9]any
	for i, x := range s.w.find {
		if x == nil || !x.reads(p.media) {
			continue
		}
		v, err := x.find(p)
		if err != nil {
			return down(fmt.Errorf("reading %s: %w", factNames[i], err))
		}
		if list, isText := v.(string); isText && (1<<i == FactRoles || 1<<i == FactMethods) {
			if _, isJSON := x.(jsonPath); !isJSON {
				v = split(list)
			}
		}
		values[i] = v
	}
	person, err := (&reading{nobody: s.w.cfg.Nobody, lenient: true, now: s.now}).person(values)
	switch {
	case errors.Is(err, errNobody):
		a.State = Nobody
	case err != nil:
		return down(fmt.Errorf("reading user: %w", err))
	default:
		a.Person = person
	}
	return a
}

func down(err error) Answer { return Answer{State: Down, Err: err} }
