package discover

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// app is an application with a form, as many are.
type app struct {
	*httptest.Server
	mu       sync.Mutex
	sessions map[string]string
	asked    []string
	serial   int
	keeps    bool   // the session's id stays when somebody signs in
	moves    bool   // and changes with every answer
	anywhere bool   // it signs in whoever sends name and password, at any address
	text     bool   // it says who is signed in by a text alone
	number   bool   // it leads to the account by its number
	link     bool   // it says who is signed in by a link to the account alone
	home     string // what the first page is, if not ""
}

func start(t *testing.T) *app {
	t.Helper()
	a := &app{sessions: map[string]string{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func of(s *httptest.Server) *app { return &app{Server: s} }

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.Method+" "+r.URL.RequestURI())
	id, user := "", ""
	if c, err := r.Cookie("sid"); err == nil {
		id, user = c.Value, a.sessions[c.Value]
	}
	if a.anywhere && r.URL.Query().Get("pw") == "secret" {
		user = r.URL.Query().Get("name")
	}
	if (a.keeps || a.moves) && (id == "" || a.moves) {
		a.serial++
		id = fmt.Sprint("anonymous", a.serial)
		a.sessions[id] = user
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: id, Path: "/"})
	}
	w.Header().Set("Content-Type", "text/html")
	switch r.URL.Path {
	case "/":
		if user == "" {
			http.Redirect(w, r, "/enter?next=%2F", http.StatusFound)
			return
		}
		if a.home != "" {
			fmt.Fprint(w, a.home)
			return
		}
		if a.link {
			fmt.Fprintf(w, `<ul class=nav><li><a href="/x">X</a></li><li><a href="/account">%s</a></li></ul>`, user)
			return
		}
		if a.number {
			fmt.Fprintf(w, `<div class=menu><a class=user href="/users/5">%[1]s</a></div><div id=top>Signed in as <a class=user href="/users/5">%[1]s</a></div>`, user)
			return
		}
		fmt.Fprintf(w, `<nav><a href="/profile">Profile</a><a href="/out?token=1&amp;do=logout">Leave</a><a href="/user/delete">Delete</a><b class=who>%s</b></nav>`, user)
	case "/enter":
		if r.Method == http.MethodGet {
			fmt.Fprint(w, `<link rel=stylesheet href="/static/css/a.css"><link rel=alternate href="/feed"><a href="/about">About</a><form method=post action="/enter"><input name=name><input type=password name=pw><input type=hidden name=csrf value=c1></form>`)
			return
		}
		if r.FormValue("pw") != "secret" || r.FormValue("csrf") != "c1" {
			fmt.Fprint(w, `<form method=post action="/enter"><input name=name><input type=password name=pw></form>`)
			return
		}
		if !a.keeps {
			a.serial++
			id = fmt.Sprint("session", a.serial)
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: id, Path: "/"})
		}
		a.sessions[id] = r.FormValue("name")
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case "/static/css/a.css":
		w.Header().Set("Content-Type", "text/css")
		fmt.Fprint(w, `body { background: url("../img/sky.png") } a { content: url(data:image/png;base64,AA) }`)
	case "/about":
		fmt.Fprint(w, `<h1>About us</h1>`)
	case "/profile":
		if user == "" || a.number || a.link || a.home != "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if a.text {
			fmt.Fprintf(w, `<p id=hello>%s</p>`, user)
			return
		}
		fmt.Fprintf(w, `<form method=post action="/profile"><input name=nick value="%s"><input name=mail value="%s@acme.example"></form>`, user, user)
	default:
		http.NotFound(w, r)
	}
}

func look(t *testing.T, a *app, change func(*Options)) (*Findings, string) {
	t.Helper()
	o := Options{URL: a.URL, User: "alice", Password: "secret"}
	if change != nil {
		change(&o)
	}
	f, err := Look(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := f.Draft(&b); err != nil {
		t.Fatal(err)
	}
	return f, b.String()
}

func wants(t *testing.T, draft string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(draft, l) {
			t.Errorf("no %q in:\n%s", l, draft)
		}
	}
}

