package caddymodule

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// UnmarshalCaddyfile reads the source from its name on. Syntax:
//
//	whoami <path> {
//	    <fact>    json <dot.path> | html <css> [attr <name>] | regexp <re2> | header <field>
//	    method    GET | POST
//	    header_up <field> <value>
//	    before    <path> <name> json|html|regexp|header <expression>
//	    cookies   <names...>
//	    cache     <duration>
//	    nobody    <values...>
//	    login     <paths...>
//	    logout    <paths...>
//	    password  <paths...>
//	}
func (w *Whoami) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	args := d.RemainingArgs()
	if len(args) != 1 {
		return d.Err("'identity whoami' takes one path of the app that says who is signed in: write for example 'identity whoami /api/me'")
	}
	w.Path = args[0]
	name, _ := beforeName(w.Path)
	if err := checkAppPath(d, strings.ReplaceAll(w.Path, "{mfa.before."+name+"}", "x")); err != nil {
		return err
	}
	table := words{
		"method":    w.unmarshalMethod,
		"header_up": w.unmarshalHeader,
		"before":    w.unmarshalBefore,
		"cookies":   someArgs(&w.Cookies),
		"cache":     w.unmarshalCache,
		"nobody":    someArgs(&w.Nobody),
		"login":     somePaths(&w.Login),
		"logout":    somePaths(&w.Logout),
		"password":  somePaths(&w.Password),
	}
	for name, to := range w.facts() {
		table[name] = func(d *caddyfile.Dispenser) (err error) {
			*to, err = unmarshalExtract(d)
			return err
		}
	}
	if err := parseBlock(d, "identity whoami", table, nil, "header_up", "cookies", "nobody", "login", "logout", "password"); err != nil {
		return err
	}
	return w.checkWhole(d)
}

// facts are the places of the facts by the words of the Caddyfile.
func (w *Whoami) facts() map[string]**Extract {
	return map[string]**Extract{
		"user": &w.User, "email": &w.Email, "name": &w.Name, "tenant": &w.Tenant, "roles": &w.Roles,
		"session": &w.Session, "methods": &w.Methods, "acr": &w.ACR, "time": &w.Time,
	}
}

// checkWhole looks at what only the whole block shows.
func (w *Whoami) checkWhole(d *caddyfile.Dispenser) error {
	if w.User == nil {
		return d.Err("'identity whoami' says nothing of 'user': write for example 'user json id' in its block")
	}
	uses := []string{w.Path}
	for _, values := range w.Headers {
		uses = append(uses, values...)
	}
	for _, value := range uses {
		if name, ok := beforeName(value); ok && (w.Before == nil || w.Before.Name != name) {
			return d.Errf("{mfa.before.%s} is used, and no 'before <path> %s …' gives it", name, name)
		}
	}
	if len(w.Cookies) == 0 && (w.Cache == nil || *w.Cache > 0) {
		warn(d, "identity whoami names no stable cookie: an answer may be used for as long as 'cache' says (30s) after the app changed its mind; name with 'cookies' those the app replaces at every sign-in, or write 'cache 0s'")
	}
	return nil
}

// unmarshalMethod reads: method GET | POST
func (w *Whoami) unmarshalMethod(d *caddyfile.Dispenser) error {
	if err := oneArg(&w.Method)(d); err != nil {
		return err
	}
	if w.Method != "GET" && w.Method != "POST" {
		return d.Errf("method '%s' is neither GET nor POST", w.Method)
	}
	return nil
}

// unmarshalHeader reads: header_up <field> <value>
func (w *Whoami) unmarshalHeader(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) != 2 || !isToken(args[0]) {
		return d.Err("'header_up' takes a field and a value: quote a value that has spaces")
	}
	field, value := args[0], args[1]
	if slices.Contains([]string{"cookie", "authorization", "host"}, strings.ToLower(field)) {
		return d.Errf("'header_up %s' would ask for somebody else than the visitor: the call carries the visitor's own", field)
	}
	for _, found := range placeholder.FindAllString(value, -1) {
		if filledLater(found) {
			continue
		}
		if err := checkSecret(found); err != nil {
			return d.Errf("reading header_up %s: %w", field, err)
		}
	}
	if w.Headers == nil {
		w.Headers = map[string][]string{}
	}
	w.Headers[field] = append(w.Headers[field], value)
	return nil
}

// unmarshalBefore reads: before <path> <name> json|html|regexp|header <expression>
func (w *Whoami) unmarshalBefore(d *caddyfile.Dispenser) error {
	var path, name string
	if !d.Args(&path, &name) {
		return d.Err("'before' takes a path, a name and where the value stands: write for example 'before /csrf token json token'")
	}
	if err := checkAppPath(d, path); err != nil {
		return err
	}
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return d.Errf("'%s' is no name: use lower-case letters, digits and _", name)
	}
	e, err := unmarshalExtract(d)
	if err != nil {
		return err
	}
	w.Before = &Before{Path: path, Name: name, Extract: *e}
	return nil
}

// unmarshalCache reads: cache <duration>
func (w *Whoami) unmarshalCache(d *caddyfile.Dispenser) error {
	var text string
	if err := oneArg(&text)(d); err != nil {
		return err
	}
	var keep time.Duration
	if text != "0" && text != "0s" {
		var err error
		if keep, err = duration(text); err != nil {
			return d.WrapErr(err)
		}
		if keep > 10*time.Minute {
			return d.Errf("cache '%s' is longer than 10m: nobody would notice for as long that a visitor signed out elsewhere", text)
		}
	}
	w.Cache = (*caddy.Duration)(&keep)
	return nil
}

// somePaths reads a line of one or more paths of the app.
func somePaths(to *[]string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		if err := someArgs(to)(d); err != nil {
			return err
		}
		for _, path := range *to {
			if err := checkAppPath(d, path); err != nil {
				return err
			}
		}
		return nil
	}
}

// checkAppPath wants a path of the app, perhaps with a query, as a request line
// would have it.
func checkAppPath(d *caddyfile.Dispenser, path string) error {
	u, err := url.ParseRequestURI(path)
	if err != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "{}#*\\ ") || u.Host != "" {
		return d.Errf("'%s' is no path of the app: write for example /api/me", path)
	}
	return nil
}

// isToken reports whether name can name a header field or a cookie (RFC 9110,
// section 5.6.2).
func isToken(name string) bool {
	const symbols = "!#$%&'*+-.^_`|~"
	for _, c := range []byte(name) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(symbols, c) >= 0) {
			return false
		}
	}
	return name != ""
}
