package caddymodule

import (
	"net/http"
	"net/url"
	"strings"
)

// servletMark begins the session id that servlet containers write into the
// links and forms of the first page a browser gets, when they do not know yet
// whether it takes cookies.
const servletMark = ";jsessionid="

// dropRepeatedSession takes the session id out of a request's path where it
// repeats the one cookie of its name: the session is the same without it, and
// the path is the one that was meant. With it the form of a sign-in page would
// be refused as a second credential, at every first visit. It returns the URL
// and the target, as the client sent them, without it. Any other id stays, and
// is judged.
func dropRepeatedSession(r *http.Request, sent *url.URL, target string) (*url.URL, string) {
	path, _, _ := strings.Cut(target, "?")
	plain, id, found := strings.Cut(path, servletMark)
	if !found || strings.Contains(plain, ";") || !plainSession(id) || cookieValue(r.Header["Cookie"], "JSESSIONID") != id {
		return sent, target
	}
	without := func(u *url.URL) *url.URL {
		v := *u
		v.Path, v.RawPath = strings.TrimSuffix(v.Path, servletMark+id), strings.TrimSuffix(v.RawPath, servletMark+id)
		return &v
	}
	r.URL, r.RequestURI = without(r.URL), strings.Replace(r.RequestURI, servletMark+id, "", 1)
	return without(sent), strings.Replace(target, servletMark+id, "", 1)
}

// plainSession reports whether a session id has one reading only.
func plainSession(id string) bool {
	for i := 0; i < len(id); i++ {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '.' && c != '-' && c != '_' && c != '!' {
			return false
		}
	}
	return id != ""
}
