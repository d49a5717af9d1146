package identity

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

var people = map[string]string{"m": "mallory", "b": "bob", "basic bob": "bob", "basic mallory": "mallory"}

const (
	basicBob     = "Authorization: Basic Ym9iOnB3"
	basicMallory = "Authorization: Basic bWFsbG9yeTpwdw=="
	basicNobody  = "Authorization: Basic eDp5"
)

func TestWhoAmIAsk(t *testing.T) {
	for name, tc := range map[string]struct {
		headers []string
		state   State
		user    string
		asked   int
	}{
		"ok/cookie":                         {[]string{"Cookie: sid=m"}, Known, "mallory", 1},
		"ok/authorization alone":            {[]string{basicBob}, Known, "bob", 1},
		"ok/both name one":                  {[]string{"Cookie: sid=b", basicBob}, Known, "bob", 2},
		"ok/authorization, harmless cookie": {[]string{"Cookie: lang=en", basicBob}, Known, "bob", 2},
		"ok/same cookie twice, same value":  {[]string{"Cookie: sid=m; sid=m"}, Known, "mallory", 1},
		"ok/nothing carried is not asked":   {nil, Absent, "", 0},
		"ok/cookie of nobody":               {[]string{"Cookie: sid=x"}, Nobody, "", 1},
		"fail/C1 two names":                 {[]string{"Cookie: sid=m", basicBob}, Mixed, "", 2},
		"fail/cookie twice":                 {[]string{"Cookie: sid=m; sid=b"}, Conflict, "", 0},
		"fail/cookie twice, two lines":      {[]string{"Cookie: sid=m", "Cookie: sid=b"}, Conflict, "", 0},
		"fail/cookie twice, spelled":        {[]string{"Cookie: sid=m; %73id=b"}, Conflict, "", 0},
		"fail/authorization twice":          {[]string{basicMallory, basicBob}, Mixed, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			app := &fakeApp{answer: sessions(people)}
			a := ask(t, mustWhoAmI(t, nil), visitTo(app, "/documents", tc.headers...))
			wantState(t, a, tc.state, tc.user)
			if app.count() != tc.asked {
				t.Errorf("asked %d times, want %d", app.count(), tc.asked)
			}
		})
	}
}

func TestWhoAmINamedCookieTwice(t *testing.T) {
	src := mustWhoAmI(t, func(c *WhoAmI) { c.Cookies = []string{"sid"} })
	app := &fakeApp{answer: sessions(people)}
	for cookie, want := range map[string]State{"sid=m; x=1; x=2": Known, "sid=m; sid=m": Conflict, "sid=m; SID=b": Conflict, "sid=m,sid=b": Conflict} {
		if a := ask(t, src, visitTo(app, "/", "Cookie: "+cookie)); a.State != want {
			t.Errorf("%s: got %v, want %v", cookie, a.State, want)
		}
	}
}

// One user of two tenants is two people to the rules.
func TestWhoAmITwoTenants(t *testing.T) {
	app := &fakeApp{answer: func(w http.ResponseWriter, r *http.Request) {
		says(200, "application/json", `{"login":"bob","office":"`+r.Header.Get("Cookie")+`"}`)(w, r)
	}}
	src := mustWhoAmI(t, func(c *WhoAmI) { c.Facts.Tenant = Expression{Kind: "json", Text: "office"} })
	if a := ask(t, src, visitTo(app, "/", "Cookie: silva", basicBob)); a.State != Conflict {
		t.Errorf("got %v", a.State)
	}
}

// What is known of a credential beside another is remembered as well: an app
// with Basic and a language cookie is not asked for every image.
func TestWhoAmIApartIsRemembered(t *testing.T) {
	app := &fakeApp{answer: sessions(people)}
	src := mustWhoAmI(t, nil)
	for range 3 {
		wantState(t, ask(t, src, visitTo(app, "/", "Cookie: lang=en", basicBob)), Known, "bob")
	}
	if app.count() != 2 {
		t.Errorf("asked %d times, want 2", app.count())
	}
}

// Beside a session, a second credential names nobody, not even a service
// account: the app may serve either of the two.
func TestWhoAmIMixedNamesNobody(t *testing.T) {
	app := &fakeApp{answer: sessions(people)}
	a := ask(t, mustWhoAmI(t, nil), visitTo(app, "/", "Cookie: sid=m", basicBob))
	if a.State != Mixed || a.Person.User != "" {
		t.Errorf("got %v %q, want mixed and nobody", a.State, a.Person.User)
	}
}

