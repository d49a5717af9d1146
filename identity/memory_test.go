package identity

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// askedAgain asks twice and reports whether the app was asked the second time.
func askedAgain(t *testing.T, src Source, app *fakeApp, first, second *Visit, between func()) bool {
	t.Helper()
	if a := ask(t, src, first); a.State != Known {
		t.Fatalf("first: %v %v", a.State, a.Err)
	}
	before := app.count()
	if between != nil {
		between()
	}
	ask(t, src, second)
	return app.count() > before
}

// C2: an answer is remembered for this visitor alone.
func TestWhoAmICacheKey(t *testing.T) {
	for name, tc := range map[string]struct {
		cookies       []string
		first, second []string
		change        func(*Visit)
		again         bool
	}{
		"ok/same":                           {nil, []string{"Cookie: sid=m"}, []string{"Cookie: sid=m"}, nil, false},
		"ok/named, other changed":           {[]string{"sid"}, []string{"Cookie: sid=m; tick=1"}, []string{"Cookie: sid=m; tick=2"}, nil, false},
		"fail/C2b other cookie":             {nil, []string{"Cookie: sid=m"}, []string{"Cookie: sid=m; office=42"}, nil, true},
		"fail/C2b other value":              {nil, []string{"Cookie: sid=m; o=1"}, []string{"Cookie: sid=m; o=2"}, nil, true},
		"fail/C2b named, remember-me joins": {[]string{"sid"}, []string{"Cookie: sid=m"}, []string{"Cookie: sid=m; remember=bob"}, nil, true},
		"fail/C2b named, other remember-me": {[]string{"sid"}, []string{"Cookie: sid=m; Remember.Me=m"}, []string{"Cookie: sid=m; Remember.Me=b"}, nil, true},
		"fail/C2b named, other auth token":  {[]string{"sid"}, []string{"Cookie: sid=m; %61uth_token=m"}, []string{"Cookie: sid=m; %61uth_token=b"}, nil, true},
		"ok/named, csrf changed":            {[]string{"sid"}, []string{"Cookie: sid=m; XSRF-TOKEN=1"}, []string{"Cookie: sid=m; XSRF-TOKEN=2"}, nil, false},
		"ok/named, tracker changed":         {[]string{"sid"}, []string{"Cookie: sid=m; _ga=1; theme=a"}, []string{"Cookie: sid=m; _ga=2; theme=b"}, nil, false},
		"ok/named, absent, same":            {[]string{"session"}, []string{"Cookie: sid=m; o=1"}, []string{"Cookie: sid=m; o=1"}, nil, false},
		"fail/C2b named, absent":            {[]string{"session"}, []string{"Cookie: sid=m"}, []string{"Cookie: sid=b"}, nil, true},
		"fail/named, other spelling":        {[]string{"sid"}, []string{"Cookie: sid=m"}, []string{"Cookie: SID=m"}, nil, true},
		"fail/C2c authorization joins":      {nil, []string{"Cookie: sid=b"}, []string{"Cookie: sid=b", basicBob}, nil, true},
		"fail/C2c other authorization":      {nil, []string{basicBob}, []string{basicMallory}, nil, true},
		"fail/C2d other host":               {nil, []string{"Cookie: sid=m"}, []string{"Cookie: sid=m"}, func(v *Visit) { v.R.Host = "b.example" }, true},
		"fail/C2d other site":               {nil, []string{"Cookie: sid=m"}, []string{"Cookie: sid=m"}, func(v *Visit) { v.Site = "b" }, true},
		"fail/other host, behind a proxy":   {nil, []string{"Cookie: sid=m", "X-Forwarded-Host: a"}, []string{"Cookie: sid=m", "X-Forwarded-Host: b"}, nil, true},
		"fail/other scheme":                 {nil, []string{"Cookie: sid=m"}, []string{"Cookie: sid=m"}, func(v *Visit) { v.R.TLS = &tls.ConnectionState{} }, true},
		"fail/fresh":                        {nil, []string{"Cookie: sid=m"}, []string{"Cookie: sid=m"}, func(v *Visit) { v.Fresh = true }, true},
		"fail/too old":                      {nil, []string{"Cookie: sid=m"}, []string{"Cookie: sid=m"}, func(v *Visit) { v.Now = v.Now.Add(30 * time.Second) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			app := &fakeApp{answer: sessions(people)}
			src := mustWhoAmI(t, func(c *WhoAmI) { c.Cookies = tc.cookies })
			second := visitTo(app, "/documents", tc.second...)
			if tc.change != nil {
				tc.change(second)
			}
			if got := askedAgain(t, src, app, visitTo(app, "/", tc.first...), second, nil); got != tc.again {
				t.Errorf("asked again: %v, want %v", got, tc.again)
			}
		})
	}
}