func TestLook(t *testing.T) {
	a := start(t)
	_, draft := look(t, a, nil)
	wants(t, draft, "\nportal.example.com {", "\t\t# credentials user key # DOUBT", `# - "/about" # DOUBT: a stranger is shown it`, `- "/static/img" #`, `- "/static/css" #`,
		"identity whoami /profile {", `user html "input[name=nick]" attr value`, `email html "input[name=mail]" attr value`,
		"cookies sid", "login /enter", "logout /out?do=logout", "anonymous login /enter?next={http.mfa.return_to}",
		`- "/enter" #`, `- {path: "/out", query: {"do": "logout"}, keys: ["token"]} # signing out; DOUBT`, `- "/static/css" #`)
	if strings.Contains(draft, "/feed") {
		t.Error("what the page only names is opened")
	}
}

// It reads, signs in once, and never leaves or removes.
func TestLookChangesNothing(t *testing.T) {
	a := start(t)
	look(t, a, nil)
	posts := 0
	for _, asked := range a.asked {
		if strings.HasPrefix(asked, "POST ") {
			posts++
		} else if !strings.HasPrefix(asked, "GET ") {
			t.Errorf("it sent %s", asked)
		}
		if strings.Contains(asked, "delete") || strings.Contains(asked, "logout") {
			t.Errorf("it opened %s", asked)
		}
	}
	if posts != 1 {
		t.Errorf("it signed in %d times", posts)
	}
	a.asked = nil
	f, draft := look(t, a, func(o *Options) { o.User, o.Password = "", "" })
	for _, asked := range a.asked {
		if !strings.HasPrefix(asked, "GET ") {
			t.Errorf("without a login it sent %s", asked)
		}
	}
	wants(t, draft, "DOUBT: without a test login", "anonymous login /enter")
	if f.Who != nil {
		t.Error("it knows where a user stands without one")
	}
	if len(a.asked) > maxRequests {
		t.Errorf("it asked %d times", len(a.asked))
	}
}

// What cannot key a memory is not proposed to.
func TestLookAtCookies(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*app)
		want   string
	}{
		"kept over a sign-in":       {func(a *app) { a.keeps = true }, "the cookie sid stays as it is when somebody signs in"},
		"changed with every answer": {func(a *app) { a.moves = true }, "the cookie sid changes from answer to answer"},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t)
			c.change(a)
			_, draft := look(t, a, nil)
			wants(t, draft, c.want, "cache 0s")
			if strings.Contains(draft, "cookies sid") {
				t.Error("it is proposed")
			}
		})
	}
}

