// Package discover looks at a running web application from outside, as a
// visitor would, and drafts a configuration for it with its doubts beside. It
// reads: but for signing in with the test login it is given, it sends nothing
// but GET, and never to an address that looks as if it signs out or removes.
package discover

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Options say what to look at.
type Options struct {
	URL            string // of any page of the application
	User, Password string // a test login, as typed into the form; "" looks from outside only
	Cookie         string // or the Cookie field of a browser in which User is signed in
	Site           string // the address that people open; "" is a made-up one
	Client         *http.Client
}

// Findings are what was seen.
type Findings struct {
	Base   *url.URL
	Site   string              // the address that people open; "" is not known
	Login  *form               // nil: no form was found
	At     *url.URL            // the page with the form
	from   string              // what led there
	once   bool                // its query is another at each visit
	renews bool                // each time it is shown there are other cookies
	Inside bool                // who is signed in is shown something else at that address
	Logout []string            // paths, with the query that makes the difference
	leaves map[string][]string // and the keys of the whole query
	Assets []string            // folders of scripts, styles and pictures of the sign-in page
	files  []string            // what of them it shows
	pages  []string            // addresses of pages and forms that were seen
	Public []string            // pages that a stranger is shown
	Single bool                // the pages are the same for everybody: a script asks for the data
	Basic  bool                // the browser asks for the password (HTTP Basic authentication)
	Shell  string              // the path at which that shell signs in; "" was not seen
	Calls  []string            // what its scripts call that may sign in or out

	Mail      string   // where the same answer holds the address, as an expression; "" where it does not
	elsewhere bool     // and that is in another answer than the one first found
	Who       *place   // where the application says who is signed in; nil: not found
	Under     string   // where the cookies go that say who it is; "" everywhere
	Key       []string // cookies that are new at every sign-in and stay until the next
	Token     *token   // a cookie that is a JWT
	Cookies   []string // all cookies of a signed-in visitor
	Fields    []string // a name's and a password's field that sign in at any address
	Doubts    []string // what a person has to look at
}

func (f *Findings) doubt(format string, args ...any) {
	if d := fmt.Sprintf(format, args...); !slices.Contains(f.Doubts, d) {
		f.Doubts = append(f.Doubts, d)
	}
}

// commonLogins are where forms stand that no page links to.
var commonLogins = []string{"/login", "/signin", "/sign-in", "/login/", "/users/sign_in", "/accounts/login/", "/admin/login/", "/auth/login", "/account/login", "/user/login", "/login.php", "/wp-login.php", "/entrar", "/index.php"}

// Look looks at an application. An error says that it could not be asked.
func Look(ctx context.Context, o Options) (*Findings, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("write the address of the running application, such as http://127.0.0.1:8080")
	}
	f := &Findings{Base: &url.URL{Scheme: base.Scheme, Host: base.Host}, Site: o.Site}
	stranger := newVisitor(ctx, o, f.Base)
	first := stranger.open(base.RequestURI())
	if first.err != nil {
		return nil, fmt.Errorf("asking %s: %w", f.Base, first.err)
	}
	switch first.status {
	case http.StatusNotFound:
		f.doubt("there is no page at %s (status 404): give the address of one, such as that which people open first", base)
	case http.StatusBadRequest, http.StatusMisdirectedRequest:
		if o.Site != "" {
			f.doubt("it refuses to be asked for %s (status %d): name that address in its configuration, or nothing works behind Caddy either", o.Site, first.status)
		}
	}
	f.Basic = first.asksBasic()
	if !f.Basic {
		f.findForm(stranger, first, base.RequestURI())
		f.lookAgain(newVisitor(ctx, o, f.Base))
	}
	switch {
	case f.Basic:
	case f.Single:
		f.findCalls(stranger, first)
	case f.Login == nil:
		f.doubt("no sign-in form was found: if a script signs in, look at what it sends (the browser's network tab)")
	}
	f.findPublic(stranger, first)
	f.tellAway(stranger, o)
	if f.Single && f.Shell == "" {
		f.doubt("the page is the same for everybody: where its script sends a token as Authorization, and no cookie, opening the page carries nobody; protect what the script asks for, and not /")
	}
	if o.User == "" {
		f.doubt("without a test login (--user, and the password in MFA_TEST_PASSWORD) nobody can see where the application says who is signed in")
		return f, nil
	}
	f.signIn(ctx, o)
	return f, nil
}

