package discover

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
)

// Draft writes a Caddyfile and a policy of what was found. What is not sure is
// marked DOUBT: behind a line, that line; on a line of its own, what follows it,
// a line or a block; at the top, nothing that could be pointed at. Nothing else
// should need a change.
func (f *Findings) Draft(w io.Writer) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Caddyfile: a draft, made by looking at %s from outside.", f.Base)
	line("# DOUBT marks what was not sure: the line it ends, or what stands below it.")
	for _, d := range f.Doubts {
		line("# DOUBT: %s", d)
	}
	line("{")
	line("\tmfa policy.yaml {")
	line("\t\t# DOUBT: your mail server, and whom its mails come from")
	line("\t\tmail smtp smtp+starttls://mail.example.com:587 {")
	line("\t\t\tfrom security@example.com")
	line("\t\t}")
	line("\t}")
	line("}")
	line("")
	if f.Site == "" {
		line("# DOUBT: the address that people open, here and in the policy (--site writes it everywhere)")
	}
	line("%s {", f.site())
	if host := f.host(); host == "localhost" || net.ParseIP(host).IsLoopback() {
		line("\tbind 127.0.0.1")
	}
	line("\tmfa {")
	f.identity(line)
	if len(f.Fields) > 0 {
		line("\t\t# it signs in whoever sends these fields, at any address")
		line("\t\tcredentials %s", strings.Join(f.Fields, " "))
	} else {
		line("\t\t# credentials user key # DOUBT: under which names an API of it takes a password or a key, if it has one: it may serve their owner beside anybody's session")
	}
	switch {
	case f.Basic:
		line("\t\tanonymous confirm # the application asks for the password")
	case f.At != nil && !f.apart() && f.renews:
		line("\t\tanonymous confirm # DOUBT: each time a stranger is asked about, there are other cookies: if signing in fails, open the form in the policy and write anonymous login")
	case f.At != nil && !f.apart():
		line("\t\tanonymous confirm # the form is shown at the address of the page")
	case f.once:
		line("\t\tanonymous login %s # DOUBT: its query is of one visit: write the address that leads there (%s), and open it", f.backFrom(), f.from)
	case f.At != nil:
		line("\t\tanonymous login %s", f.backFrom())
	case f.Shell != "":
		line("\t\tanonymous login %s # DOUBT: a script shows the sign-in there", f.Shell)
	}
	line("\t}")
	line("\treverse_proxy %s", f.upstream())
	line("}")
	line("")
	line("# policy.yaml: a draft. Protect all of it and open what may be open, or name")
	line("# what is to be protected.")
	f.policy(line)
	_, err := io.WriteString(w, b.String())
	return err
}

func (f *Findings) site() string { return cmp.Or(f.Site, "portal.example.com") }

