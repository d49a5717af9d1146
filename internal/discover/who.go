package discover

import (
	"net/http"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// commonPlaces are where applications say who is signed in.
var commonPlaces = []string{"/api/me", "/me", "/api/user", "/api/users/me", "/users/me", "/admin/users/me", "/api/v1/me", "/api/v1/user", "/api/whoami", "/whoami", "/api/auth/verify", "/api/auth/me",
	"/api/auth/user", "/api/session", "/api/account", "/api/profile", "/userinfo", "/profile", "/account", "/settings", "/user", "/admin/password_change/"}

// findWho looks for the one place where the user's name stands in an answer.
func (f *Findings) findWho(v *visitor, home *page, user string) {
	var paths []string
	if home.at != nil {
		paths = append(paths, home.at.RequestURI()) // whoever signs in is shown it
	}
	paths = append(paths, commonPlaces...)
	for _, l := range home.links {
		if strings.HasPrefix(l.href, "/") && !leaving(l.href+" "+l.text) && personal(l.href+" "+l.text) {
			paths = append(paths, l.href)
		}
	}
	stranger := v.without("/", f.Cookies...)
	stranger.basic = ""
	var best *place
	for _, path := range paths {
		p := v.get(path)
		if p.err != nil || p.status != http.StatusOK {
			continue
		}
		for _, w := range places(p, user) {
			w.path = path
			w.value, _ = w.find(p)
			if best != nil && w.rank >= best.rank {
				continue
			}
			a := stranger.get(path)
			f.takeWayBack(stranger, a)
			if a.status == http.StatusOK {
				got, _ := w.find(a)
				if got == w.value || a.isHTML() != p.isHTML() || len(got) > maxNobody {
					continue // it says so to a stranger as well, or says nothing that can be read
				}
				if w.nobody = got; got != "" && best != nil {
					continue
				}
			} else if a.status >= 500 || a.status == http.StatusNotFound || a.status == http.StatusTooManyRequests {
				continue
			}
			best = w
		}
	}
	if best == nil && f.Login != nil && f.Login.user == "" {
		best = f.onlyInside(home, stranger)
	}
	f.Who = best
	if best != nil {
		f.Mail = mailIn(v.get(best.path))
	}
	if best != nil && f.Mail == "" {
		f.findMail(v, stranger, paths)
	}
	if best == nil && f.Basic {
		f.doubt("where no page names the user, put Caddy's basic_auth before the gate, with the same names and passwords, and write `identity placeholder {http.auth.user.id}`")
		alone := v.without("/")
		alone.basic = ""
		if home.at != nil && len(f.Cookies) > 0 && !alone.get(home.at.RequestURI()).asksBasic() {
			f.doubt("%s signs in without the password: behind basic_auth, whoever has a proof of his own is whom he has the cookie of. Protect all of it and open nothing, or write `header_up -Cookie` into reverse_proxy", strings.Join(f.Cookies, ", "))
		}
	}
	if best == nil {
		f.doubt("no answer was found that holds %q once and is another for a stranger: look for a page or call that does (the browser's network tab), and write it after `identity whoami`", user)
	}
}

// ownPage tells a page of one's own account from those that show an
// administrator other people's, by number or in a list.
var ownPage = regexp.MustCompile(`(?i)^[^0-9]*\b(me|my|profile|account|settings|prefs|preferences|perfil|conta|konto|profil|compte)\b[^0-9]*$`)

// findMail looks for an answer that says who is signed in at the same place as
// the one that was found, and holds the address as well.
func (f *Findings) findMail(v, stranger *visitor, paths []string) {
	for _, path := range paths {
		if !ownPage.MatchString(path) {
			continue
		}
		p := v.get(path)
		if got, ok := f.Who.find(p); p.status != http.StatusOK || !ok || got != f.Who.value {
			continue
		}
		mail := mailIn(p)
		if mail == "" {
			continue
		}
		a := stranger.get(path)
		got, _ := f.Who.find(a)
		if a.status >= 500 || a.status == http.StatusNotFound || a.status == http.StatusTooManyRequests || a.status == http.StatusOK && (got != f.Who.nobody || a.isHTML() != p.isHTML()) {
			continue
		}
		f.Who.path, f.Mail, f.elsewhere = path, mail, true
		return
	}
}

// maxNobody bounds what stands for a stranger where a name is looked for, such
// as "Log in" or "guest", in bytes.
const maxNobody = 32

// onlyInside is what only those are shown who are signed in, where one password
// is everybody's: the way to sign out.
func (f *Findings) onlyInside(home *page, stranger *visitor) *place {
	if home.tree == nil || home.at == nil {
		return nil
	}
	outside := stranger.get(home.at.RequestURI())
	for n := range home.tree.Descendants() {
		id := attr(n, "id")
		if n.Type != html.ElementNode || !plainName.MatchString(id) || !leaving(id) || strings.TrimSpace(text(n)) == "" {
			continue
		}
		w := inHTML(home, "#"+id, "", 9, false)
		if w == nil {
			continue
		}
		if got, ok := w.find(outside); ok && got != "" {
			continue
		}
		w.path, w.shared = home.at.RequestURI(), true
		w.value, _ = w.find(home)
		return w
	}
	return nil
}

// takeWayBack takes the address of the form from an answer that sends a stranger
// there, if it says where to go afterwards.
func (f *Findings) takeWayBack(v *visitor, p *page) {
	if f.At == nil || f.At.RawQuery != "" || p.status/100 != 3 {
		return
	}
	if to, err := p.at.Parse(p.header.Get("Location")); err == nil && v.here(to) && to.Path == f.At.Path && to.RawQuery != "" {
		f.At = to
	}
}

func personal(s string) bool {
	s = strings.ToLower(s)
	for _, w := range []string{"profile", "account", "user", "/me", "settings", "perfil", "conta", "konto", "profil", "compte"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}
