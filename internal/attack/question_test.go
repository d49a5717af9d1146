package attack

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// questions records what the app is asked about a visitor, and answers as told.
func (a *app) questions(answer func(w http.ResponseWriter) bool) (take func() []*http.Request) {
	var mu sync.Mutex
	var list []*http.Request
	a.do(func() {
		a.handle = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/api/me" {
				return false
			}
			mu.Lock()
			list = append(list, r.Clone(context.Background()))
			mu.Unlock()
			return answer != nil && answer(w)
		}
	})
	return func() []*http.Request {
		mu.Lock()
		defer mu.Unlock()
		l := list
		list = nil
		return l
	}
}

// uncached asks the app every time.
var uncached = strings.Replace(plainSite, "%WHOAMI%", strings.Replace(whoami, "user json login", "user json login\n\t\t\tcache 0s", 1), 1)

// TestDesign_H2_TheQuestionIsBuiltAfresh: whatever the visitor sends, over any
// version of HTTP, the app is asked one plain thing.
func TestDesign_H2_TheQuestionIsBuiltAfresh(t *testing.T) {
	s := startTLS(t, twoHosts, uncached, "office.test")
	take := s.app.questions(nil)
	for _, line := range []string{
		"Range: bytes=0-0", `If-None-Match: "x"`, `If-Match: "x"`, "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT", `If-Range: "x"`, "X-HTTP-Method-Override: DELETE", "X-Method-Override: DELETE",
		"Accept: text/html", "Accept-Encoding: br", "Expect: 100-continue", "Te: trailers", "X-Api-Key: bobs", "X-Original-Url: /documents", "Mfa-User: mallory", "Content-Type: application/json", "X-Requested-With: x", "Referer: https://office.test/x",
	} {
		s.versions("office.test", "GET", "office.test", documents, "Cookie: sid=bob; a=b", line)
		s.versions("office.test", "POST", "office.test", documents+"?x=1", "Cookie: sid=bob; a=b", line)
		name, _, _ := strings.Cut(line, ":")
		for _, q := range take() {
			if q.Method != "GET" || q.RequestURI != "/api/me" || q.ContentLength != 0 || q.Host != "office.test" {
				t.Errorf("%s: asked %s %s of %s with %d bytes", line, q.Method, q.RequestURI, q.Host, q.ContentLength)
			}
			if got := q.Header.Get("Accept-Encoding"); got != "identity" {
				t.Errorf("%s: Accept-Encoding %q", line, got)
			}
			if v := q.Header.Get(name); v != "" && name != "Accept-Encoding" {
				t.Errorf("%s goes along", line)
			}
			if q.Header.Get("Cookie") != "sid=bob; a=b" || q.Header.Get("Cache-Control") != "no-store" || q.Header.Get("X-Forwarded-For") != "127.0.0.1" {
				t.Errorf("%s: asked with %v", line, q.Header)
			}
		}
	}
	s.clean("a question")
}

// TestDesign_H2_AnythingElseIsNotNobody: an answer that is not whole and plain
// says nothing about the visitor, so it is 503 and never "nobody" (H3: from a
// cache; flood's 429).
func TestDesign_H2_AnythingElseIsNotNobody(t *testing.T) {
	s := startTLS(t, twoHosts, uncached, "office.test")
	me := `{"login":"bob"}`
	write := func(status int, body string, fields ...string) func(http.ResponseWriter) bool {
		return func(w http.ResponseWriter) bool {
			w.Header().Set("Content-Type", "application/json")
			for i := 0; i+1 < len(fields); i += 2 {
				w.Header().Set(fields[i], fields[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return true
		}
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter) bool
		want   string
	}{
		"204": {write(204, ""), "503"}, "206": {write(206, "{}", "Content-Range", "bytes 0-1/9"), "503"}, "304": {write(304, ""), "503"}, "404": {write(404, "{}"), "503"}, "408": {write(408, "{}"), "503"},
		"429": {write(429, "{}"), "503"}, "500": {write(500, "{}"), "503"}, "503": {write(503, "{}"), "503"}, "compressed": {write(200, zipped(me), "Content-Encoding", "gzip"), "503"}, "said to be compressed": {write(200, me, "Content-Encoding", "br"), "503"},
		"of a cache": {write(200, me, "Age", "3"), "503"}, "for everybody": {write(200, me, "Cache-Control", "public, max-age=9"), "503"}, "shared": {write(200, me, "Cache-Control", "s-maxage=9"), "503"}, "a page": {write(200, "<html>", "Content-Type", "text/html"), "503"},
		"half JSON": {write(200, `{"login":`), "503"}, "two in one": {write(200, me+me), "503"}, "twice": {write(200, `{"login":"","login":"bob"}`), "503"}, "a list": {write(200, `{"login":["bob"]}`), "503"}, "too long": {write(200, `{"x":"`+strings.Repeat("x", 1<<20)+`"}`), "503"},
		"cut":    {func(http.ResponseWriter) bool { panic(http.ErrAbortHandler) }, "503"},
		"nobody": {write(401, ""), "401"}, "null": {write(200, `{"login":null}`), "401"}, "no such member": {write(200, `{}`), "401"}, "redirect": {write(302, "", "Location", "/documents/1"), "401"}, "forbidden": {write(403, ""), "401"},
	} {
		s.app.questions(c.answer)
		// A session of its own: where the app asks for a rest, that one is given it.
		cookie := "Cookie: sid=bob; case=" + strings.ReplaceAll(name, " ", "-")
		for version, status := range s.versions("office.test", "GET", "office.test", documents, cookie) {
			if status != c.want {
				t.Errorf("%s, %s: %s, want %s", name, version, status, c.want)
			}
		}
		s.clean(name)
	}
}

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return b.String()
}

// TestDesign_H3_TheQuestionIsKnownByNothingOnTheWire: the gate's own question goes
// through an area that is protected; a visitor who sends the same, or names it
// as the gate might, does not. It carries the visitor's address, so that the
// app's own limits are his.
func TestDesign_H3_TheQuestionIsKnownByNothingOnTheWire(t *testing.T) {
	s := startTLS(t, strings.Replace(twoHosts, "[/documents]", "[/documents, /api]", 1), strings.Replace(uncached, "reverse_proxy %APP%", "reverse_proxy %APP% {\n\t\theader_up X-Real-Ip {client_ip}\n\t}", 1), "office.test")
	take := s.app.questions(nil)
	for _, line := range []string{
		"X-A: b", "X-Mfa-Inner: 1", "X-Mfa-Whoami: 1", "Mfa-Inner: true", "Mfa-Status: inner", "X-Caddy-Inner: 1", "Cache-Control: no-store", "Accept-Encoding: identity", "X-Forwarded-For: 127.0.0.1", "Via: 1.1 Caddy", "User-Agent: caddy-mfa", "X-Real-Ip: 203.0.113.9", "Cache-Control: no-store\r\nAccept-Encoding: identity\r\nUser-Agent: ",
	} {
		for _, target := range []string{"/api/me", "/api/me?x=1", "/api//me", "/API/me", documents} {
			a := rawOn(t, s.secure("office.test", "http/1.1"), message("GET", target, "office.test", "Cookie: sid=bob", line))
			if a.reason() != "enroll" {
				t.Errorf("%s with %q: %d %s, want enroll", target, line, a.status, a.reason())
			}
		}
		for _, q := range take() {
			if ip := q.Header.Get("X-Real-Ip"); q.RequestURI != "/api/me" || ip != "127.0.0.1" {
				t.Errorf("%q: the app is asked %s for %s", line, q.RequestURI, ip)
			}
		}
	}
	s.clean("a question")
}