func TestWhoAmIStray(t *testing.T) {
	app := &fakeApp{answer: sessions(people)}
	for _, cookie := range []string{"Cookie: sid=m", "Cookie: lang=en"} {
		a := ask(t, mustWhoAmI(t, nil), visitTo(app, "/", cookie, basicNobody))
		if len(a.Stray) != 1 || a.Stray[0] != "Authorization" {
			t.Errorf("%s: stray is %q, want Authorization", cookie, a.Stray)
		}
	}
	if a := ask(t, mustWhoAmI(t, nil), visitTo(app, "/", basicNobody)); a.State != Nobody || len(a.Stray) > 0 {
		t.Errorf("alone: got %v, stray %q; want nobody", a.State, a.Stray)
	}
}

// H2, H3: the sub-request holds what identifies the visitor, and nothing that
// changes what it asks.
func TestWhoAmISubRequest(t *testing.T) {
	app := &fakeApp{answer: sessions(people)}
	src := mustWhoAmI(t, func(c *WhoAmI) {
		c.Path, c.Method = "/api/me?full=1", http.MethodPost
		c.HeaderUp = []Header{{"X-Requested-With", "XMLHttpRequest"}, {"X-Of", "{http.request.host}/{nothing}"}, {"X-Language", "a{http.request.header.Accept-Language}b"}}
	})
	v := visitBy(app, "POST", "http://portal.example/documents?id=7", "a=1",
		"Cookie: sid=m;  z=\"q q\"", "Cookie: __Host-mfa=secret; y=1", "User-Agent: UA", "Range: bytes=0-0", "If-None-Match: x", "Expect: 100-continue",
		"Upgrade: websocket", "Connection: Upgrade", "X-Http-Method-Override: DELETE", "Accept-Encoding: gzip", "Accept: text/html",
		"X-Forwarded-For: 203.0.113.9", "Accept-Language: {http.request.host}")
	v.R.RemoteAddr = "192.0.2.7:4711"
	v.Own = func(name string) bool { return name == "__Host-mfa" }
	v.Placeholder = func(name string) (string, bool) { return "portal.example", name == "http.request.host" }
	wantState(t, ask(t, src, v), Known, "mallory")
	r := app.asked[0]
	want := http.Header{
		"Cookie": {"sid=m;  z=\"q q\"", "y=1"}, "User-Agent": {"UA"}, "X-Forwarded-For": {"203.0.113.9"},
		"Accept-Encoding": {"identity"}, "Cache-Control": {"no-store"},
		"X-Requested-With": {"XMLHttpRequest"}, "X-Language": {"a{http.request.host}b"},
	}
	for name := range r.Header {
		if want[name] == nil {
			t.Errorf("%s went along", name)
		}
	}
	for name, values := range want {
		if strings.Join(r.Header[name], "|") != strings.Join(values, "|") {
			t.Errorf("%s is %q, want %q", name, r.Header[name], values)
		}
	}
	if r.Method != "POST" || r.URL.String() != "/api/me?full=1" || r.RequestURI != "/api/me?full=1" || r.Host != "portal.example" || r.RemoteAddr != v.R.RemoteAddr || r.Body != http.NoBody || r.ContentLength != 0 {
		t.Errorf("asked %s %s (%s) of %s from %s", r.Method, r.URL, r.RequestURI, r.Host, r.RemoteAddr)
	}
	if _, bounded := r.Context().Deadline(); !bounded {
		t.Error("the sub-request has no time-out")
	}
}

// A key in a header of the app's own is asked about alone, as an Authorization.
func TestWhoAmIHeaderCredential(t *testing.T) {
	app := &fakeApp{answer: func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") == "b" && r.Header.Get("Cookie") == "" {
			says(200, "application/json", `{"login":"bob"}`)(w, r)
			return
		}
		sessions(people)(w, r)
	}}
	src := mustWhoAmI(t, func(c *WhoAmI) { c.HeaderUp = []Header{{"X-Api-Key", "{http.request.header.X-Api-Key}"}} })
	chain := &Chain{Sources: []Source{src}}
	for name, tc := range map[string]struct {
		headers []string
		want    State
	}{
		"ok/alone":          {[]string{"X-Api-Key: b"}, Known},
		"ok/both one":       {[]string{"X-Api-Key: b", "Cookie: sid=b"}, Known},
		"fail/two names":    {[]string{"X-Api-Key: b", "Cookie: sid=m"}, Mixed},
		"fail/unknown key":  {[]string{"X-Api-Key: x", "Cookie: sid=m"}, Mixed},
		"fail/another name": {[]string{"X-Auth-Token: b", "Cookie: sid=m"}, Mixed},
	} {
		if res := chain.Identify(context.Background(), visitTo(app, "/", tc.headers...)); res.State != tc.want {
			t.Errorf("%s: got %v %v", name, res.State, res.Why)
		}
	}
}