// findForm looks for the page with the sign-in form, and what it needs.
func (f *Findings) findForm(v *visitor, first *page, asked string) {
	f.see(first)
	if f.takeForm(v, first) {
		f.from = asked
		return
	}
	var hrefs []string
	for _, l := range first.links {
		if signInWord(l.text + " " + l.href) {
			hrefs = append(hrefs, l.href)
		}
	}
	for _, f.from = range append(hrefs, commonLogins...) {
		if f.takeForm(v, v.open(f.from)) {
			return
		}
	}
	// A page whose only content comes by a script.
	if f.Single = first.status == http.StatusOK && first.isHTML() && len(first.links) == 0 && first.scripts > 0; f.Single {
		first.readStyles(v)
		f.Assets, f.files = first.assets, first.files
	}
}

// lookAgain looks whether another visitor is led to the form by the same address,
// and whether that visitor's cookies are others once the form was asked for again:
// what was sent before is refused then.
func (f *Findings) lookAgain(v *visitor) {
	if f.Login == nil {
		return
	}
	again := v.open(f.from)
	f.once = again.at != nil && again.at.Path == f.At.Path && again.at.RawQuery != f.At.RawQuery
	before := v.cookies(f.At.Path)
	v.get(f.At.RequestURI())
	f.renews = !maps.Equal(before, v.cookies(f.At.Path))
}

// see notes which addresses a page leads to.
func (f *Findings) see(p *page) {
	for _, l := range p.links {
		if strings.HasPrefix(l.href, "/") {
			f.pages = append(f.pages, l.href)
		}
	}
	signsIn := false
	for _, form := range p.forms {
		if form.password != "" {
			signsIn = true
			continue
		}
		f.pages = append(f.pages, form.action)
	}
	if p.at != nil && !signsIn {
		f.pages = append(f.pages, p.at.RequestURI())
	}
}

// maxPublic bounds the pages that are looked at as a stranger.
const maxPublic = 12

// findPublic looks which of the pages that the first one leads to a stranger is
// shown as well.
func (f *Findings) findPublic(v *visitor, first *page) {
	if f.Single || f.Login == nil {
		return
	}
	asked := map[string]bool{f.At.Path: f.At.RawQuery == ""}
	for _, l := range append([]link{{href: first.at.RequestURI()}}, first.links...) {
		href, _, _ := strings.Cut(l.href, "#")
		if !strings.HasPrefix(href, "/") || href == "/" || asked[href] || leaving(l.href+" "+l.text) || signInWord(l.text+" "+l.href) || f.isAsset(href) {
			continue
		}
		asked[href] = true
		if len(asked) > maxPublic {
			return
		}
		if p := v.get(href); p.err == nil && p.status == http.StatusOK && p.isHTML() && !slices.ContainsFunc(p.forms, func(f form) bool { return f.password != "" }) {
			f.Public = append(f.Public, href)
		}
	}
}

func (f *Findings) isAsset(href string) bool {
	path, _, _ := strings.Cut(href, "?")
	return slices.ContainsFunc(f.Assets, func(dir string) bool { return href == dir || path == dir || strings.HasPrefix(path, dir+"/") })
}

func (f *Findings) takeForm(v *visitor, p *page) bool {
	if p.err != nil || p.status >= 400 {
		return false
	}
	for i := range p.forms {
		if p.forms[i].password != "" {
			p.readStyles(v)
			f.Login, f.At, f.Assets, f.files = &p.forms[i], p.at, p.assets, p.files
			return true
		}
	}
	return false
}

func signInWord(s string) bool {
	s = strings.ToLower(s)
	for _, w := range []string{"login", "log in", "signin", "sign in", "sign_in", "entrar", "anmelden", "connexion", "iniciar"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// leaving reports whether an address looks as if opening it would sign out, or
// change something: it is never opened.
func leaving(s string) bool {
	s = strings.ToLower(s)
	for _, w := range []string{"logout", "log out", "log-out", "logoff", "signout", "sign out", "sign_out", "sair", "abmelden", "deconnexion", "salir",
		"delete", "remove", "destroy", "revoke", "unsubscribe", "reset", "disable", "cancel"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}
