package discover

import (
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// maxFiles bounds the scripts and the style sheets that are read.
const maxFiles = 8

// findCalls looks where a shell that a script fills signs in: at an address that
// shows the same shell, by a call that stands in its scripts.
func (f *Findings) findCalls(v *visitor, shell *page) {
	for _, path := range commonLogins {
		if p := v.get(path); p.status == http.StatusOK && bytes.Equal(p.body, shell.body) {
			f.Shell = path
			break
		}
	}
	for _, src := range shell.sources[:min(len(shell.sources), maxFiles)] {
		for _, m := range called.FindAllSubmatch(v.get(src).body, -1) {
			path := "/" + strings.TrimPrefix(string(m[1]), "/")
			if signsInOrOut.MatchString(path) && path != f.Shell && !slices.Contains(f.Calls, path) {
				f.Calls = append(f.Calls, path)
			}
		}
	}
	slices.Sort(f.Calls)
}

// called is a path of two parts or more in a script, also after a variable.
var called = regexp.MustCompile("[\"'`](?:\\$\\{[^}`]{1,40}\\})?(/?[A-Za-z][A-Za-z0-9_-]*(?:/[A-Za-z0-9_-]+)+/?)[\"'`?]")

var signsInOrOut = regexp.MustCompile(`(?i)/(log-?_?(in|out|off)|sign-?_?(in|out)|authenticate|sessions?|token)/?$`)

// readStyles notes what the style sheets of the sign-in page show.
func (p *page) readStyles(v *visitor) {
	for _, href := range p.styles[:min(len(p.styles), maxFiles)] {
		sheet := v.get(href)
		if sheet.err != nil || sheet.status != http.StatusOK {
			continue
		}
		for _, m := range shownByStyle.FindAllSubmatch(sheet.body, -1) {
			sheet.asset(string(m[1]))
		}
		for _, dir := range sheet.assets {
			if !slices.Contains(p.assets, dir) {
				p.assets = append(p.assets, dir)
			}
		}
		p.files = append(p.files, sheet.files...)
	}
}

var shownByStyle = regexp.MustCompile(`url\(\s*["']?([^"')\s]+)["']?\s*\)`)