func TestLookAtDoubts(t *testing.T) {
	t.Run("signs in at any address", func(t *testing.T) {
		a := start(t)
		a.anywhere = true
		_, draft := look(t, a, nil)
		wants(t, draft, "credentials name pw")
	})
	t.Run("a text that is shown", func(t *testing.T) {
		a := start(t)
		a.text = true
		_, draft := look(t, a, nil)
		wants(t, draft, "whoever calls himself bob is bob: look for an id\n\t\t\tuser html \"#hello\"", "first: email # DOUBT: no address was found")
	})
	t.Run("the number of the account", func(t *testing.T) {
		a := start(t)
		a.number = true
		_, draft := look(t, a, nil)
		wants(t, draft, "identity whoami / {", `user html "#top a" attr href`, `name html "#top a"`)
		if strings.Contains(draft, "look for an id") {
			t.Error("it doubts the number")
		}
	})
	t.Run("cookies of one folder", func(t *testing.T) {
		app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, err := r.Cookie("inside")
			switch {
			case r.URL.Path == "/wp-login.php" && r.Method == http.MethodPost:
				http.SetCookie(w, &http.Cookie{Name: "inside", Value: "1", Path: "/wp-admin"})
				http.Redirect(w, r, "/wp-admin/", http.StatusFound)
			case r.URL.Path == "/wp-login.php":
				http.SetCookie(w, &http.Cookie{Name: "inside", Path: "/wp-admin", MaxAge: -1}) // it signs out
				fmt.Fprint(w, `<form method=post action="/wp-login.php"><input name=log><input type=password name=pwd></form>`)
			case err != nil:
				http.Redirect(w, r, "/wp-login.php?redirect_to=http%3A%2F%2F"+r.Host+"%2Fwp-admin%2F&reauth=1", http.StatusFound)
			case r.URL.Path == "/wp-admin/":
				fmt.Fprint(w, `<a href="/wp-admin/profile.php">Profile</a>`)
			case r.URL.Path == "/wp-admin/profile.php":
				fmt.Fprint(w, `<input name=user_login value=alice disabled>`)
			default:
				http.NotFound(w, r)
			}
		}))
		defer app.Close()
		f, err := Look(context.Background(), Options{URL: app.URL + "/wp-admin/", User: "alice", Password: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := f.Draft(&b); err != nil {
			t.Fatal(err)
		}
		wants(t, b.String(), "identity whoami /wp-admin/profile.php {", "cookies inside", "protect: [/wp-admin] # DOUBT", `- "/wp-login.php" #`,
			"anonymous login /wp-login.php?reauth=1&redirect_to={http.mfa.return_to}", "get: /wp-admin, want: enroll")
	})
	t.Run("a wrong password", func(t *testing.T) {
		_, draft := look(t, start(t), func(o *Options) { o.Password = "wrong" })
		wants(t, draft, "the test login was not accepted")
	})
	t.Run("a browser's cookies", func(t *testing.T) {
		a := start(t)
		a.sessions["theirs"] = "alice"
		_, draft := look(t, a, func(o *Options) { o.Password, o.Cookie = "", "sid=theirs; other=1" })
		wants(t, draft, "identity whoami /profile {", "which cookies are new at every sign-in could not be seen", "cache 0s")
	})
	t.Run("a form at the page's own address", func(t *testing.T) {
		app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			if _, err := r.Cookie("JSESSIONID"); err == nil && r.URL.Path == "/app/page.jsp" {
				fmt.Fprint(w, `<p id=who>alice</p><a href="?logoff=true">Leave</a>`)
				return
			}
			if r.Method == http.MethodPost {
				http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: "1", Path: "/"})
				http.Redirect(w, r, "/app/page.jsp", http.StatusSeeOther)
				return
			}
			fmt.Fprint(w, `<form method=post action="j_security_check;jsessionid=77"><input name=j_username><input type=password name=j_password></form>`)
		}))
		defer app.Close()
		f, err := Look(context.Background(), Options{URL: app.URL + "/app/page.jsp", User: "alice", Password: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := f.Draft(&b); err != nil {
			t.Fatal(err)
		}
		wants(t, b.String(), "anonymous confirm", `- "/app/j_security_check" #`, "logout /app/page.jsp?logoff=true")
		if strings.Contains(b.String(), `- "/app/page.jsp"`) {
			t.Errorf("the page itself is opened:\n%s", b.String())
		}
	})
	t.Run("the browser asks for the password", func(t *testing.T) {
		app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, password, _ := r.BasicAuth()
			if password != "secret" {
				w.Header().Set("Www-Authenticate", `Basic realm="x"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"login":%q}`, user)
		}))
		defer app.Close()
		f, err := Look(context.Background(), Options{URL: app.URL, User: "alice", Password: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := f.Draft(&b); err != nil {
			t.Fatal(err)
		}
		wants(t, b.String(), "identity whoami / {\n\t\t\tuser json login\n", "anonymous confirm # the application asks")
		if strings.Contains(b.String(), "allow:") || strings.Contains(b.String(), "cache") {
			t.Errorf("the draft:\n%s", b.String())
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		a := start(t)
		a.Close()
		if _, err := Look(context.Background(), Options{URL: a.URL}); err == nil {
			t.Error("no error")
		}
	})
	t.Run("no address", func(t *testing.T) {
		if _, err := Look(context.Background(), Options{URL: "portal.example.com"}); err == nil {
			t.Error("no error")
		}
	})
}