func TestWhoAmIBefore(t *testing.T) {
	app := &fakeApp{answer: func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/form" {
			w.Header().Add("Set-Cookie", "csrf=1")
			says(200, "text/html", `<input name=t value="a/b &amp; c">`)(w, r)
			return
		}
		says(200, "application/json", `{"login":"bob"}`)(w, r)
	}}
	src := mustWhoAmI(t, func(c *WhoAmI) {
		c.Path = "/me/{mfa.before.token}?t={mfa.before.token}"
		c.HeaderUp = []Header{{"X-Csrf", "t={mfa.before.token}"}}
		c.Before = &Before{"/form", "token", Expression{"html", "input[name=t]", "value"}}
	})
	a := ask(t, src, visitTo(app, "/", "Cookie: sid=b"))
	wantState(t, a, Known, "bob")
	r := app.asked[1]
	if r.RequestURI != "/me/a%2Fb%20&%20c?t=a%2Fb+%26+c" || r.Header.Get("X-Csrf") != "t=a/b & c" || r.Header.Get("Cookie") != "sid=b; csrf=1" {
		t.Errorf("second call: %s, X-Csrf %q, Cookie %q", r.RequestURI, r.Header.Get("X-Csrf"), r.Header.Get("Cookie"))
	}
	if len(a.SetCookie) != 1 || a.SetCookie[0] != "csrf=1" {
		t.Errorf("relayed %q", a.SetCookie)
	}
}

// The cookies that an Authorization alone sets are of a session beside the
// visitor's own.
func TestWhoAmIRelaysOnlyTheCookiesAnswer(t *testing.T) {
	app := &fakeApp{answer: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Set-Cookie", "sid="+r.Header.Get("Authorization")+r.Header.Get("Cookie"))
		says(200, "application/json", `{"login":"bob"}`)(w, r)
	}}
	a := ask(t, mustWhoAmI(t, nil), visitTo(app, "/", "Cookie: c", basicBob))
	if len(a.SetCookie) != 1 || a.SetCookie[0] != "sid=c" {
		t.Errorf("relayed %q", a.SetCookie)
	}
}

func TestWhoAmISaw(t *testing.T) {
	src := mustWhoAmI(t, func(c *WhoAmI) {
		c.Login, c.Logout, c.Password = []string{"/login", "/doku.php?do=login"}, []string{"/logout"}, []string{"/password"}
	}).(Watcher)
	for target, ends := range map[string]bool{
		"GET /login": false, "POST /login": true, "POST /x/../LOGIN/": true, "POST //log%69n;x=1/next": true, "POST /loginpage": false,
		"GET /logout": true, "POST /logout": true, "GET /static/logout.png": false, "GET /documents/logout": false, "POST /documents": false,
		"POST /doku.php?do=login": true, "POST /doku.php?id=x&D%6F=login": true, "POST /doku.php?do=show": false, "GET /doku.php?do=login": false,
	} {
		method, path, _ := strings.Cut(target, " ")
		if got := src.Saw(visitBy(nil, method, path, "")); got != ends {
			t.Errorf("%s: ends the flag %v, want %v", target, got, ends)
		}
	}
	if !src.Saw(visitBy(nil, "POST", "/doku.php?id=start", "u=bob&do=login&p=x")) {
		t.Error("a form that signs in by its fields does not end the flag")
	}
	v := visitBy(nil, "POST", "/password", "")
	if src.SawResponse(v, nil, 403) || !src.SawResponse(v, nil, 303) || src.SawResponse(visitTo(nil, "/password"), nil, 200) {
		t.Error("a changed password must end all flags, one that was not changed none")
	}
}

// A visitor who leaves does not wait, and does not fail the others.
func TestWhoAmILeaver(t *testing.T) {
	release := make(chan struct{})
	app := &fakeApp{answer: func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
			sessions(people)(w, r)
		case <-r.Context().Done():
			w.WriteHeader(500)
		}
	}}
	src := mustWhoAmI(t, nil)
	gone, leave := context.WithCancel(context.Background())
	leave()
	if a := src.Ask(gone, visitTo(app, "/", "Cookie: sid=m")); a.State != Down {
		t.Errorf("who left got %v", a.State)
	}
	done := make(chan Answer)
	go func() { done <- src.Ask(context.Background(), visitTo(app, "/", "Cookie: sid=m")) }()
	close(release)
	wantState(t, <-done, Known, "mallory")
	if app.count() != 1 {
		t.Errorf("asked %d times", app.count())
	}
}

func TestWhoAmIAnswerOfAPanic(t *testing.T) {
	src := mustWhoAmI(t, nil)
	v := visitTo(&fakeApp{}, "/", "Cookie: sid=m")
	v.Call = func(*http.Request) (*http.Response, error) { panic(http.ErrAbortHandler) }
	wantState(t, ask(t, src, v), Down, "")
	v = visitTo(&fakeApp{answer: sessions(people)}, "/", "Cookie: sid=m")
	wantState(t, ask(t, src, later(v, time.Minute)), Known, "mallory")
}
