package discover

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// place is where one answer of the application holds the user.
type place struct {
	path string
	expr string // as `identity whoami` writes it
	rank int    // the lower, the more it is worth
	text bool   // a text that is shown, which people may be able to edit

	name   string // where the name stands, if that is another place; as an expression
	nobody string // what stands there for a stranger; "" where nothing does
	shared bool   // it is the same for everybody who is signed in

	value string // what it found: the test login's name, where it is not shared
	find  func(p *page) (string, bool)
}

// commonPlaces are where applications say who is signed in.
var commonPlaces = []string{"/api/me", "/me", "/api/user", "/api/users/me", "/api/v1/me", "/api/v1/user", "/api/whoami", "/whoami", "/api/auth/verify", "/api/auth/me",
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
			f.takeWayBack(a)
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
	if best == nil {
		f.doubt("no answer was found that holds %q once and is another for a stranger: look for a page or call that does (the browser's network tab), and write it after `identity whoami`", user)
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
func (f *Findings) takeWayBack(p *page) {
	if f.At == nil || f.At.RawQuery != "" || p.status/100 != 3 {
		return
	}
	if to, err := p.at.Parse(p.header.Get("Location")); err == nil && to.Host == f.At.Host && to.Path == f.At.Path && to.RawQuery != "" {
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

// places are where the user stands in a page, if only once each.
func places(p *page, user string) (list []*place) {
	if p.isJSON() {
		var v any
		if json.Unmarshal(p.body, &v) != nil {
			return nil
		}
		if paths := inJSON(v, func(s string) bool { return s == user }, ""); len(paths) == 1 {
			path := paths[0]
			list = append(list, &place{expr: "json " + path, rank: 1, find: func(p *page) (string, bool) {
				var v any
				if json.Unmarshal(p.body, &v) != nil {
					return "", false
				}
				return atPath(v, path)
			}})
		}
		return list
	}
	if p.tree == nil {
		return nil
	}
	for n := range p.tree.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if name := attr(n, "name"); n.Data == "input" && attr(n, "value") == user && plainName.MatchString(name) {
			list = append(list, inHTML(p, fmt.Sprintf("input[name=%s]", name), "value", 2, false))
		}
		for _, a := range n.Attr {
			if a.Val == user && strings.HasPrefix(a.Key, "data-") && plainName.MatchString(a.Key) {
				list = append(list, inHTML(p, "["+a.Key+"]", a.Key, 5, false))
			}
		}
		if n.FirstChild != nil && n.FirstChild == n.LastChild && n.FirstChild.Type == html.TextNode && strings.TrimSpace(n.FirstChild.Data) == user {
			list = append(list, shownAt(p, n)...)
		}
	}
	list = slices.DeleteFunc(list, func(w *place) bool { return w == nil })
	slices.SortStableFunc(list, func(a, b *place) int { return cmp.Compare(a.rank, b.rank) })
	return list
}

var plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// rankOf puts what is found by an id before what is found by a class.
func rankOf(css string, rank int) int {
	if strings.HasPrefix(css, "#") {
		return rank
	}
	return rank + 1
}

// selectors name an element by its id or class, or those of what is around it:
// ids first, they are one of a kind.
func selectors(n *html.Node) []string {
	var byID, byClass []string
	for p := n; p != nil && p.Type == html.ElementNode; p = p.Parent {
		inner := ""
		if p != n {
			inner = " " + n.Data
		}
		if id := attr(p, "id"); plainName.MatchString(id) {
			byID = append(byID, "#"+id+inner)
		}
		if class := strings.Fields(attr(p, "class")); len(class) > 0 && plainName.MatchString(class[0]) {
			byClass = append(byClass, "."+class[0]+inner)
		}
	}
	return append(byID, append(byClass, n.Data)...)
}

// account is an address that names an account by its number.
var account = regexp.MustCompile(`^/(?:[^?#]*/)?[0-9]+/?$`)

// shownAt are the places where an element shows the user: the number of the
// account, where it leads there, and the text.
func shownAt(p *page, n *html.Node) (list []*place) {
	for _, css := range selectors(n) {
		if n.Data == "a" && account.MatchString(attr(n, "href")) {
			if w := inHTML(p, css, "href", rankOf(css, 3), false); w != nil {
				w.name = fmt.Sprintf("html %q", css)
				return append(list, w)
			}
		}
		if w := inHTML(p, css, "", rankOf(css, 7), true); w != nil {
			return append(list, w)
		}
	}
	return nil
}

// inHTML is a place found by a selector, nil where that fits more than one.
func inHTML(p *page, css, attribute string, rank int, shown bool) *place {
	sel, err := cascadia.Parse(css)
	if err != nil || len(cascadia.QueryAll(p.tree, sel)) != 1 {
		return nil
	}
	expr := fmt.Sprintf("html %q", css)
	if attribute != "" {
		expr += " attr " + attribute
	}
	return &place{expr: expr, rank: rank, text: shown, find: func(p *page) (string, bool) {
		if p.tree == nil {
			return "", false
		}
		nodes := cascadia.QueryAll(p.tree, sel)
		if len(nodes) != 1 {
			return "", false
		}
		if attribute != "" {
			return attr(nodes[0], attribute), true
		}
		return strings.TrimSpace(text(nodes[0])), true
	}}
}

// mailIn is where the one address in a page stands, "" where there is none, or
// more.
func mailIn(p *page) string {
	isMail := func(s string) bool { return mailForm.MatchString(s) }
	var found []string
	if p.isJSON() {
		var v any
		if json.Unmarshal(p.body, &v) == nil {
			for _, path := range inJSON(v, isMail, "") {
				found = append(found, "json "+path)
			}
		}
	} else if p.tree != nil {
		for n := range p.tree.Descendants() {
			if n.Type == html.ElementNode && n.Data == "input" && isMail(attr(n, "value")) && plainName.MatchString(attr(n, "name")) {
				found = append(found, fmt.Sprintf("html %q attr value", fmt.Sprintf("input[name=%s]", attr(n, "name"))))
			}
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

var mailForm = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)

// inJSON are the dot paths at which a value stands that is wanted.
func inJSON(v any, wanted func(string) bool, at string) (paths []string) {
	switch v := v.(type) {
	case map[string]any:
		for k, w := range v {
			if plainName.MatchString(k) {
				paths = append(paths, inJSON(w, wanted, strings.TrimPrefix(at+"."+k, "."))...)
			}
		}
	case string:
		if wanted(v) && at != "" {
			return []string{at}
		}
	}
	return paths
}

func atPath(v any, path string) (string, bool) {
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return "", false
		}
		v = m[name]
	}
	s, ok := v.(string)
	return s, ok
}