// One script for everything, which answers for its own address alone, and leads
// there: it is looked at as Caddy will have it asked, and what is opened of it
// says what else may be sent.
func TestLookAtOneScript(t *testing.T) {
	const site = "https://portal.example"
	away := site
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "portal.example" || r.Header.Get("X-Forwarded-Proto") != "https" {
			http.Redirect(w, r, site+r.URL.RequestURI(), http.StatusMovedPermanently)
			return
		}
		_, err := r.Cookie("sid")
		inside, title := err == nil, r.URL.Query().Get("title")
		w.Header().Set("Content-Type", "text/html")
		switch {
		case r.URL.Path == "/away":
			http.Redirect(w, r, away+"/x", http.StatusFound)
		case title == "Login" && r.Method == http.MethodPost:
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "1", Path: "/", Secure: true})
			http.Redirect(w, r, away+"/index.php?title=Main", http.StatusFound)
		case title == "Login":
			fmt.Fprint(w, `<form method=post action="/index.php?title=Login&amp;returnto=Main"><input name=wp[Name]><input type=password name=wpPassword><input type=checkbox name=wpRemember><input type=hidden name=wpToken value=t><input type=submit name=wpAttempt value="Log in"></form>`)
		case r.URL.Path == "/account" && !inside:
			w.WriteHeader(http.StatusForbidden)
		case inside:
			fmt.Fprint(w, `<b id=me>alice</b><a href="/users/7/account">Bob</a><a href="/index.php?title=Logout&amp;nonce=3">Log out</a><a href="/account">My account</a>`)
			switch r.URL.Path {
			case "/users/7/account":
				fmt.Fprint(w, `<input name=bobs_mail value=bob@acme.example>`)
			case "/account":
				fmt.Fprint(w, `<input name="user[mail]" value=alice@acme.example>`)
			}
		default:
			fmt.Fprint(w, `<a href="/index.php?title=Login">Log in</a><a href="/index.php?title=News&amp;feed=">News</a>`)
		}
	}))
	defer app.Close()
	draft := func(path, site string) string {
		t.Helper()
		f, err := Look(context.Background(), Options{URL: app.URL + path, Site: site, User: "alice", Password: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := f.Draft(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	wants(t, draft("/index.php?title=Main", site), "identity whoami /account {", `user html "#me"`, `email html "input[name='user[mail]']" attr value # DOUBT`,
		`cookies sid # DOUBT: and the cookie that the box "wpRemember"`, "login /index.php?title=Login\n", "reverse_proxy "+strings.TrimPrefix(app.URL, "http://"),
		`- {path: "/index.php", query: {"title": "Login"}, keys: ["returnto", "wp", "wpAttempt", "wpPassword", "wpRemember", "wpToken"]} # the sign-in form`,
		`- {path: "/index.php", query: {"title": "Logout"}, keys: ["nonce"]} # signing out; DOUBT`,
		`# - {path: "/index.php", query: {"title": "News"}, keys: ["feed"]} # DOUBT`)
	wants(t, draft("/", ""), "DOUBT: it leads to "+site+", which was not followed: if that is the address")
	away = app.URL
	wants(t, draft("/away", site), "DOUBT: it leads people to "+app.URL+", its own address, past the gate", "identity whoami /account {")
}

// One script shows every page, by a route that is itself a path (phpMyAdmin), and a
// script signs out by a link to nowhere (Zabbix): whoever answers the doubts alone
// must not have opened that script, nor the folder it lies in.
func TestLookAtRoutesThatArePaths(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, err := r.Cookie("sid")
		switch {
		case !strings.HasPrefix(r.URL.Path, "/db/"):
			http.NotFound(w, r)
		case r.Method == http.MethodPost:
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "1", Path: "/"})
			http.Redirect(w, r, "main.php?route=/", http.StatusFound)
		case err == nil:
			fmt.Fprint(w, `<b id=me>alice</b><a href="main.php?route=/users">Users</a><a href="main.php?route=/logout">Log out</a><a href="#signout">Sign out</a>`)
		default:
			fmt.Fprint(w, `<link rel=icon href="icon.png"><link rel=stylesheet href="themes/a.css"><script src="main.php?route=/words&amp;l=en"></script><form method=post action="main.php?route=/"><input name=user><input type=password name=pw></form>`)
		}
	}))
	defer app.Close()
	_, draft := look(t, of(app), func(o *Options) { o.URL += "/db/" })
	wants(t, draft, "logout /db/main.php?route=%2Flogout\n",
		`- {path: "/db/main.php", query: {"route": "/"}, method: [POST], keys: ["pw", "user"]} # where it is sent`,
		`- {path: "/db/main.php", query: {"route": "/logout"}, keys: []} # signing out; DOUBT`,
		`- {path: "/db/main.php", query: {"l": "en", "route": "/words"}, keys: []} # what the form's page shows; DOUBT`,
		`- "/db/icon.png" #`, `- "/db/themes" #`)
	for _, whole := range []string{`- "/db/main.php"`, `- "/db" `} {
		if strings.Contains(draft, whole) {
			t.Errorf("%s opens every page:\n%s", whole, draft)
		}
	}
}

