package identity

import (
	"encoding/json"
	"strings"
)

// IsJSON reports whether frameworks take a body of this type for JSON, whose
// members they mix with the fields of forms: Express, Rails (text/x-json and
// application/jsonrequest as well), Laravel (whatever holds "/json" or "+json").
func IsJSON(kind string) bool {
	return strings.Contains(kind, "/json") || strings.Contains(kind, "+json") || strings.Contains(kind, "/x-json")
}

// jsonWatch is where a watch stands in JSON. Only the members of the outermost
// object are fields, or of the objects in the outermost list, as JSON-RPC has them.
type jsonWatch struct {
	depth   int
	list    bool   // the outermost value is one
	object  bool   // where members would be fields there is an object
	inValue bool   // of a member of it
	inText  bool   // within quotes
	escaped bool   // behind a backslash there
	key     []byte // so far
	pending string // a credential's name; it counts once a value follows
	quoted  bool   // that value has begun as a text
}

func (w *watch) jsonByte(b byte) {
	j := &w.json
	switch {
	case j.inText && j.quoted && b == '"':
		j.inText, j.quoted, j.pending = false, false, "" // an empty text
	case j.inText && j.quoted:
		w.found = j.pending
	case j.inText:
		w.jsonText(b)
	case strings.IndexByte(" \t\r\n", b) >= 0:
	case strings.IndexByte("/#'\x00", b) >= 0:
		w.found = "JSON that not everybody reads alike" // comments, other quotes, two bytes a character
	case j.pending != "" && b == '"':
		j.inText, j.quoted = true, true
	case j.pending != "" && (b == 'n' || b == 'f'):
		j.pending = "" // null or false
	case j.pending != "":
		w.found = j.pending
	case b == '"':
		j.inText, j.key = true, j.key[:0]
	case b == '{' || b == '[':
		switch j.depth++; {
		case j.depth == 1 && b == '[':
			j.list = true
		case j.depth == 1, j.depth == 2 && j.list:
			j.object, j.inValue = b == '{', false
		}
	case b == '}' || b == ']':
		j.depth--
	case j.amongFields() && b == ':' && !j.inValue:
		j.inValue = true
		w.jsonKey()
	case j.amongFields() && b == ',':
		j.inValue = false
	}
}

// amongFields reports whether what comes is a member that counts, or its value.
func (j *jsonWatch) amongFields() bool {
	return j.object && (j.depth == 1 && !j.list || j.depth == 2 && j.list)
}

// jsonText takes a byte within quotes, and keeps it if it is of a field's name.
func (w *watch) jsonText(b byte) {
	j := &w.json
	switch {
	case j.escaped:
		j.escaped = false
	case b == '\\':
		j.escaped = true
	case b == '"':
		j.inText = false
		return
	}
	if !j.amongFields() || j.inValue {
		return
	}
	if len(j.key) == maxFieldName {
		w.found = "a field name that is too long to read"
		return
	}
	j.key = append(j.key, b)
}

// jsonKey looks at a field's name that is complete.
func (w *watch) jsonKey() {
	var name string
	if json.Unmarshal([]byte(`"`+string(w.json.key)+`"`), &name) != nil {
		name = strings.ReplaceAll(string(w.json.key), `\`, "") // as Ruby reads escapes that are none
	}
	w.json.key = w.json.key[:0]
	for n := range fieldNames(name) {
		if w.c.inJSON[n] {
			w.json.pending = n
			if w.kind != jsonBody {
				w.found = n
			}
			return
		}
	}
}
