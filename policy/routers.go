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
