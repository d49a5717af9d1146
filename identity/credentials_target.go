package identity

import (
	"net/http"
	"regexp"
	"strings"
)

// inTarget returns the name of a credential in the path or the query of a
// request, "" where there is none. Both the target as the client sent it and
// the one it was rewritten to are read.
func (c *Credentials) inTarget(r *http.Request) string {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	if name := c.inPath(path); name != "" {
		return name
	}
	if name := c.inQuery(query); name != "" {
		return name
	}
	if r.URL.RawQuery != query {
		if name := c.inQuery(r.URL.RawQuery); name != "" {
			return name
		}
	}
	return c.inPath(r.URL.EscapedPath())
}

// NamedInTarget reports whether the path or the query of a request carries a
// credential.
func (c *Credentials) NamedInTarget(r *http.Request) bool { return c.orDefault().inTarget(r) != "" }

// sessionSegment is how ASP.NET writes a session id into the path.
var sessionSegment = regexp.MustCompile(`^\((?:[a-z]\([^)]*\))*s\(`)

// inPath finds session ids and other named values in path parameters
// (";jsessionid=1") and in segments of their own ("/PHPSESSID=1/",
// "/(S(1))/").
func (c *Credentials) inPath(path string) string {
	if !strings.ContainsAny(path, ";=(%") {
		return ""
	}
	path = strings.ToLower(unescape(path))
	for segment := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' || r == ';' || r == ',' || r == '?' || r == '&' }) {
		if sessionSegment.MatchString(segment) {
			return "(S())"
		}
		name, value, found := strings.Cut(segment, "=")
		if found && value != "" && (c.anywhere[fieldName(name)] || c.sessions[fieldName(name)]) {
			return name
		}
	}
	return ""
}

// inQuery finds a credential in a query: a named value, a session id, or a
// user's name together with a password.
func (c *Credentials) inQuery(query string) string {
	if query == "" {
		return ""
	}
	user, password := "", ""
	for part := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' || r == '?' }) {
		key, value, _ := strings.Cut(part, "=")
		if value == "" {
			continue
		}
		for name := range fieldNames(key) {
			if c.anywhere[name] || c.sessions[name] {
				return name
			}
			if userNames[name] {
				user = name
			}
			if passwordNames[name] {
				password = name
			}
		}
	}
	if c.login && user != "" && password != "" {
		return user + " and " + password
	}
	return ""
}

// fieldNames yields the names under which apps may read a key of a query or
// form: as it is, without an array's brackets, and the innermost name in them
// ("user[password]").
func fieldNames(key string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		key = unescape(key)
		head, inner, found := strings.Cut(key, "[")
		if !yield(fieldName(head)) || !found {
			return
		}
		if i := strings.LastIndexByte(inner, '['); i >= 0 {
			inner = inner[i+1:]
		}
		inner, _, _ = strings.Cut(inner, "]")
		if inner = fieldName(inner); inner != "" {
			yield(inner)
		}
	}
}

// fieldName is a name as the most lenient app reads it: case, outer spaces and
// brackets (Rack drops those) and the characters that PHP turns into underscores
// make no difference.
func fieldName(name string) string {
	plain := true
	for i := 0; i < len(name) && plain; i++ {
		c := name[i]
		plain = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
	}
	if plain {
		return name
	}
	name = strings.ReplaceAll(unescape(name), "+", " ")
	name = strings.ToLower(strings.Trim(name, " []\t\r\n\x00"))
	return strings.NewReplacer(".", "_", "-", "_", " ", "_").Replace(name)
}
