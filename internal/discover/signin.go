package discover

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// token is a cookie that is a JWT.
type token struct {
	cookie, alg   string
	user, session string // claims
}

// signIn looks at the application as the test login does.
func (f *Findings) signIn(ctx context.Context, o Options) {
	v, home, before := f.enter(ctx, o)
	if v == nil {
		return
	}
	defer f.tellAway(v, o)
	path := "/"
	if home.at != nil {
		path = home.at.Path
	}
	f.Cookies = slices.Sorted(maps.Keys(v.cookies(path)))
	f.see(home)
	for _, l := range home.links {
		f.takeLogout(l)
	}
	for _, form := range home.forms {
		f.takeLogout(link{form.action, form.action})
	}
	defer f.lookAtForm(v) // the last: it may sign out
	f.findWho(v, home, o.User)
	for _, name := range f.Cookies {
		f.takeToken(name, v.cookies(path)[name], o.User)
	}
	if f.Who == nil {
		return
	}
	if f.Basic {
		return
	}
	f.findUnder(v)
	f.findKeys(v, path, before)
	f.tryCredentials(ctx, o)
}

// tellAway doubts what led to another host: it was not followed.
func (f *Findings) tellAway(v *visitor, o Options) {
	for _, to := range slices.Sorted(maps.Keys(v.away)) {
		switch {
		case o.Site == "":
			f.doubt("it leads to %s, which was not followed: if that is the address that people open, give it with --site", to)
		case slices.ContainsFunc(v.own, func(host string) bool { return strings.HasSuffix(to, "//"+host) }):
			f.doubt("it leads people to %s, its own address, past the gate: tell it the address of the site, in its configuration", to)
		default:
			f.doubt("it leads to %s, which was not followed", to)
		}
	}
}

// enter signs in, or takes the cookies it is given, and tells what cookies there
// were before; nil: it could not.
func (f *Findings) enter(ctx context.Context, o Options) (v *visitor, home *page, before map[string]string) {
	v = newVisitor(ctx, o, f.Base)
	if o.Cookie != "" {
		r := http.Request{Header: http.Header{"Cookie": {o.Cookie}}}
		for _, c := range r.Cookies() {
			v.jar.SetCookies(v.base, []*http.Cookie{{Name: c.Name, Value: c.Value, Path: "/"}}) // #nosec G124 -- kept for a request, set nowhere
		}
		return v, v.open("/"), nil
	}
	if f.Basic {
		v.basic = basicOf(o)
		if home = v.open(o.path()); home.asksBasic() {
			f.doubt("the test login was not accepted: the password is asked for again")
			return nil, nil, nil
		}
		return v, home, nil
	}
	if f.Login == nil {
		f.doubt("no sign-in form was found, so the test login could not be used: sign in with a browser and give its cookies (--cookie)")
		return nil, nil, nil
	}
	p := v.open(f.At.RequestURI())
	form := f.Login
	for i := range p.forms {
		if p.forms[i].password != "" {
			form = &p.forms[i] // its token against forgery is of this visit
		}
	}
	values := url.Values{form.password: {o.Password}}
	if form.user != "" {
		values.Set(form.user, o.User)
	}
	for name, list := range form.hidden {
		values[name] = list
	}
	at, err := v.base.Parse(form.action)
	if err != nil || !v.here(at) || form.method != http.MethodPost {
		f.doubt("the sign-in form is sent by %s to %s with the fields %q and %q, which was not tried", form.method, form.action, form.user, form.password)
		return nil, nil, nil
	}
	before = v.cookies(at.Path)
	done := v.send(http.MethodPost, at, values)
	home = done
	if to := done.header.Get("Location"); done.status/100 == 3 && to != "" {
		if next, err := done.at.Parse(to); err == nil && v.here(next) {
			home = v.open(next.RequestURI())
		}
	}
	for i := range home.forms {
		if home.forms[i].password == form.password && home.forms[i].user == form.user {
			f.doubt("the test login was not accepted: the form is shown again")
			return nil, nil, nil
		}
	}
	return v, home, before
}

