package apptest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Visitor is one browser: it keeps cookies, follows no redirect by itself, and
// sends what a browser would.
type Visitor struct {
	t      testing.TB
	Base   string
	Client *http.Client
	Header http.Header // sent with every request
}

// patience bounds one request. Caddy checks the password of a name it does not
// know against a slow hash, which takes half a minute with the race detector on a
// busy machine.
const patience = 3 * time.Minute

// NewVisitor opens a fresh browser on the site.
func NewVisitor(t testing.TB, base string) *Visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Visitor{t: t, Base: base, Header: http.Header{},
		Client: &http.Client{Jar: jar, CheckRedirect: stay, Timeout: patience}}
}

// Answer is a response with its body read.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// JSON reads a member of an answer by its dotted path; "" where it is absent.
func (a Answer) JSON(path string) string {
	var v any
	if json.Unmarshal([]byte(a.Body), &v) != nil {
		return ""
	}
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[name]
	}
	if s, ok := v.(string); ok || v == nil {
		return s
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// Do sends a request. Pairs of field names and values are set on top of what
// every request has; an empty value removes the field.
func (v *Visitor) Do(method, path, body string, fields ...string) Answer {
	v.t.Helper()
	got, err := v.do(method, path, body, fields...)
	if err != nil {
		v.t.Fatal(err)
	}
	return got
}

// Try is Do for requests that may get no answer.
func (v *Visitor) Try(method, path string, fields ...string) (Answer, error) {
	return v.do(method, path, "", fields...)
}

func (v *Visitor) do(method, path, body string, fields ...string) (Answer, error) {
	req, err := http.NewRequest(method, v.Base+path, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	for name, values := range v.Header {
		req.Header[name] = values
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header.Del(fields[i])
		if fields[i+1] != "" {
			req.Header.Set(fields[i], fields[i+1])
		}
	}
	resp, err := v.Client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: reading the answer: %w", method, path, err)
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(text)}, nil
}

// Open visits a page as typing its address does.
func (v *Visitor) Open(path string, fields ...string) Answer {
	v.t.Helper()
	return v.Do(http.MethodGet, path, "", append(page("none"), fields...)...)
}

// Post sends a form of the site's own page.
func (v *Visitor) Post(path string, form url.Values, fields ...string) Answer {
	v.t.Helper()
	all := append(page("same-origin"), "Content-Type", "application/x-www-form-urlencoded", "Origin", v.Base)
	return v.Do(http.MethodPost, path, form.Encode(), append(all, fields...)...)
}

// Call sends JSON as a script of the site's own page; body may be nil.
func (v *Visitor) Call(method, path string, body any, fields ...string) Answer {
	v.t.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			v.t.Fatal(err)
		}
	}
	all := []string{"Accept", "application/json", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}
	if body != nil {
		all = append(all, "Content-Type", "application/json")
	}
	if method != http.MethodGet {
		all = append(all, "Origin", v.Base)
	}
	return v.Do(method, path, string(bytes.TrimSpace(text)), append(all, fields...)...)
}

func page(site string) []string {
	return []string{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode", "navigate",
		"Sec-Fetch-Dest", "document", "Sec-Fetch-Site", site, "Sec-Fetch-User", "?1"}
}

// Cookie returns the value of a cookie the visitor holds for the site.
func (v *Visitor) Cookie(name string) string {
	v.t.Helper()
	u, err := url.Parse(v.Base)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, c := range v.Client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}
