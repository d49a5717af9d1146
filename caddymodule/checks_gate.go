package caddymodule

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

// check looks at everything one directive shows by itself; policy says whether
// there is a policy file, which may protect more. It holds for JSON as well.
func (g *Gate) check(policy bool) error {
	if len(g.Protect) == 0 && !policy {
		return errors.New("mfa has nothing to protect: write 'protect /documents' in its block, or name a policy file in the global option mfa")
	}
	for _, err := range []error{g.checkNames(), g.checkPrefixes(), g.checkTenant(), g.checkRealm(), g.checkCredentials(), g.checkBlock(), g.Anonymous.check(), g.checkLogin()} {
		if err != nil {
			return err
		}
	}
	return nil
}

// clientChosen are the placeholders that hold what the client wrote. The host
// is not among them: it picks a tenant only as far as the site serves it.
var clientChosen = regexp.MustCompile(`^http\.(request\.(header|cookie|uri|orig_uri|body|method|orig_method|local|remote|port|scheme|proto|uuid|tls\.client)\b|regexp\.|matchers\.|auth\.candidate\.|error\.|reverse_proxy\.)`)

func (g *Gate) checkTenant() error {
	switch g.Tenant {
	case "", "host", "identity":
		return nil
	}
	if !placeholder.MatchString(g.Tenant) {
		return fmt.Errorf("tenant '%s' is neither host nor identity nor a placeholder: for a site of one tenant, write its host in the policy", g.Tenant)
	}
	return checkPlaceholder(g.Tenant)
}

// checkPlaceholder refuses one that holds what the client wrote: he would
// choose the tenant that asks for least.
func checkPlaceholder(value string) error {
	for _, m := range placeholder.FindAllStringSubmatch(value, -1) {
		if clientChosen.MatchString(m[1]) {
			return fmt.Errorf("{%s} is chosen by the client: map 'tenant' in 'identity', or write 'tenant host'", m[1])
		}
	}
	return nil
}

// realmForm is a name that can stand in a token and in a file.
var realmForm = regexp.MustCompile(`^([A-Za-z0-9._-]{1,64}|\{tenant\})$`)

func (g *Gate) checkRealm() error {
	if g.Realm != "" && !realmForm.MatchString(g.Realm) {
		return fmt.Errorf("realm '%s' is no name: use up to 64 letters, digits, dots, - and _, or {tenant} where user names are unique only within a tenant", g.Realm)
	}
	return nil
}

func (g *Gate) checkCredentials() error {
	for _, name := range g.Credentials {
		if strings.ContainsAny(name, "{}=&;?/ ,") || strings.TrimSpace(name) == "" {
			return fmt.Errorf("credentials '%s' is no name of a header, query or form field", name)
		}
	}
	return nil
}

func (g *Gate) checkBlock() error {
	if g.Block != "" && g.Block != "page" && g.Block != "error" {
		return fmt.Errorf("block '%s' is neither page nor error", g.Block)
	}
	return nil
}

// checkPrefixes holds the directive's own prefixes to the policy's rule.
func (g *Gate) checkPrefixes() error {
	if _, err := policy.NewPrefixes(g.Protect, g.Mount); err != nil {
		return err
	}
	if _, err := policy.NewPrefixes(g.Anonymous.Paths, g.Mount); err != nil {
		return fmt.Errorf("anonymous confirm: %w", err)
	}
	return nil
}

// checkNames looks at where the gate's pages and cookies are.
func (g *Gate) checkNames() error {
	if g.Mount != "" {
		if err := checkMount(g.Mount); err != nil {
			return err
		}
	}
	if g.Flag.Cookie != "" {
		return checkFlagName(g.Flag.Cookie)
	}
	return nil
}

func (a *Anonymous) check() error {
	switch a.Action {
	case "", "deny", "confirm":
	case "login":
		return a.checkURL()
	default:
		return fmt.Errorf("anonymous '%s' is neither deny nor confirm nor login", a.Action)
	}
	return nil
}

// checkURL wants a path of this site or an http(s) URL, with no placeholder a
// client could turn into another host.
func (a *Anonymous) checkURL() error {
	bad := func(why string) error {
		return fmt.Errorf("anonymous login '%s' %s: write for example /login?next={http.mfa.return_to} or https://login.example.com/?to={http.mfa.return_to}", hidePassword(a.URL), why)
	}
	for _, m := range placeholder.FindAllStringSubmatch(a.URL, -1) {
		if !strings.HasPrefix(m[1], "http.mfa.") {
			return bad("holds {" + m[1] + "}, and only {http.mfa.…} may stand there")
		}
	}
	target, _, _ := strings.Cut(a.URL, "{")
	u, err := url.Parse(target)
	switch {
	case err != nil, strings.ContainsAny(a.URL, " \\\"<>\t\r\n"):
		return bad("is no URL")
	case u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/") && !strings.HasPrefix(a.URL, "//"):
	case (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil:
		if strings.Contains(a.URL, "{") && u.Path == "" && u.RawQuery == "" {
			return bad("has a placeholder in its host")
		}
	default:
		return bad("is neither a path nor an http(s) URL")
	}
	return nil
}

// loginTarget is where on the site a visitor is sent to sign in, with "/" for
// the way back; ok is false where that is another host, or nowhere.
func (a *Anonymous) loginTarget() (t policy.Target, ok bool) {
	if a.Action != "login" || !strings.HasPrefix(a.URL, "/") {
		return t, false
	}
	t.Path, t.RawQuery, _ = strings.Cut(placeholder.ReplaceAllString(a.URL, "%2F"), "?")
	t.RawQuery, _, _ = strings.Cut(t.RawQuery, "#")
	return t, true
}

// checkLogin refuses to send whoever is not known to a page that only those
// who are known may see: the browser would go round for ever.
func (g *Gate) checkLogin() error {
	login, ok := g.Anonymous.loginTarget()
	if !ok {
		return nil
	}
	for _, prefix := range g.Protect {
		if under(login.Path, prefix) {
			return fmt.Errorf("anonymous login %s is itself protected by 'protect %s', and would go round for ever: protect less, or, for a login form under that prefix, write 'anonymous confirm %s'", login.Path, prefix, login.Path)
		}
	}
	return nil
}

// under reports whether path lies under prefix, by whole segments and whatever
// the case, as plain paths are read.
func under(path, prefix string) bool {
	path, prefix = strings.ToLower(path), strings.ToLower(strings.TrimRight(prefix, "/"))
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}