// C2a, C2e: what may change who the visitor is drops what was remembered,
// however the visitor spells it and whatever else he sends along.
func TestWhoAmIDrops(t *testing.T) {
	for name, tc := range map[string]struct {
		cookies   []string
		method    string
		target    string
		header    string
		setCookie string
		again     bool
	}{
		"ok/get":                        {nil, "GET", "/documents", "Cookie: sid=m; lang=en", "", false},
		"ok/head":                       {nil, "HEAD", "/documents", "Cookie: sid=m; lang=en", "", false},
		"ok/another visitor's post":     {nil, "POST", "/documents", "Cookie: sid=b; lang=en", "", false},
		"ok/cookie that is no key":      {[]string{"sid"}, "GET", "/documents", "Cookie: sid=m; lang=en", "tick=2", false},
		"fail/post":                     {nil, "POST", "/documents", "Cookie: sid=m; lang=en", "", true},
		"fail/delete":                   {nil, "DELETE", "/documents", "Cookie: sid=m; lang=en", "", true},
		"fail/post with another cookie": {nil, "POST", "/login", "Cookie: sid=m; lang=de", "", true},
		"fail/named, post":              {[]string{"sid"}, "POST", "/login", "Cookie: sid=m", "", true},
		"fail/named, absent, post":      {[]string{"session"}, "POST", "/logout", "Cookie: sid=m; lang=de", "", true},
		"ok/named, absent, another's":   {[]string{"session"}, "POST", "/logout", "Cookie: sid=b; lang=en", "", false},
		"fail/get to login":             {nil, "GET", "/login?u=bob&p=pw", "Cookie: sid=m; lang=en", "", true},
		"fail/get to login, spelled":    {nil, "GET", "/index.php//LOG%2569n;x=1/", "Cookie: sid=m; lang=en", "", true},
		"fail/get to logout":            {nil, "GET", "/logout", "Cookie: sid=m; lang=en", "", true},
		"fail/get to password":          {nil, "GET", "/password/reset.php", "Cookie: sid=m; lang=en", "", true},
		"fail/session id in the path":   {nil, "POST", "/login;sid=m", "X: y", "", true},
		"fail/session id in the query":  {[]string{"sid"}, "POST", "/login?SID=%6d", "X: y", "", true},
		"fail/key cookie is set":        {[]string{"sid"}, "GET", "/documents", "Cookie: sid=m; lang=en", "sid=n", true},
		"fail/any cookie is set":        {nil, "GET", "/documents", "Cookie: sid=m; lang=en", "tick=2", true},
		"fail/cookie given to others":   {[]string{"sid"}, "GET", "/documents", "X: y", "sid=m", true},
	} {
		t.Run(name, func(t *testing.T) {
			app := &fakeApp{answer: sessions(people)}
			src := mustWhoAmI(t, func(c *WhoAmI) {
				c.Cookies, c.Login, c.Logout, c.Password = tc.cookies, []string{"/login"}, []string{"/logout"}, []string{"/password"}
			})
			visit := func() *Visit { return visitTo(app, "/", "Cookie: sid=m; lang=en") }
			got := askedAgain(t, src, app, visit(), visit(), func() {
				v := visitBy(app, tc.method, tc.target, "", tc.header)
				src.(Watcher).Saw(v)
				var set []string
				if tc.setCookie != "" {
					set = []string{tc.setCookie}
				}
				src.(Watcher).SawResponse(v, set, 200)
			})
			if got != tc.again {
				t.Errorf("asked again: %v, want %v", got, tc.again)
			}
		})
	}
}