// host is the site's, without scheme, port and path.
func (f *Findings) host() string {
	site := f.site()
	if !strings.Contains(site, "://") {
		site = "https://" + site
	}
	u, err := url.Parse(site)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

func (f *Findings) upstream() string {
	if f.Base.Scheme == "https" {
		return f.Base.String()
	}
	return f.Base.Host
}

func (f *Findings) identity(line func(string, ...any)) {
	other := f.token(line) || f.session(line)
	who := f.Who
	switch {
	case who == nil:
		who = &place{path: "/api/me", expr: "json login"}
		line("\t\t# DOUBT: this path and expression are no more than an example")
	case other:
		line("\t\t# DOUBT: this block or the one above it, not both")
	}
	line("\t\tidentity whoami %s {", quoted(who.path))
	if who.text {
		line("\t\t\t# DOUBT: a text that is shown there. If people can change it, whoever calls himself bob is bob: look for an id")
	}
	if who.shared {
		line("\t\t\t# DOUBT: one password is everybody's: this names nobody, and whoever signs in is one person with one second factor")
	}
	line("\t\t\tuser %s", who.expr)
	if who.name != "" {
		line("\t\t\tname %s", who.name)
	}
	if who.nobody != "" {
		line("\t\t\tnobody %s", quoted(who.nobody))
	}
	if f.Mail != "" {
		sure := ""
		if f.elsewhere || !strings.Contains(strings.ToLower(f.Mail), "mail") {
			sure = " # DOUBT: is it the person's own, and of nobody else? The first code goes there"
		}
		line("\t\t\temail %s%s", f.Mail, sure)
	}
	switch {
	case f.Basic:
	case len(f.Key) > 0:
		remembered := ""
		if f.Login != nil && f.Login.box != "" {
			remembered = fmt.Sprintf(" # DOUBT: and the cookie that the box %q of the form leaves, if one signs in by it", f.Login.box)
		}
		line("\t\t\tcookies %s%s", strings.Join(f.Key, " "), remembered)
	default:
		line("\t\t\t# no cookie is known that is new at every sign-in and stays until the next")
		line("\t\t\tcache 0s")
	}
	if login := f.loginPath(); login != "" {
		line("\t\t\tlogin %s", quoted(login))
	}
	switch {
	case len(f.Logout) > 0:
		line("\t\t\tlogout %s", strings.Join(f.Logout, " "))
	case !f.Basic:
		line("\t\t\t# logout /path # DOUBT: no way to sign out was found")
	}
	line("\t\t\t# password /path/where/it/is/changed # DOUBT: where a password is changed, if people can")
	line("\t\t}")
}

// token writes, as a comment, how to read the cookie that is a JWT.
func (f *Findings) token(line func(string, ...any)) bool {
	t := f.Token
	if t == nil {
		return false
	}
	line("\t\t# DOUBT: the cookie %s is a token (%s): with the key it is signed with, nobody has to be asked", t.cookie, t.alg)
	line("\t\t# identity jwt {")
	line("\t\t#\tcookie %s", t.cookie)
	if strings.HasPrefix(t.alg, "HS") {
		line("\t\t#\tsecret {file./run/secrets/token-key}")
	} else {
		line("\t\t#\tpublic_key token-key.pem")
	}
	line("\t\t#\tuser %s", t.user)
	if t.session != "" {
		line("\t\t#\tsession %s", t.session)
	}
	line("\t\t# }")
	return true
}

// session writes, as a comment, how to read the session of a family of
// applications that is known by its cookie.
func (f *Findings) session(line func(string, ...any)) bool {
	for _, k := range []struct{ cookie, family, format, user, more string }{
		{"connect.sid", "express-session", "json", "user.id", "signed {env.SESSION_SECRET}"},
		{"sessionid", "Django", "django", "_auth_user_id", ""},
		{"PHPSESSID", "PHP", "php", "user_id", ""},
	} {
		if !slices.Contains(f.Cookies, k.cookie) {
			continue
		}
		line("\t\t# DOUBT: the cookie %s looks like %s: if it keeps its sessions in Redis, they hold an id that nobody can edit", k.cookie, k.family)
		line("\t\t# identity redis redis://127.0.0.1:6379 {")
		line("\t\t#\tformat %s", k.format)
		if k.more != "" {
			line("\t\t#\t%s", k.more)
		}
		line("\t\t#\tuser %s", k.user)
		line("\t\t# }")
		return true
	}
	return false
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

// routes are fields by which one script tells its pages apart, often as paths.
var routes = []string{"route", "r", "q", "p", "page", "action", "do", "act", "view", "task", "module", "controller", "path", "_url", "query"}

// wayBack reports whether a field of a query says where to go afterwards.
func wayBack(key, value string) bool {
	plain, err := url.QueryUnescape(value)
	if strings.HasPrefix(plain, "/") && (signInWord(plain) || leaving(plain) || slices.Contains(routes, strings.ToLower(key))) {
		return false // it says which page this is
	}
	return err == nil && (strings.HasPrefix(plain, "/") || strings.HasPrefix(plain, "http://") || strings.HasPrefix(plain, "https://")) || slices.Contains([]string{"next", "to", "return", "returnto", "return_to", "redirect", "redirect_to", "back", "url"}, strings.ToLower(key))
}

// loginPath is where the form is sent, with the hidden field that says so where
// the application sends everything to one script.
func (f *Findings) loginPath() string {
	if f.Login == nil {
		return ""
	}
	path, query, _ := strings.Cut(f.Login.action, "?")
	path, _, _ = strings.Cut(path, ";") // a session id
	if signInWord(path) {
		return path
	}
	sent, _ := url.ParseQuery(query)
	for _, values := range []url.Values{sent, f.Login.hidden} {
		for _, k := range slices.Sorted(maps.Keys(values)) {
			if list := values[k]; len(list) == 1 && signInWord(list[0]) && !wayBack(k, list[0]) {
				return path + "?" + url.Values{k: list}.Encode()
			}
		}
	}
	if path == "/" || strings.HasSuffix(path, ".php") && f.Who != nil && strings.HasPrefix(f.Who.path, path) {
		return "" // the same address does everything
	}
	return path
}

func quoted(s string) string {
	if strings.ContainsAny(s, "{}\"#` ") {
		return fmt.Sprintf("%q", s)
	}
	return s
}