// A form that is sent to the front controller, shown at the first page: neither is
// opened whole, and the first page cannot be.
func TestLookAtAFrontController(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, `<form method=post action="index.php"><input name=name><input type=password name=pw></form>`)
	}))
	defer app.Close()
	_, draft := look(t, of(app), nil)
	wants(t, draft, "anonymous confirm # the form", `- {path: "/index.php", method: [POST], keys: ["name", "pw"]} # where it is sent`)
}

// The session of the form ends when the form is shown once more (phpMyAdmin, newer
// Tomcats): asked about whoever reads it, the application takes it no more.
func TestLookAtAFormThatIsRenewed(t *testing.T) {
	shown := 0
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		shown++
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: fmt.Sprint(shown)})
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<form method=post action="enter.php"><input name=name><input type=password name=pw></form>`)
	}))
	defer app.Close()
	_, draft := look(t, of(app), nil)
	wants(t, draft, "anonymous confirm # DOUBT: each time a stranger is asked about")
}

// The form stands at an address that is made for one visit (SimpleSAMLphp): no
// other visitor can be sent there.
func TestLookAtAFormOfOneVisit(t *testing.T) {
	visits := 0
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/login" {
			visits++
			http.Redirect(w, r, fmt.Sprint("/login?state=s", visits), http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<form method=post><input name=name><input type=password name=pw></form>`)
	}))
	defer app.Close()
	_, draft := look(t, of(app), func(o *Options) { o.URL += "/start?as=1" })
	wants(t, draft, "DOUBT: its query is of one visit: write the address that leads there (/start?as=1)")
}

// The name stands in a link without a mark of its own.
func TestLookAtALink(t *testing.T) {
	a := start(t)
	a.link = true
	_, draft := look(t, a, nil)
	wants(t, draft, "identity whoami / {", `user html "a[href='/account']"`)
}

// The address of one account is not where another's name stands.
func TestLookAtALinkOfOneAccount(t *testing.T) {
	for link, want := range map[string]string{
		`<a class=user href="/users/5">alice</a>`:   `user html ".user" attr href`,
		`<a class=me href="/alice">alice</a>`:       `user html ".me"`,
		`<a class=me href="/account">alice</a>`:     `user html ".me"`,
		`<a href="/u/Alice/edit">alice</a>`:         `no answer was found that holds "alice" once`,
		`<a href="/u/c0ffee/edit">alice</a>`:        `no answer was found that holds "alice" once`,
		`<span><a href="/users/5">alice</a></span>`: `no answer was found that holds "alice" once`,
	} {
		a := start(t)
		a.home = `<ul id=nav><li><a href="/x">X</a></li><li>` + link + `</li></ul>`
		_, draft := look(t, a, nil)
		wants(t, draft, want)
		if strings.Contains(draft, "a[href=") {
			t.Errorf("%s: it looks for that address:\n%s", link, draft)
		}
	}
}

// Of several words in an address that sign out, it is the same one each time.
func TestTakeLogout(t *testing.T) {
	for range 20 {
		f := &Findings{}
		f.takeLogout(link{"/out?then=logout&do=logout&signout=1", "Leave"})
		if len(f.Logout) != 1 || f.Logout[0] != "/out?do=logout" {
			t.Fatalf("got %q", f.Logout)
		}
	}
}

