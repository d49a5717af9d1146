package identity

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
)

// Bounds of what may come before a field's name is complete, in bytes.
const (
	maxFieldName  = 1 << 10
	maxPartHeader = 16 << 10
)

// watch looks for credentials in a form, byte by byte, whatever the pieces it
// comes in. It is the most lenient reader there is: any name= in the header of
// a part is a name.
type watch struct {
	c     *Credentials
	kind  forms
	found string

	pending string // a credential's name; it counts once a value follows

	inKey bool   // urlencoded: in a key
	key   []byte // urlencoded: the key so far

	boundary []byte // multipart: with its dashes, empty where apps may differ on it

	inHeader bool // multipart: in the header of a part
	line     []byte
	header   []byte

	json jsonWatch
}

// plainMultipart is how browsers and other clients name a boundary. Every app
// reads it alike; with another spelling any line that begins with two dashes
// may be the boundary.
var plainMultipart = regexp.MustCompile(`^multipart/form-data; ?boundary="?([0-9A-Za-z'()+_,./:?-]{1,70})"?$`)

func newWatch(c *Credentials, kind forms, h http.Header) *watch {
	w := &watch{c: c, kind: kind, inKey: true}
	if types := h["Content-Type"]; len(types) == 1 {
		if m := plainMultipart.FindStringSubmatch(types[0]); m != nil {
			w.boundary = []byte("--" + m[1])
		}
	}
	return w
}

func (w *watch) feed(p []byte) {
	for _, b := range p {
		if w.found != "" {
			return
		}
		if w.kind&urlencoded != 0 {
			w.urlByte(b)
		}
		if w.kind&multipart != 0 {
			w.partByte(b)
		}
		if w.kind&jsonBody != 0 {
			w.jsonByte(b)
		}
	}
}

// end hears that the form is complete.
func (w *watch) end() {
	if w.kind&multipart != 0 {
		w.partByte('\n')
		if w.inHeader {
			w.checkHeader()
		}
	}
}

func (w *watch) urlByte(b byte) {
	if w.kind == urlencoded && w.pending != "" {
		if b != '&' && b != ';' {
			w.found = w.pending
			return
		}
		w.pending = ""
	}
	switch {
	case b == '&' || b == ';':
		w.inKey, w.key = true, w.key[:0]
	case b == '=' && w.inKey:
		w.check(string(w.key))
		w.inKey = false
	case w.inKey && len(w.key) == maxFieldName:
		w.found = "a field name that is too long to read"
	case w.inKey:
		w.key = append(w.key, b)
	}
}

var dashes = []byte("--")

func (w *watch) partByte(b byte) {
	if b != '\n' {
		if w.inHeader || len(w.line) < max(2, len(w.boundary)) {
			w.line = append(w.line, b)
		}
		if len(w.header)+len(w.line) > maxPartHeader {
			w.found = "a header of a part that is too long to read"
		}
		return
	}
	line := bytes.TrimRight(w.line, "\r")
	switch {
	case w.inHeader && len(line) == 0:
		w.checkHeader()
		w.inHeader, w.header = false, w.header[:0]
	case w.pending != "" && len(line) > 0 && (len(w.boundary) == 0 || !bytes.HasPrefix(line, w.boundary)):
		w.found = w.pending
	case bytes.HasPrefix(line, dashes) && bytes.HasPrefix(line, w.boundary):
		if w.inHeader {
			w.checkHeader()
		}
		w.inHeader, w.header, w.pending = true, w.header[:0], ""
	case w.inHeader:
		w.header = append(append(w.header, line...), ' ')
	}
	w.line = w.line[:0]
}

// checkHeader looks at every name= in the header of a part but filename=.
func (w *watch) checkHeader() {
	h := strings.ToLower(string(w.header) + string(w.line))
	if !strings.Contains(h, "content-disposition") {
		return
	}
	for {
		before, after, found := strings.Cut(h, "name")
		if !found {
			return
		}
		h = after
		rest := strings.TrimLeft(after, " \t")
		if strings.HasSuffix(before, "file") {
			continue
		}
		rest, starred := strings.CutPrefix(rest, "*")
		if starred && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			w.found = "a field name in pieces"
			return
		}
		rest, isParam := strings.CutPrefix(strings.TrimLeft(rest, " \t"), "=")
		if !isParam {
			continue
		}
		w.check(paramValue(strings.TrimLeft(rest, " \t"), starred))
	}
}

// paramValue reads a parameter's value, quoted or not (RFC 2183, RFC 5987).
func paramValue(s string, starred bool) string {
	if s == "" {
		return ""
	}
	if q := s[0]; q == '"' || q == '\'' && !starred {
		s = strings.ReplaceAll(s[1:], `\`, "")
		s, _, _ = strings.Cut(s, string(q))
	} else if i := strings.IndexAny(s, "; \t"); i >= 0 {
		s = s[:i]
	}
	if starred {
		s = s[strings.LastIndexByte(s, '\'')+1:]
	}
	return s
}

func (w *watch) check(key string) {
	for name := range fieldNames(key) {
		if !w.c.anywhere[name] {
			continue
		}
		w.pending = name
		if w.kind != urlencoded && w.kind != multipart {
			w.found = name
		}
		return
	}
}