// Who signs out with another session and the same "remember me" drops what was
// remembered by it; a "yes" that everybody has does not.
func TestWhoAmIDropsByRememberMe(t *testing.T) {
	for name, tc := range map[string]struct {
		remember string
		again    bool
	}{
		"fail/a secret": {"remember_token=0123456789abcdef", true},
		"ok/yes":        {"keep_me=yes", false},
	} {
		app := &fakeApp{answer: sessions(people)}
		src := mustWhoAmI(t, func(c *WhoAmI) { c.Cookies, c.Logout = []string{"sid"}, []string{"/logout"} })
		visit := visitTo(app, "/", "Cookie: sid=m; "+tc.remember)
		again := askedAgain(t, src, app, visit, visit, func() {
			src.(Watcher).Saw(visitBy(app, "POST", "/logout", "", "Cookie: sid=gone; "+tc.remember))
		})
		if again != tc.again {
			t.Errorf("%s: asked again: %v, want %v", name, again, tc.again)
		}
	}
}

// What was begun while a sign-in was under way may be of before: the answer to
// the sign-in drops it too.
func TestWhoAmIDropsAfterTheResponse(t *testing.T) {
	app := &fakeApp{answer: sessions(people)}
	src := mustWhoAmI(t, nil)
	login := visitBy(app, "POST", "/login", "", "Cookie: sid=m")
	src.(Watcher).Saw(login)
	visit := visitTo(app, "/", "Cookie: sid=m")
	if !askedAgain(t, src, app, visit, visit, func() { src.(Watcher).SawResponse(login, nil, 302) }) {
		t.Error("an answer begun during the sign-in is still used")
	}
}

func TestWhoAmINotKept(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"fail/sets a cookie": says(200, jsonType, `{"login":"bob"}`, "Set-Cookie", "sid=2"),
		"fail/nobody":        says(401, jsonType, ``),
		"fail/down":          says(500, jsonType, ``),
	} {
		app := &fakeApp{answer: answer}
		src := mustWhoAmI(t, nil)
		for range 2 {
			ask(t, src, visitTo(app, "/", "Cookie: sid=b"))
		}
		if app.count() != 2 {
			t.Errorf("%s: asked %d times, want 2", name, app.count())
		}
	}
}

// An app that asks for rest gets a second of it, and no more.
func TestWhoAmIRest(t *testing.T) {
	app := &fakeApp{answer: says(429, jsonType, ``, "Retry-After", "60")}
	src := mustWhoAmI(t, func(c *WhoAmI) { c.Cache = off() })
	v := visitTo(app, "/", "Cookie: sid=b")
	for _, d := range []time.Duration{0, 900 * time.Millisecond, time.Second} {
		if a := ask(t, src, later(v, d)); a.State != Down || a.RetryAfter != time.Minute {
			t.Errorf("got %v, retry after %v", a.State, a.RetryAfter)
		}
	}
	if app.count() != 2 {
		t.Errorf("asked %d times, want 2", app.count())
	}
}

// A whole office reads English: its forms must not drop everybody's answers.
func TestWhoAmISharedCookies(t *testing.T) {
	app := &fakeApp{answer: sessions(people)}
	src := mustWhoAmI(t, nil)
	visit := visitTo(app, "/", "Cookie: sid=m; lang=en; theme=dark")
	again := askedAgain(t, src, app, visit, visit, func() {
		for i := range 9 {
			src.(Watcher).Saw(visitBy(nil, "POST", "/", "", fmt.Sprintf("Cookie: sid=%s; lang=en; theme=dark", strings.Repeat("x", i+2))))
		}
	})
	if again {
		t.Error("another visitor's form dropped the answer")
	}
}