// An application that calls itself by its own address sends strangers to the
// form there; it is the site's form all the same.
func TestLookAtAWayBackPastTheSite(t *testing.T) {
	away := ""
	past := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, err := r.Cookie("sid")
		switch {
		case r.URL.Path == "/enter" && r.Method == http.MethodPost:
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "1", Path: "/"})
			http.Redirect(w, r, "/me", http.StatusSeeOther)
		case r.URL.Path == "/enter":
			fmt.Fprint(w, `<form method=post action="/enter"><input name=u><input type=password name=p></form>`)
		case r.URL.Path == "/":
			fmt.Fprint(w, `<a href="/enter">Log in</a>`)
		case err != nil:
			http.Redirect(w, r, away+"/enter?back=%2Fme", http.StatusFound)
		default:
			fmt.Fprint(w, `<b id=me>alice</b>`)
		}
	}))
	defer past.Close()
	away = past.URL
	_, draft := look(t, &app{Server: past}, func(o *Options) { o.Site = "https://portal.example" })
	wants(t, draft, "anonymous login /enter?back={http.mfa.return_to}")
}

// An application that takes no host but its own says so with 400 or 421.
func TestLookAtAHostThatIsRefused(t *testing.T) {
	const doubt = "it refuses to be asked for portal.example"
	for _, status := range []int{http.StatusBadRequest, http.StatusMisdirectedRequest} {
		strict := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) }))
		defer strict.Close()
		if _, draft := look(t, &app{Server: strict}, nil); strings.Contains(draft, "it refuses to be asked") {
			t.Errorf("without a site:\n%s", draft)
		}
		_, draft := look(t, &app{Server: strict}, func(o *Options) { o.Site = "portal.example" })
		wants(t, draft, fmt.Sprintf("%s (status %d)", doubt, status))
	}
}

func TestLookAtNothing(t *testing.T) {
	nothing := httptest.NewServer(http.NotFoundHandler())
	defer nothing.Close()
	_, draft := look(t, &app{Server: nothing}, nil)
	wants(t, draft, "DOUBT: there is no page at")
}

// A shell at the first address whose script keeps a token: that page can never
// be opened if all is protected.
func TestLookAtAShellWithoutASignIn(t *testing.T) {
	shell := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<script src="main.js"></script>`)
	}))
	defer shell.Close()
	_, draft := look(t, &app{Server: shell}, nil)
	wants(t, draft, "protect what the script asks for, and not /")
}

func TestLookAtBasicWithoutAName(t *testing.T) {
	basic := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, _, ok := r.BasicAuth(); !ok {
			w.Header().Set("Www-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer basic.Close()
	_, draft := look(t, &app{Server: basic}, nil)
	wants(t, draft, "put Caddy's basic_auth before the gate")
	if strings.Contains(draft, "signs in without the password") {
		t.Error("there is no cookie")
	}
}

// An application that asks for the password once and believes its cookie from then on: the
// password says nothing of whom it serves.
func TestLookAtBasicThatTurnsIntoASession(t *testing.T) {
	basic := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("sid"); err == nil {
			return
		}
		if _, _, ok := r.BasicAuth(); !ok {
			w.Header().Set("Www-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "s1", Path: "/"})
	}))
	defer basic.Close()
	_, draft := look(t, &app{Server: basic}, nil)
	wants(t, draft, "# DOUBT: sid signs in without the password")
}

// A shell that a script fills: its script says where it signs in and out.
func TestLookAtAShell(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/", "/login":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<script src="js/main.js"></script><div id=app></div>`)
		case "/js/main.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, "a.post(`${c}api/auth/authenticate`,x);a.get(\"/api/auth/logout\");a.get('/api/things');t='text/html'")
		case "/api/me":
			if c, err := r.Cookie("jwt"); err != nil || !strings.HasPrefix(c.Value, "eyJ") {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"name":"alice"}`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer app.Close()
	const token = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VybmFtZSI6ImFsaWNlIiwiaWF0IjoxfQ.c2ln"
	f, err := Look(context.Background(), Options{URL: app.URL, Site: "http://localhost:8490", User: "alice", Cookie: "jwt=" + token})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := f.Draft(&b); err != nil {
		t.Fatal(err)
	}
	wants(t, b.String(), "http://localhost:8490 {\n\tbind 127.0.0.1\n", "anonymous login /login # DOUBT", "hosts: [localhost]",
		"# identity jwt {\n\t\t#\tcookie jwt\n", "#\tuser username", "#\tsession iat", "identity whoami /api/me {",
		`- {path: "/login", method: [GET]} # the page's shell`, `- {path: "/api/me", method: [GET], keys: []} # who is signed in`, `- "/js" #`,
		`# - "/api/auth/authenticate" # DOUBT`, `# - "/api/auth/logout" # DOUBT`)
	if strings.Contains(b.String(), "/api/things") {
		t.Error("a call that does not sign in is proposed")
	}
}

