package policy

import "strings"

// protects reports whether the reading lies under the prefix in the widest
// sense: without regard to letters that look or fold alike, and with a suffix
// ("/documents.json") taken for the same resource.
func (p *rule) protects(r *reading, sensitive bool) bool {
	path, prefix := r.folded, p.folded()
	if sensitive {
		path, prefix = r.text, p.text()
	}
	if p.special != nil && p.special.alone {
		return isFolder(path, prefix, sensitive)
	}
	return under(path, prefix, sensitive) || suffixed(path, prefix, sensitive)
}

// allows reports whether the reading lies under the prefix as it is written, but
// for letter case. A server that looks at words alone looks at the prefix so too.
func (p *rule) allows(r *reading, sensitive bool) bool {
	path, prefix := r.strict, p.strict()
	if sensitive {
		path, prefix = r.text, p.text()
	}
	if r.worded {
		path, prefix = byWords(path), byWords(prefix)
	}
	return under(path, prefix, sensitive)
}

// under is rule.protects for a prefix that is a path alone, where the head is
// already known to be the reading's.
func (r *reading) under(prefix string) bool {
	path := r.folded
	if len(path) < len(prefix) {
		return false
	}
	for i := 8; i < len(prefix); i++ {
		if lowerByte(path[i]) != prefix[i] {
			return false
		}
	}
	return len(path) == len(prefix) || path[len(prefix)] == '/' || path[len(prefix)] == '.' && suffixed(path, prefix, false)
}

// under reports whether path is prefix or lies below it, by whole segments.
func under(path, prefix string, sensitive bool) bool {
	return starts(path, prefix, sensitive) && (len(path) == len(prefix) || path[len(prefix)] == '/')
}

// suffixed reports whether path is prefix with an extension. Below it there is
// something only where the extension is one of a program or of a format that
// routers know: /documents.php/1 and /documents.json/ are the documents,
// /documents.old/1 is another folder.
func suffixed(path, prefix string, sensitive bool) bool {
	if prefix == "" || len(path) <= len(prefix) || path[len(prefix)] != '.' || !starts(path, prefix, sensitive) {
		return false
	}
	seg, rest, _ := strings.Cut(path[len(prefix):], "/")
	return rest == "" || isScript(seg) || isFormat(seg)
}

func isFormat(seg string) bool {
	for _, f := range [...]string{".json", ".xml", ".html", ".htm", ".xhtml", ".txt", ".csv", ".pdf", ".rss", ".atom", ".js"} {
		if strings.EqualFold(seg, f) {
			return true
		}
	}
	return false
}

// starts is strings.HasPrefix, ASCII letter case apart: the readings of plainly
// written targets are not folded beforehand, prefixes are.
func starts(path, prefix string, sensitive bool) bool {
	if len(path) < len(prefix) {
		return false
	}
	if sensitive {
		return path[:len(prefix)] == prefix
	}
	for i := range len(prefix) {
		if lowerByte(path[i]) != prefix[i] {
			return false
		}
	}
	return true
}
