package policy

import (
	"slices"
	"strings"
)

// withDerived adds, for every rule of what servers show under another name too, a
// rule of that name: the folder's of an index file, the one without the extension,
// the query that is a route, and the one of two letters for each with a mark
// (parts.go). None of the rules moves any more: those derived from them point at
// them.
func withDerived(rules []rule) []rule {
	files := rules
	more := 0
	for i := range files {
		if _, ok := folderOf(files[i].text()); ok {
			more++
		}
		if _, ok := bareOf(files[i].text()); ok {
			more++
		}
		if _, route, ok := routeOf(files[i].text()); ok {
			more++
			if route != "" {
				more += 2
			}
		}
		if digraphs.Replace(files[i].text()) != files[i].text() {
			more++
		}
	}
	if more == 0 {
		return rules
	}
	rules = append(make([]rule, 0, len(files)+more), files...)
	files = rules
	for i := range files {
		if folder, ok := folderOf(files[i].text()); ok {
			rules = append(rules, files[i].derived(folder))
			rules[len(rules)-1].special.alone = true
		}
	}
	for i := range files {
		if bare, ok := bareOf(files[i].text()); ok {
			rules = append(rules, files[i].derived(bare))
			rules[len(rules)-1].special.extension = files[i].text()[len(bare):]
		}
	}
	for i := range files {
		if home, route, ok := routeOf(files[i].text()); ok {
			rules = append(rules, files[i].derivedRoute(home, route))
			if route != "" {
				rules = append(rules, files[i].derived(home+restFolder+restBatch), files[i].derivedRoute(home, restBatch))
				rules[len(rules)-2].special.query = nil // which the requests inside may set
				rules[len(rules)-1].special.query = rules[len(rules)-1].special.query[len(files[i].query()):]
			}
		}
		if name := digraphs.Replace(files[i].text()); name != files[i].text() {
			rules = append(rules, files[i].derived(name))
		}
	}
	return rules
}

// derived is the rule under another name.
func (p *rule) derived(name string) rule {
	r := newRule(name)
	s := r.asks()
	s.query, s.methods, s.of = p.query(), p.methods(), p.area()
	r.line, r.col = p.line, p.col
	return r
}

// folderOf is the folder of an index file: servers answer /shop/ with
// /shop/index.php (Apache's and nginx's DirectoryIndex, IIS's default document),
// so /?page=messages is /index.php?page=messages. What else is in the folder
// stays as it was.
func folderOf(text string) (folder string, ok bool) {
	slash := strings.LastIndexByte(text, '/')
	if slash < 0 || !isIndex(text[slash+1:]) {
		return "", false
	}
	return text[:slash], true
}

// bareOf is the name of a script or page without its extension: Apache's
// MultiViews and `try_files $uri $uri.php` answer /admin by /admin.php, and
// /admin/users as well.
func bareOf(text string) (bare string, ok bool) {
	slash, dot := strings.LastIndexByte(text, '/'), strings.LastIndexByte(text, '.')
	if dot <= slash+1 || !isScript(text[slash+1:]) && !isFormat(text[dot:]) {
		return "", false
	}
	return text[:dot], true
}

// routeOf is where WordPress takes what stands behind /wp-json from the query, or the
// form, of any request: /?rest_route=/wp/v2/users is /wp-json/wp/v2/users.
func routeOf(text string) (home, route string, ok bool) {
	if home, route, ok = strings.Cut(text, restFolder); ok && route != "" && route[0] != '/' {
		return "", "", false
	}
	return home, route, ok
}

// restFolder is where WordPress has its API, and restBatch its route for a list of
// requests for other routes, which is protected where one of them is.
const restFolder, restBatch = "/wp-json", "/batch/v1"

// derivedRoute is the rule for what WordPress takes from a query.
func (p *rule) derivedRoute(home, route string) rule {
	r := p.derived(home)
	route = foldPrefix(route)
	r.special.query = append(slices.Clone(r.special.query), queryRule{key: "rest_route", route: &route})
	return r
}

// extended is a reading under the rule with the extension put back, as the server
// serves it, so that what is allowed below /wiki.php is so below /wiki; nil where
// it cannot be told where the extension stood.
func (p *rule) extended(r *reading) *reading {
	if len(r.folded) != len(r.text) || len(r.strict) != len(r.text) || len(r.text) < len(p.text()) {
		return nil
	}
	text := r.text[:len(p.text())] + p.special.extension + r.text[len(p.text()):]
	return &reading{text: text, strict: lower(text)}
}

// isIndex reports whether servers show a file of this name for its folder.
func isIndex(name string) bool {
	base, extension, ok := strings.Cut(name, ".")
	return ok && extension != "" && (strings.EqualFold(base, "index") || strings.EqualFold(base, "default"))
}

// isFolder reports whether path is the folder itself.
func isFolder(path, folder string, sensitive bool) bool {
	end := pass(path, folder, sensitive, false)
	return end >= 0 && (end == len(path) || path[end:] == "/")
}