// A page may say where its addresses begin: what it shows lies there, and the folder of
// that name which holds the application's files is not proposed to be opened.
func TestLookAtAPageWithABase(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/", "/admin/login":
			fmt.Fprint(w, `<base target=_top><base href="/admin/"><base href="/other/"><script src="./assets/main.js"></script><div id=app></div>`)
		case "/admin/assets/main.js":
			fmt.Fprint(w, `post("/auth/login")`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer site.Close()
	_, draft := look(t, &app{Server: site}, nil)
	wants(t, draft, `- "/admin/assets" #`, `# - "/auth/login" # DOUBT`)
	if strings.Contains(draft, `"/assets"`) {
		t.Errorf("a folder that the page does not use is opened:\n%s", draft)
	}
}

// A form at the root: that address cannot be open while all below it is protected, and
// one that is protected is no place to send strangers to.
func TestLookAtAFormAtTheRoot(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, err := r.Cookie("sid")
		switch {
		case r.URL.Path == "/login":
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "s1", Path: "/"})
			http.Redirect(w, r, "/inside", http.StatusFound)
		case r.URL.Path == "/" && err != nil:
			fmt.Fprint(w, `<form method=post action="/login"><input name=name><input type=password name=pw></form>`)
		case r.URL.Path == "/inside" && err == nil:
			fmt.Fprint(w, `<b id=who>alice</b>`)
		default:
			http.Redirect(w, r, "/", http.StatusFound)
		}
	}))
	defer site.Close()
	_, draft := look(t, &app{Server: site}, nil)
	wants(t, draft, "anonymous confirm #", `- "/login" #`)
}

// What a page shows from the folder that it stands in is opened by itself: beside the
// shell, /admin has what the shell asks for.
func TestLookAtAFolderOfPages(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<script src="/admin/main.js"></script><link rel=icon href="/admin/img/icon.svg"><div id=app></div>`)
	}))
	defer site.Close()
	f, err := Look(context.Background(), Options{URL: site.URL + "/admin"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"/admin/main.js", "/admin/img"}; !slices.Equal(f.Assets, want) {
		t.Errorf("it would open %q, not %q", f.Assets, want)
	}
}

// People change their address, and who has the password alone would be a new person by
// another one: an id beside it is who they are, or there is a doubt.
func TestLookAtAnAddressThatNames(t *testing.T) {
	for answer, line := range map[string]string{
		`{"data":{"id":"5f0c","email":"alice@acme.example"}}`:      "user json data.id\n\t\t\tname json data.email\n\t\t\temail json data.email\n",
		`{"id":7,"email":"alice@acme.example"}`:                    "user json id\n\t\t\tname json email\n",
		`{"id":7,"user":{"email":"alice@acme.example","id":null}}`: "look for an id\n\t\t\tuser json user.email\n",
	} {
		app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if r.URL.Path != "/users/me" || r.Header.Get("Cookie") != "sid=alices" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, answer)
		}))
		f, err := Look(context.Background(), Options{URL: app.URL, User: "alice@acme.example", Cookie: "sid=alices"})
		app.Close()
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := f.Draft(&b); err != nil {
			t.Fatal(err)
		}
		wants(t, b.String(), line)
	}
}

// An application is never followed to another host, nor is a form sent there.
func TestLookStaysOnTheHost(t *testing.T) {
	other := start(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<a href="%s/enter">Login</a><form method=post action="%s/enter"><input name=name><input type=password name=pw></form>`, other.URL, other.URL)
	}))
	defer site.Close()
	if u, _ := url.Parse(site.URL); u.Host == "" {
		t.Fatal("no host")
	}
	f, err := Look(context.Background(), Options{URL: site.URL, User: "alice", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	if len(other.asked) > 0 || f.Who != nil {
		t.Errorf("another host was asked %q", other.asked)
	}
}
