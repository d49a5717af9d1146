package caddymodule

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestPrivateOnly(t *testing.T) {
	for name, c := range map[string]struct{ in, want http.Header }{
		"ok/nothing said":    {http.Header{}, http.Header{"Cache-Control": {"private"}}},
		"ok/no-store stays":  {http.Header{"Cache-Control": {"no-store, public"}}, http.Header{"Cache-Control": {"no-store"}}},
		"ok/max-age stays":   {http.Header{"Cache-Control": {"max-age=60"}}, http.Header{"Cache-Control": {"private, max-age=60"}}},
		"fail/public":        {http.Header{"Cache-Control": {"Public, max-age=60, s-maxage=900"}}, http.Header{"Cache-Control": {"private, max-age=60"}}},
		"fail/in two fields": {http.Header{"Cache-Control": {"max-age=60", "public"}}, http.Header{"Cache-Control": {"private, max-age=60"}}},
		"fail/CDNs' own words": {
			http.Header{"Cdn-Cache-Control": {"max-age=9"}, "Cloudflare-Cdn-Cache-Control": {"x"}, "Surrogate-Control": {"x"}, "X-Accel-Expires": {"9"}},
			http.Header{"Cache-Control": {"private"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			privateOnly(c.in, new([1]string))
			if !reflect.DeepEqual(c.in, c.want) {
				t.Errorf("got %v, want %v", c.in, c.want)
			}
		})
	}
}

func TestAnswer_AppSetsNoCookieOfTheGate(t *testing.T) {
	rec := httptest.NewRecorder()
	a := &answer{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: rec}, cookies: namesAfter("__Host-mfa")}
	for _, c := range []string{"sid=1", "__Host-mfa=forged; Path=/", "mfa=forged", " __Host-mfa-ticket=x", "sid=2"} {
		a.Header().Add("Set-Cookie", c)
	}
	if _, err := a.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if got := rec.Result().Header["Set-Cookie"]; !reflect.DeepEqual(got, []string{"sid=1", "sid=2"}) {
		t.Errorf("got %q", got)
	}
}

func TestAnswer_RelaysEachCookieOnce(t *testing.T) {
	rec := httptest.NewRecorder()
	a := &answer{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: rec}, cookies: namesAfter("__Host-mfa"),
		more: &moreCookies{relay: []string{"sid=whoami; Path=/", "extra=1", "token=first; Path=/", "token=; Path=/old; Max-Age=0", "__Host-mfa=forged", "token=last; path=/"}}}
	a.Header().Add("Set-Cookie", "sid=page")
	a.WriteHeader(http.StatusOK)
	if got := rec.Result().Header["Set-Cookie"]; !reflect.DeepEqual(got, []string{"sid=page", "extra=1", "token=; Path=/old; Max-Age=0", "token=last; path=/"}) {
		t.Errorf("got %q", got)
	}
}

// A flush sends the fields too, so they are looked at before it.
// An answer that the app calls everybody's is one visitor's once it carries a
// cookie that the app set when the gate asked who he is.
func TestAnswer_ACookieWeAddIsOneVisitors(t *testing.T) {
	for relayed, want := range map[string]string{"": "public, max-age=60", "sid=bobs": "private, max-age=60"} {
		rec := httptest.NewRecorder()
		a := &answer{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: rec}, cookies: namesAfter("__Host-mfa")}
		if relayed != "" {
			a.more = &moreCookies{relay: []string{relayed}}
		}
		a.Header().Set("Cache-Control", "public, max-age=60")
		a.WriteHeader(http.StatusOK)
		if got := rec.Header().Get("Cache-Control"); got != want {
			t.Errorf("with %q: Cache-Control %q, want %q", relayed, got, want)
		}
	}
}

func TestAnswer_FlushIsLookedAt(t *testing.T) {
	rec := httptest.NewRecorder()
	a := &answer{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: rec}, cookies: namesAfter("__Host-mfa"), protected: true}
	a.Header().Set("Cache-Control", "public")
	a.Header().Set("Set-Cookie", "__Host-mfa=forged")
	if err := http.NewResponseController(a).Flush(); err != nil {
		t.Fatal(err)
	}
	h := rec.Result().Header
	if h.Get("Cache-Control") != "private" || h.Get("Set-Cookie") != "" {
		t.Errorf("got %v", h)
	}
}

// An answer of which nothing but its time and its kind matters is asked about for these:
// with identities that cannot be overtaken, every one is such.
func TestAnswer_SteadyIsAskedAboutForTimeAndKind(t *testing.T) {
	start(t, simple, nil)
	g, _ := remembered(t)
	for name, c := range map[string]struct {
		kind               string
		age                time.Duration
		followed, withheld bool
	}{
		"ok/a page":           {"text/html", 0, false, false},
		"ok/an event stream":  {"text/event-stream", 0, true, false},
		"fail/what came late": {"text/html", longAfter + time.Second, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			p := &passage{gate: g, r: httptest.NewRequest("GET", "/documents/1", nil), rare: &noRare, found: &noneFound, decision: &openToAll, now: now().Add(-c.age), judged: true, sent: policy.Target{Path: "/documents/1"}}
			p.answer = answer{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: rec}, cookies: g.plainNames, steady: true, passage: p}
			defer p.leave()
			p.answer.Header().Set("Content-Type", c.kind)
			_, _ = p.answer.Write([]byte("SECRET"))
			if (p.stream != nil) != c.followed || p.answer.withheld != c.withheld || strings.Contains(rec.Body.String(), "SECRET") == c.withheld {
				t.Errorf("followed: %v, withheld: %v, sent: %.40q", p.stream != nil, p.answer.withheld, rec.Body)
			}
		})
	}
}
