package attackflow

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// browser is one person at one browser. It follows no redirect by itself.
type browser struct {
	*http.Client
	t      *testing.T
	s      *site
	user   string
	secret string   // of the authenticator app, once enrolled
	codes  []string // recovery codes
}

func (s *site) browser() *browser {
	jar, _ := cookiejar.New(nil)
	c := &http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	s.t.Cleanup(c.CloseIdleConnections)
	return &browser{Client: c, t: s.t, s: s}
}

// signedIn has the password, and has proved nothing.
func (s *site) signedIn(user string) *browser {
	s.t.Helper()
	b := s.browser()
	b.signIn(user)
	return b
}

func (b *browser) signIn(user string) {
	b.t.Helper()
	b.user = user
	b.form("/login", url.Values{"user": {user}}).want(200)
}

// reply is an answer read to its end.
type reply struct {
	*http.Response
	t    *testing.T
	body string
}

// try sends a request; headers come in pairs, an empty value leaves one out.
func (b *browser) try(method, path, body string, h ...string) (*reply, error) {
	req, err := http.NewRequest(method, b.s.base+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body == "" {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	for i := 0; i+1 < len(h); i += 2 {
		switch {
		case h[i] == "Host":
			req.Host = h[i+1] // the jar goes by it: a script carries its cookies along
			u, _ := url.Parse(b.s.base)
			for _, c := range b.Jar.Cookies(u) {
				req.AddCookie(c)
			}
		case h[i+1] != "":
			req.Header.Set(h[i], h[i+1])
		default:
			req.Header.Del(h[i])
		}
	}
	res, err := b.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return &reply{Response: res, t: b.t, body: string(text)}, err
}

func (b *browser) send(method, path, body string, h ...string) *reply {
	b.t.Helper()
	r, err := b.try(method, path, body, h...)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// pageHeaders are a browser's when somebody opens an address.
var pageHeaders = []string{
	"Accept", "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "none",
}

func (b *browser) page(path string, h ...string) *reply {
	b.t.Helper()
	return b.send("GET", path, "", append(pageHeaders[:len(pageHeaders):len(pageHeaders)], h...)...)
}

// form posts as a page of this site does.
func (b *browser) form(path string, v url.Values, h ...string) *reply {
	b.t.Helper()
	own := []string{
		"Content-Type", "application/x-www-form-urlencoded", "Origin", b.s.base, "Sec-Fetch-Site", "same-origin",
		"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document",
	}
	return b.send("POST", path, v.Encode(), append(own, h...)...)
}

// call uses the API as a script of this site does. in nil: no body.
func (b *browser) call(method, path string, in any, h ...string) *reply {
	b.t.Helper()
	r, err := b.tryCall(method, path, in, h...)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b *browser) tryCall(method, path string, in any, h ...string) (*reply, error) {
	body := ""
	if in != nil {
		j, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = string(j)
	}
	own := []string{
		"Content-Type", "application/json", "Accept", "application/json", "Origin", b.s.base, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors",
	}
	return b.try(method, "/.mfa/api/"+path, body, append(own, h...)...)
}

// post is the call that changes something, with one JSON object of strings.
func (b *browser) post(path string, pairs ...string) *reply {
	b.t.Helper()
	return b.call("POST", path, object(pairs...))
}

func object(pairs ...string) map[string]string {
	in := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		in[pairs[i]] = pairs[i+1]
	}
	return in
}

func (r *reply) want(status int) *reply {
	r.t.Helper()
	if r.StatusCode != status {
		r.t.Fatalf("%s %s: status %d, want %d\n%.400s", r.Request.Method, r.Request.URL.Path, r.StatusCode, status, r.body)
	}
	return r
}

// reason is the word of a problem, or "".
func (r *reply) reason() string {
	var p struct{ Reason string }
	_ = json.Unmarshal([]byte(r.body), &p)
	return p.Reason
}

func (r *reply) wantReason(status int, word string) *reply {
	r.t.Helper()
	r.want(status)
	if r.reason() != word {
		r.t.Fatalf("%s %s: reason %q, want %q", r.Request.Method, r.Request.URL.Path, r.reason(), word)
	}
	return r
}

func (r *reply) json(into any) *reply {
	r.t.Helper()
	if err := json.Unmarshal([]byte(r.body), into); err != nil {
		r.t.Fatalf("%s: %v in %.300s", r.Request.URL.Path, err, r.body)
	}
	return r
}

// cookie is the value the browser holds, or "".
func (b *browser) cookie(name string) string {
	u, _ := url.Parse(b.s.base)
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// plant gives the browser a cookie; an empty value takes it away.
func (b *browser) plant(name, value string) {
	u, _ := url.Parse(b.s.base)
	c := &http.Cookie{Name: name, Value: value, Path: "/"}
	if value == "" {
		c.MaxAge = -1
	}
	b.Jar.SetCookies(u, []*http.Cookie{c})
}

// copyTo gives another browser the cookies of this one: a stolen session, or
// a second tab with its own client.
func (b *browser) copyTo(other *browser) *browser {
	u, _ := url.Parse(b.s.base)
	other.Jar.SetCookies(u, b.Jar.Cookies(u))
	other.user, other.secret, other.codes = b.user, b.secret, b.codes
	return other
}

func (b *browser) tab() *browser { return b.copyTo(b.s.browser()) }

// at is the code that the authenticator app shows some steps from now.
func (b *browser) at(steps int) string {
	b.t.Helper()
	if b.secret == "" {
		b.t.Fatal("there is no authenticator app yet")
	}
	c, err := totp.GenerateCode(b.secret, clock().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// wrong is a code of six digits that is none of those near now.
func (b *browser) wrong() string {
	b.t.Helper()
	near := map[string]bool{}
	for d := -12; d <= 12; d++ {
		near[b.at(d)] = true
	}
	for _, c := range []string{"135790", "246801", "112358", "314159", "271828", "161803", "141421"} {
		if !near[c] {
			return c
		}
	}
	b.t.Fatal("every wrong code is a right one")
	return ""
}

func (b *browser) proveAddress() *browser {
	b.t.Helper()
	b.post("email").want(200)
	b.post("email/verify", "code", b.s.mail.code(b.t, mailOf(b.user))).want(200)
	return b
}

func (b *browser) beginTOTP() *browser {
	b.t.Helper()
	var begun struct{ Secret string }
	b.post("methods/totp").want(200).json(&begun)
	b.secret = begun.Secret
	return b
}

func (b *browser) finishTOTP() *browser {
	b.t.Helper()
	var done struct {
		RecoveryCodes []string `json:"recovery_codes"`
	}
	b.post("methods/totp/verify", "code", b.at(0), "name", "phone of "+b.user).want(200).json(&done)
	if len(done.RecoveryCodes) > 0 {
		b.codes = done.RecoveryCodes
	}
	return b
}

// enrolled takes the browser through the whole enrolment.
func (b *browser) enrolled() *browser { b.t.Helper(); return b.proveAddress().beginTOTP().finishTOTP() }
