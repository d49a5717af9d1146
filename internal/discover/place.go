package discover

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
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

// places are where the user stands in a page, if only once each.
func places(p *page, user string) (list []*place) {
	if p.isJSON() {
		var v any
		if json.Unmarshal(p.body, &v) != nil {
			return nil
		}
		if paths := inJSON(v, func(s string) bool { return s == user }, ""); len(paths) == 1 {
			w := &place{rank: 1, text: mailForm.MatchString(user)} // which people may change
			path := paths[0]
			if id := idBeside(v, path); w.text && id != "" {
				w.text, w.name, path = false, "json "+path, id
			}
			w.expr, w.find = "json "+path, func(p *page) (string, bool) {
				var v any
				if json.Unmarshal(p.body, &v) != nil {
					return "", false
				}
				return atPath(v, path)
			}
			list = append(list, w)
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
		if css := inputNamed(n); css != "" && attr(n, "value") == user {
			list = append(list, inHTML(p, css, "value", 2, false))
		}
		for _, a := range n.Attr {
			if a.Val == user && strings.HasPrefix(a.Key, "data-") && plainName.MatchString(a.Key) {
				list = append(list, inHTML(p, "["+a.Key+"]", a.Key, 5, false))
			}
		}
		if n.FirstChild != nil && n.FirstChild == n.LastChild && n.FirstChild.Type == html.TextNode && strings.TrimSpace(n.FirstChild.Data) == user {
			list = append(list, shownAt(p, n, user)...)
		}
	}
	list = slices.DeleteFunc(list, func(w *place) bool { return w == nil })
	slices.SortStableFunc(list, func(a, b *place) int { return cmp.Compare(a.rank, b.rank) })
	return list
}

// inputNamed selects a field of a form by its name, "" where it is none.
func inputNamed(n *html.Node) string {
	name := attr(n, "name")
	switch {
	case n.Type != html.ElementNode || n.Data != "input":
		return ""
	case plainName.MatchString(name):
		return fmt.Sprintf("input[name=%s]", name)
	case bracketName.MatchString(name): // Rails: user[mail]
		return fmt.Sprintf("input[name='%s']", name)
	}
	return ""
}

var bracketName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*(\[[A-Za-z0-9_-]+\])+$`)

// sharedPath is an address that can be the same for everybody: one with a digit
// may hold the number or id of an account.
var sharedPath = regexp.MustCompile(`^/[A-Za-z_./-]*$`)

var plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// rankOf puts what is found by an id before what is found by a class.
func rankOf(css string, rank int) int {
	if strings.HasPrefix(css, "#") {
		return rank
	}
	return rank + 1
}

// selectors name an element by its id or class, or those of what is around it,
// or by where it leads, if that is not to this user alone: ids first, they are
// one of a kind.
func selectors(n *html.Node, user string) []string {
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
	if href := attr(n, "href"); n.Data == "a" && sharedPath.MatchString(href) && !holdsName(href, user) {
		byClass = append(byClass, fmt.Sprintf("a[href='%s']", href))
	}
	return append(byID, append(byClass, n.Data)...)
}

// holdsName reports whether an address holds a user's name, or that of his
// mailbox.
func holdsName(href, user string) bool {
	name, _, _ := strings.Cut(strings.ToLower(user), "@")
	return strings.Contains(strings.ToLower(href), name)
}

// account is an address that names an account by its number.
var account = regexp.MustCompile(`^/(?:[^?#]*/)?[0-9]+/?$`)

// shownAt are the places where an element shows the user: the number of the
// account, where it leads there, and the text.
func shownAt(p *page, n *html.Node, user string) (list []*place) {
	for _, css := range selectors(n, user) {
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
			if css := inputNamed(n); css != "" && isMail(attr(n, "value")) {
				found = append(found, fmt.Sprintf("html %q attr value", css))
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
	switch v := v.(type) {
	case string:
		return v, true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), v != 0
	}
	return "", false
}

// idBeside is the path of the id in the object that has the member at a path, "" where
// there is none.
func idBeside(v any, path string) string {
	folder := path[:strings.LastIndexByte(path, '.')+1]
	for _, name := range [...]string{"id", "_id", "uuid", "sub"} {
		if id, ok := atPath(v, folder+name); ok && id != "" {
			return folder + name
		}
	}
	return ""
}
