package policy

import (
	"regexp"
	"strings"
)

// sessionInPath is how ASP.NET writes a session, a ticket or a mark into a path
// where there are no cookies, and takes it out again before it looks the path up:
// "/(S(x))/documents".
var sessionInPath = regexp.MustCompile(`(?i)/?\((?:[a-z]\([^()/]*\))+\)`)

// dropSession takes it out with the slash before it, so that "/docu/(S(x))ments"
// is "/documents" (CVE-2023-36899); joinSession leaves the slash.
func dropSession(s string) string {
	if !sessionBegins(s) {
		return s
	}
	return rooted(sessionInPath.ReplaceAllString(s, ""))
}

func joinSession(s string) string {
	if !sessionBegins(s) {
		return s
	}
	return rooted(sessionInPath.ReplaceAllStringFunc(s, func(m string) string {
		if m[0] == '/' {
			return "/"
		}
		return ""
	}))
}

// sessionBegins is quick to say that nothing of that kind is in s.
func sessionBegins(s string) bool {
	i := strings.IndexByte(s, '(')
	return i >= 0 && strings.IndexByte(s[i+1:], '(') >= 0
}

func rooted(s string) string {
	if !strings.HasPrefix(s, "/") {
		return "/" + s
	}
	return s
}
