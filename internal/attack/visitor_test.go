package attack

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	_ "unsafe" // for go:linkname

	"github.com/pquerna/otp/totp"
)

// gateClock is the clock of the gate, which nothing but a test may move.
//
//go:linkname gateClock github.com/caddy-mfa/caddy-mfa/caddymodule.now
var gateClock func() time.Time

var ahead atomic.Int64

func init() { gateClock = clock }

func clock() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }

// advance moves the gate's clock until the test ends.
func advance(t *testing.T, d time.Duration) {
	t.Helper()
	ahead.Add(int64(d))
	t.Cleanup(func() { ahead.Add(-int64(d)) })
}

// visitor is a browser at one host, signed in.
type visitor struct {
	t    testing.TB
	c    *http.Client
	host string
	base url.URL
	seen func(answer) // gets every answer; nil: nobody
}

func (s *site) visitor(host, sid string) *visitor {
	jar, _ := cookiejar.New(nil)
	v := &visitor{t: s.t, host: host, base: url.URL{Scheme: "http", Host: host, Path: "/"}, c: &http.Client{Jar: jar, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: clientTLS(""), DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", s.addr)
		}}}}
	if s.global != "" {
		v.base.Scheme = "https"
	}
	jar.SetCookies(&v.base, []*http.Cookie{{Name: "sid", Value: sid}})
	return v
}

func (v *visitor) send(method, path, body string, h ...string) answer {
	v.t.Helper()
	r, err := http.NewRequest(method, v.base.Scheme+"://"+v.host+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i+1 < len(h); i += 2 {
		r.Header.Add(h[i], h[i+1])
	}
	res, err := v.c.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	a := answer{res.StatusCode, res.Header, string(text)}
	if v.seen != nil {
		v.seen(a)
	}
	return a
}

func (v *visitor) call(path string, in map[string]any, out any) {
	v.t.Helper()
	body, _ := json.Marshal(in)
	a := v.send("POST", path, string(body), "Content-Type", "application/json", "Origin", v.base.Scheme+"://"+v.host, "Sec-Fetch-Site", "same-origin")
	if a.status != 200 {
		v.t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), out); err != nil {
		v.t.Fatal(err)
	}
}

// enrol sets up an authenticator app, and so leaves the visitor proven.
func (v *visitor) enrol() *visitor {
	v.t.Helper()
	var begun struct{ Secret string }
	v.call("/.mfa/api/methods/totp", map[string]any{}, &begun)
	code, err := totp.GenerateCode(strings.ReplaceAll(begun.Secret, " ", ""), clock())
	if err != nil {
		v.t.Fatal(err)
	}
	var done struct{}
	v.call("/.mfa/api/methods/totp/verify", map[string]any{"code": code, "name": "phone"}, &done)
	if a := v.send("GET", "/documents/1", ""); a.status != 200 {
		v.t.Fatalf("enrolled, and still %d %s", a.status, a.reason())
	}
	return v
}

func (v *visitor) cookie(name string) string {
	for _, c := range v.c.Jar.Cookies(&v.base) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// cookies are all of the browser's as one line of a request.
func (v *visitor) cookies() string {
	var list []string
	for _, c := range v.c.Jar.Cookies(&v.base) {
		list = append(list, c.Name+"="+c.Value)
	}
	return "Cookie: " + strings.Join(list, "; ")
}
