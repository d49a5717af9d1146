package discover

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// Draft writes a Caddyfile and a policy of what was found, the doubts as
// comments.
func (f *Findings) Draft(w io.Writer) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Caddyfile: a draft, made by looking at %s from outside.", f.Base)
	for _, d := range f.Doubts {
		line("# DOUBT: %s", d)
	}
	line("{")
	line("\tmfa policy.yaml {")
	line("\t\tmail smtp smtp+starttls://mail.example.com:587 {")
	line("\t\t\tfrom security@example.com")
	line("\t\t}")
	line("\t}")
	line("}")
	line("")
	line("portal.example.com {")
	line("\tmfa {")
	f.identity(line)
	if len(f.Fields) > 0 {
		line("\t\t# it signs in whoever sends these fields, at any address")
		line("\t\tcredentials %s", strings.Join(f.Fields, " "))
	}
	if f.At != nil {
		line("\t\tanonymous login %s", f.backFrom())
	}
	line("\t}")
	line("\treverse_proxy %s", f.Base.Host)
	line("}")
	line("")
	line("# policy.yaml: a draft. Protect all of it and open what may be open, or name")
	line("# what is to be protected.")
	f.policy(line)
	_, err := io.WriteString(w, b.String())
	return err
}

func (f *Findings) identity(line func(string, ...any)) {
	if f.Token != nil {
		line("\t\t# the cookie %s is a token (%s): with its key, nobody has to be asked", f.Token.cookie, f.Token.alg)
		line("\t\t# identity jwt {")
		line("\t\t#\tcookie %s", f.Token.cookie)
		if strings.HasPrefix(f.Token.alg, "HS") {
			line("\t\t#\tsecret {file./run/secrets/token-key}")
		} else {
			line("\t\t#\tpublic_key token-key.pem")
		}
		line("\t\t#\tuser %s", f.Token.user)
		if f.Token.session != "" {
			line("\t\t#\tsession %s", f.Token.session)
		}
		line("\t\t# }")
	}
	if kind := f.sessions(); kind != "" {
		line("\t\t# the cookies look like %s: if it keeps its sessions in Redis, see `identity redis`", kind)
	}
	who := f.Who
	if who == nil {
		who = &place{path: "/api/me", expr: "json login"}
		line("\t\t# DOUBT: this path and expression are no more than an example")
	}
	line("\t\tidentity whoami %s {", quoted(who.path))
	line("\t\t\tuser %s", who.expr)
	if f.Mail != "" {
		line("\t\t\temail %s", f.Mail)
	} else {
		line("\t\t\t# DOUBT: no address was found to prove a first enrolment by: map `email`, or see `first` of the policy")
	}
	switch {
	case len(f.Key) > 0:
		line("\t\t\tcookies %s", strings.Join(f.Key, " "))
	default:
		line("\t\t\t# no cookie is new at every sign-in and stays until the next")
		line("\t\t\tcache 0s")
	}
	if login := f.loginPath(); login != "" {
		line("\t\t\tlogin %s", quoted(login))
	}
	if len(f.Logout) > 0 {
		line("\t\t\tlogout %s", strings.Join(f.Logout, " "))
	}
	line("\t\t\t# password /path/where/it/is/changed")
	line("\t\t}")
}

// backFrom is the page with the form, the way back filled in where it takes one.
func (f *Findings) backFrom() string {
	var back, rest []string
	for _, pair := range strings.Split(f.At.RawQuery, "&") {
		k, v, _ := strings.Cut(pair, "=")
		switch {
		case wayBack(k, v):
			back = append(back, k+"={http.mfa.return_to}")
		case v != "":
			rest = append(rest, pair)
		}
	}
	if query := strings.Join(append(rest, back...), "&"); query != "" {
		return f.At.EscapedPath() + "?" + query
	}
	return f.At.EscapedPath()
}

// wayBack reports whether a field of a query says where to go afterwards.
func wayBack(key, value string) bool {
	plain, err := url.QueryUnescape(value)
	return err == nil && strings.HasPrefix(plain, "/") || slices.Contains([]string{"next", "to", "return", "returnto", "return_to", "redirect", "redirect_to", "back", "url"}, strings.ToLower(key))
}

// loginPath is where the form is sent, with the hidden field that says so where
// the application sends everything to one script.
func (f *Findings) loginPath() string {
	if f.Login == nil {
		return ""
	}
	path, _, _ := strings.Cut(f.Login.action, "?")
	for k, list := range f.Login.hidden {
		if len(list) == 1 && signInWord(list[0]) {
			return path + "?" + url.Values{k: list}.Encode()
		}
	}
	if path == "/" || strings.HasSuffix(path, ".php") && f.Who != nil && strings.HasPrefix(f.Who.path, path) {
		return "" // the same address does everything
	}
	return path
}

func (f *Findings) sessions() string {
	switch {
	case slices.Contains(f.Cookies, "connect.sid"):
		return "express-session (format json)"
	case slices.Contains(f.Cookies, "sessionid"):
		return "Django (format django)"
	case slices.Contains(f.Cookies, "PHPSESSID"):
		return "PHP (format php)"
	}
	return ""
}

func (f *Findings) policy(line func(string, ...any)) {
	line("version: 1")
	line("tenants:")
	line("  portal:")
	line("    hosts: [portal.example.com]")
	line("    require: mfa")
	line("    protect: [/]")
	line("    allow:")
	opened := map[string]bool{}
	open := func(path, why string) {
		path, query, _ := strings.Cut(path, "?")
		path = strings.TrimRight(path, "/")
		if path == "" || opened[path+query] || strings.ContainsAny(path, "%;*\\") {
			return
		}
		opened[path+query] = true
		values, err := url.ParseQuery(query)
		for k, list := range values {
			if list[0] == "" || wayBack(k, list[0]) {
				delete(values, k) // any will do
			}
		}
		if err != nil || len(values) == 0 {
			line("      - %q # %s", path, why)
			return
		}
		var keys []string
		for k, list := range values {
			keys = append(keys, fmt.Sprintf("%q: %q", k, list[0]))
		}
		slices.Sort(keys)
		line("      - {path: %q, query: {%s}} # %s", path, strings.Join(keys, ", "), why)
	}
	if f.At != nil {
		open(f.At.RequestURI(), "the sign-in form")
		if action, _, _ := strings.Cut(f.Login.action, "?"); action != f.At.Path {
			open(f.Login.action, "where it is sent")
		}
	}
	for _, path := range f.Logout {
		if at, _, query := strings.Cut(path, "?"); query && f.At != nil && at == f.At.Path {
			path += "&" + f.At.RawQuery // one script for all: no other page may be named beside
		}
		open(path, "signing out")
	}
	for _, dir := range f.Assets {
		if f.At != nil && dir == f.At.Path {
			continue
		}
		open(dir, "what the form's page shows; DOUBT: nothing else may lie there")
	}
	if len(opened) == 0 {
		line("      - /login # DOUBT: the sign-in form was not found")
	}
	line("tests:")
	line("  - {host: portal.example.com, get: /, want: no-identity}")
	line("  - {as: {user: bob}, host: portal.example.com, get: /, want: enroll}")
}

func quoted(s string) string {
	if strings.ContainsAny(s, "{}\"#`") {
		return fmt.Sprintf("%q", s)
	}
	return s
}
