package discover

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// queryKeys are the keys of an address's query.
func queryKeys(address string) []string {
	_, query, _ := strings.Cut(address, "?")
	values, _ := url.ParseQuery(query)
	return slices.Sorted(maps.Keys(values))
}

const sentThere = "where it is sent"

// shows reports whether an address may show more than one page: others were seen
// there with a query, or below it, or it is called as a front controller is.
func (f *Findings) shows(at string) bool {
	return !signInWord(at) && (strings.HasPrefix(path.Base(at), "index.") || slices.ContainsFunc(f.pages, func(page string) bool {
		other, query, _ := strings.Cut(page, "?")
		return other == at && query != "" || strings.HasPrefix(other, at+"/")
	}))
}

func (f *Findings) policy(line func(string, ...any)) {
	line("version: 1")
	line("tenants:")
	line("  portal:")
	line("    hosts: [%s]", f.host())
	line("    require: mfa")
	if f.Mail == "" {
		line("    first: email # DOUBT: no address was found to prove a first enrolment by; none lets whoever knows a password register a factor of his own")
	}
	under := cmp.Or(f.Under, "/")
	if f.Under == "" {
		line("    protect: [/] # DOUBT: all of it, or a list of what is to be protected")
	} else {
		line("    protect: [%s] # DOUBT: the cookies that say who it is go there alone; elsewhere the gate knows nobody by them", f.Under)
	}
	if !f.Basic {
		line("    allow:")
	}
	opened, limits := map[string]bool{}, ""
	item := "      - "
	open := func(at, why string, sent ...string) {
		path, query, _ := strings.Cut(at, "?")
		path, _, _ = strings.Cut(path, ";") // a session id
		path = strings.TrimRight(path, "/")
		if path == "" || opened[path+query] || strings.ContainsAny(path, "%;*\\") {
			return
		}
		opened[path+query] = true
		values, err := url.ParseQuery(query)
		for k, list := range values {
			if list[0] == "" || wayBack(k, list[0]) {
				delete(values, k) // any will do
				sent = append(sent, k)
			}
		}
		if limits != "" && len(values) == 0 {
			line("%s{path: %q, %s} # %s", item, path, limits, why)
			return
		}
		if err != nil || len(values) == 0 && !f.shows(path) && !(why == sentThere && slices.Contains(f.pages, path)) {
			line("%s%q # %s", item, path, why)
			return
		}
		var keys []string
		for k, list := range values {
			keys = append(keys, fmt.Sprintf("%q: %q", k, list[0]))
		}
		slices.Sort(keys)
		// One script shows more than this: another key could say what.
		var others []string
		for _, k := range sent {
			if k, _, _ = strings.Cut(k, "["); values[k] == nil && k != "" {
				others = append(others, fmt.Sprintf("%q", k))
			}
		}
		slices.Sort(others)
		only := ""
		if len(keys) > 0 {
			only = fmt.Sprintf("query: {%s}, ", strings.Join(keys, ", "))
		}
		switch {
		case why == sentThere && f.Login.method == http.MethodPost:
			only += "method: [POST], "
		case only == "" && !strings.Contains(why, "DOUBT"):
			why += "; DOUBT: the same address shows more"
		}
		line("%s{path: %q, %skeys: [%s]} # %s", item, path, only, strings.Join(slices.Compact(others), ", "), why)
	}
	if f.At != nil {
		sent := append(queryKeys(f.Login.action), f.Login.fields...)
		switch {
		case f.apart() && f.Inside && !signInWord(f.At.Path):
			open(f.At.RequestURI(), "the sign-in form; DOUBT: who is signed in is shown something else there, which is open then", sent...)
		case f.apart() && signInWord(f.At.Path):
			open(f.At.Path, "the sign-in form")
		case f.apart():
			open(f.At.RequestURI(), "the sign-in form", sent...)
		}
		if action, _, _ := strings.Cut(f.Login.action, "?"); action != f.At.Path {
			open(f.Login.action, sentThere, sent...)
		}
	}
	for _, path := range f.Logout {
		why, sent := "signing out", f.leaves[path]
		if strings.Contains(path, "?") {
			why += "; DOUBT: what else is sent there goes into keys"
		}
		if at, _, query := strings.Cut(path, "?"); query && f.At != nil && at == f.At.Path {
			path += "&" + f.At.RawQuery // one script for all: no other page may be named beside
		}
		open(path, why, sent...)
	}
	for _, dir := range f.Assets {
		above := func(other string) bool { return strings.HasPrefix(dir, other+"/") && !f.shows(other) }
		if f.At != nil && dir == f.At.Path || slices.ContainsFunc(f.Assets, above) {
			continue
		}
		program, _, _ := strings.Cut(dir, "?")
		lies := []string{dir}
		switch {
		case !f.shows(program):
			lies[0] = program
		case program == dir: // pages lie beside them
			lies = slices.DeleteFunc(slices.Clone(f.files), func(file string) bool { return path.Dir(file) != dir })
		}
		for _, at := range lies {
			open(at, "what the form's page shows; DOUBT: nothing else may lie there", queryKeys(at)...)
		}
	}
	if f.Shell != "" {
		limits = "method: [GET]" // what is sent to a page may call any of its functions
		open(f.Shell, "the page's shell, which holds no data; DOUBT: a script shows the sign-in there")
		if f.Who != nil {
			limits = "method: [GET], keys: []" // by another method many take changes there, by a query some show more
			open(f.Who.path, "who is signed in; DOUBT: nothing else may be in it")
		}
		limits = ""
	}
	if len(opened) == 0 && !f.Basic {
		line("      - /login # DOUBT: the sign-in form was not found")
	}
	item = "      # - "
	for _, path := range f.Calls {
		open(path, "DOUBT: a script calls it: open it if it signs in or out")
	}
	for _, path := range f.Public {
		open(path, "DOUBT: a stranger is shown it: open it if nobody is shown more")
	}
	line("tests:")
	line("  - {host: %s, get: %s, want: no-identity} # DOUBT: as long as all is protected", f.host(), under)
	line("  - {as: {user: bob}, host: %s, get: %s, want: enroll} # DOUBT: as long as all is protected", f.host(), under)
}
