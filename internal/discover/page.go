package discover

import (
	"bytes"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// page is one answer, and what is in it.
type page struct {
	at      *url.URL
	base    *url.URL // where its addresses begin; nil: there
	own     []string // hosts that are the application's as well
	status  int
	header  http.Header
	body    []byte
	err     error
	tree    *html.Node
	forms   []form
	links   []link
	assets  []string // folders, and programs with their query
	files   []string // what lies in the folders
	scripts int
	sources []string // addresses of its script files
	styles  []string // and of its style sheets
}

type link struct{ href, text string }

// form is one form, with the fields that matter for signing in.
type form struct {
	method, action string // action as a path with its query
	user, password string
	hidden         url.Values
	fields         []string // of all that it sends
	box            string   // to be remembered
}

func (p *page) isHTML() bool { return strings.HasPrefix(p.header.Get("Content-Type"), "text/html") }

// asksBasic reports whether a browser would ask for a name and a password.
func (p *page) asksBasic() bool {
	return p.status == http.StatusUnauthorized && strings.HasPrefix(strings.ToLower(p.header.Get("Www-Authenticate")), "basic")
}

func (p *page) isJSON() bool {
	return strings.Contains(strings.Split(p.header.Get("Content-Type"), ";")[0], "json")
}

func (p *page) read() {
	if !p.isHTML() {
		return
	}
	var err error
	if p.tree, err = html.Parse(bytes.NewReader(p.body)); err != nil {
		p.tree = nil
		return
	}
	p.findBase()
	for n := range p.tree.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "form":
			p.forms = append(p.forms, p.form(n))
		case "a":
			if href := attr(n, "href"); href != "" && href[0] != '#' { // that is the page itself, for a script to act on
				p.links = append(p.links, link{p.local(href), strings.TrimSpace(text(n))})
			}
		case "script", "img":
			p.asset(attr(n, "src"))
			if n.Data == "script" {
				p.scripts++
				if src := attr(n, "src"); src != "" {
					p.sources = append(p.sources, p.local(src))
				}
			}
		case "link":
			rel := strings.ToLower(attr(n, "rel"))
			if shown[rel] {
				p.asset(attr(n, "href"))
			}
			if rel == "stylesheet" {
				p.styles = append(p.styles, p.local(attr(n, "href")))
			}
		}
	}
}

// findBase looks where the addresses of a page begin: at the first <base> that says so,
// else at its own.
func (p *page) findBase() {
	for n := range p.tree.Descendants() {
		if n.Type == html.ElementNode && n.Data == "base" && attr(n, "href") != "" {
			if u, err := p.at.Parse(attr(n, "href")); err == nil {
				p.base = u
			}
			return
		}
	}
}

// resolve is an address as the page means it.
func (p *page) resolve(href string) (*url.URL, error) {
	if p.base != nil {
		return p.base.Parse(href)
	}
	return p.at.Parse(href)
}

// local is an address as a path of this host; another host's stays whole.
func (p *page) local(href string) string {
	u, err := p.resolve(href)
	if err != nil || u.Host != p.at.Host && !slices.Contains(p.own, u.Host) {
		return href
	}
	return u.RequestURI()
}

func (p *page) form(n *html.Node) form {
	f := form{method: strings.ToUpper(attr(n, "method")), hidden: url.Values{}}
	if f.method == "" {
		f.method = http.MethodGet
	}
	f.action = p.local(attr(n, "action"))
	if attr(n, "action") == "" {
		f.action = p.at.RequestURI()
	}
	for i := range n.Descendants() {
		if i.Type != html.ElementNode || i.Data != "input" && i.Data != "button" && i.Data != "select" && i.Data != "textarea" {
			continue
		}
		name, kind := attr(i, "name"), strings.ToLower(attr(i, "type"))
		if name != "" && !slices.Contains(f.fields, name) {
			f.fields = append(f.fields, name)
		}
		switch {
		case name == "":
		case kind == "checkbox":
			f.box = name
		case kind == "password" && f.password == "":
			f.password = name
		case kind == "hidden" || kind == "submit":
			f.hidden.Set(name, attr(i, "value"))
		case (kind == "" || kind == "text" || kind == "email") && i.Data == "input" && f.password == "":
			f.user = name
		}
	}
	return f
}

// shown are the links that a browser follows to show a page.
var shown = map[string]bool{"stylesheet": true, "icon": true, "shortcut icon": true, "apple-touch-icon": true, "manifest": true, "preload": true, "modulepreload": true}

// script tells a program by its name from a file that lies there.
var script = regexp.MustCompile(`\.(php|cgi|pl|jsp|aspx?|do)$`)

// asset notes the folder of something that a page shows.
func (p *page) asset(src string) {
	if src == "" || strings.HasPrefix(src, "data:") {
		return
	}
	u, err := p.resolve(src)
	if err != nil || u.Host != p.at.Host && !slices.Contains(p.own, u.Host) {
		return
	}
	dir := path.Dir(u.Path)
	switch {
	case script.MatchString(u.Path):
		dir = u.RequestURI() // by itself: it may show more than this
	case dir == "/", strings.HasPrefix(p.at.Path+"/", dir+"/"):
		dir = u.Path // by itself: the pages lie there as well
	case !slices.Contains(p.files, u.Path):
		p.files = append(p.files, u.Path)
	}
	if !slices.Contains(p.assets, dir) {
		p.assets = append(p.assets, dir)
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