// lookAtForm looks whether the address of the form is a page of its own: many
// applications show the form at whatever address a stranger asks for.
func (f *Findings) lookAtForm(v *visitor) {
	if f.At == nil {
		return
	}
	p := v.get(f.At.RequestURI())
	f.Inside = p.status == http.StatusOK && !slices.ContainsFunc(p.forms, func(g form) bool { return g.password == f.Login.password && g.user == f.Login.user })
}

// apart reports whether the form has an address of its own, that may be open. The
// first page is a prefix of all others.
func (f *Findings) apart() bool {
	return f.At != nil && f.At.Path != "/" && (!f.Inside || signInWord(f.At.RequestURI()))
}

func (f *Findings) takeLogout(l link) {
	s := strings.ToLower(l.href + " " + l.text)
	if !strings.HasPrefix(l.href, "/") || !slices.ContainsFunc([]string{"logout", "log out", "log-out", "logoff", "signout", "sign out", "sign_out", "sair", "abmelden"}, func(w string) bool { return strings.Contains(s, w) }) {
		return
	}
	href, _, _ := strings.Cut(l.href, "#")
	path, query, _ := strings.Cut(href, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return
	}
	if !leaving(href) {
		path = href // the text alone says so, and any of the query may be why
	}
	for _, k := range slices.Sorted(maps.Keys(values)) {
		if list := values[k]; len(list) == 1 && (leaving(list[0]) || leaving(k)) {
			path += "?" + url.Values{k: list}.Encode()
			break
		}
	}
	if !slices.Contains(f.Logout, path) {
		f.Logout = append(f.Logout, path)
		if f.leaves == nil {
			f.leaves = map[string][]string{}
		}
		f.leaves[path] = queryKeys(href)
	}
}

// takeToken looks into a cookie that is a JWT; it is not checked.
func (f *Findings) takeToken(name, value, user string) {
	parts := strings.Split(value, ".")
	if len(parts) != 3 {
		return
	}
	var head struct{ Alg string }
	var claims map[string]any
	for i, into := range []any{&head, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil {
			return
		}
	}
	t := &token{cookie: name, alg: head.Alg}
	for _, k := range slices.Sorted(maps.Keys(claims)) {
		if s, ok := claims[k].(string); ok && s == user && t.user == "" {
			t.user = k
		}
	}
	for _, k := range []string{"sid", "jti", "iat"} {
		if claims[k] != nil && t.session == "" {
			t.session = k
		}
	}
	if t.user != "" && t.alg != "" {
		f.Token = t
	}
}

func basicOf(o Options) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(o.User+":"+o.Password))
}

// path is that of the address that was given, with its query.
func (o *Options) path() string {
	u, err := url.Parse(o.URL)
	if err != nil {
		return "/"
	}
	return u.RequestURI()
}

// tryCredentials tries whether the application serves a page for the test
// login's own password in the request itself.
func (f *Findings) tryCredentials(ctx context.Context, o Options) {
	if o.Password == "" || f.Login == nil || f.Login.user == "" {
		return
	}
	named := func(p *page) bool {
		if p.status != http.StatusOK {
			return false
		}
		got, ok := f.Who.find(p)
		return ok && got == f.Who.value
	}
	if named(newVisitor(ctx, o, f.Base).get(f.Who.path, "Authorization", basicOf(o))) {
		f.doubt("it takes the password by Basic authentication as well: the gate refuses that beside a session, and asks the application about it alone")
	}
	join := "?"
	if strings.Contains(f.Who.path, "?") {
		join = "&"
	}
	if named(newVisitor(ctx, o, f.Base).get(f.Who.path + join + url.Values{f.Login.user: {o.User}, f.Login.password: {o.Password}}.Encode())) {
		f.Fields = []string{f.Login.user, f.Login.password}
	}
}
