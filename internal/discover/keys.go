package discover

import (
	"net/http"
	"strings"
)

// findUnder looks whether the application can say who it is by the cookies that
// a browser sends to any of its addresses, or only by those of one folder.
func (f *Findings) findUnder(v *visitor) {
	path, _, _ := strings.Cut(f.Who.path, "?")
	for i := range path {
		if path[i] != '/' {
			continue
		}
		p := v.without(path[:i+1]).get(f.Who.path)
		if got, ok := f.Who.find(p); p.status == http.StatusOK && ok && got == f.Who.value {
			f.Under = path[:i]
			return
		}
	}
}

// findKeys tells which cookies can key what is remembered: those without which
// nobody is known, if the sign-in made all of them new and no answer changes
// them. One that the sign-in left as it was may be another person's tomorrow.
func (f *Findings) findKeys(v *visitor, path string, before map[string]string) {
	signedIn := v.cookies(path)
	for range 2 {
		v.get(f.Who.path)
	}
	now := v.cookies(path)
	var keys []string
	for _, name := range f.Cookies {
		p := v.without(path, name).get(f.Who.path)
		if got, ok := f.Who.find(p); p.status == http.StatusOK && ok && got == f.Who.value {
			continue // it is known without
		}
		switch {
		case now[name] != signedIn[name]:
			f.doubt("the cookie %s changes from answer to answer, so nothing can be remembered by it", name)
			return
		case before != nil && before[name] == now[name]:
			f.doubt("the cookie %s stays as it is when somebody signs in, so nothing can be remembered by it", name)
			return
		}
		keys = append(keys, name)
	}
	if before == nil {
		f.doubt("which cookies are new at every sign-in could not be seen: sign in twice and compare; those go after `cookies`")
		return
	}
	f.Key = keys
}
