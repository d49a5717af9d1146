package policy

import (
	"regexp"
	"strings"
)

// faces is where JSF shows every page a second time, unless web.xml says otherwise:
// /faces/documents.xhtml is /documents.jsf.
const faces = "/faces/"

// mangled is what SAP writes behind the first name of a path, for a language, a client
// or a session, and takes out again: /sap(bD1kZSZjPTEwMA==)/bc is /sap/bc.
var mangled = regexp.MustCompile(`^(/[^/()]+)\([\w%+=-]*\)/`)

// dropRouted drops from a path what is not of the page's name: these two, and the
// method of it that is to be called, which is /documents!list.action to Struts.
func dropRouted(s string) string {
	if strings.Contains(s, "(") {
		s = mangled.ReplaceAllString(s, "$1/")
	}
	s = strings.Replace(s, faces, "/", 1)
	if i := strings.LastIndexByte(s, '!'); i > strings.LastIndexByte(s, '/')+1 {
		s = s[:i]
	}
	return s
}

// dropOutlets reads "/(primary:documents)" and "/(menu:top//documents)", how Angular
// writes what its pages show in several places, as what is shown in the main one: of
// two, the last.
func dropOutlets(s string) string {
	before, group, found := strings.Cut(s, "/(")
	if !found {
		return s
	}
	group, rest, _ := strings.Cut(group, ")")
	main, has := "", false
	for part := range strings.SplitSeq(group, "//") {
		if outlet, path, named := strings.Cut(part, ":"); !named {
			main, has = part, true
		} else if outlet == "primary" {
			main, has = path, true
		}
	}
	if !has {
		return s
	}
	return before + "/" + main + rest
}

// dropIntercepts reads "/feed/(..)documents", the page by which Next.js shows /documents
// over /feed and which it serves by this name as well, as that path: one folder up for
// each "(..)", and from the root for "(...)".
func dropIntercepts(s string) string {
	if _, page, found := strings.Cut(s, "/(...)"); found {
		return "/" + page
	}
	return strings.ReplaceAll(s, "(..)", "../")
}
