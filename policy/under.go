package policy

import "strings"

// protects reports whether the reading lies under the prefix in the widest
// sense: without regard to letters that look or fold alike and to what is left out
// of names, and with a suffix ("/documents.json") taken for the same resource.
func (p *rule) protects(r *reading, sensitive bool) bool {
	path, prefix := p.compared(r, sensitive)
	switch {
	case p.special != nil && p.special.alone:
		return isFolder(path, prefix, sensitive)
	case !isNamed(prefix):
		return p.names(r, sensitive)
	}
	return meets(path, prefix, sensitive)
}

// names reports whether the reading lies under the prefix with nothing left out.
func (p *rule) names(r *reading, sensitive bool) bool {
	path, prefix := p.compared(r, sensitive)
	if !starts(path, prefix, sensitive) {
		return false
	}
	rest := path[len(prefix):]
	return rest == "" || rest[0] == '/' || isSuffix(rest)
}

func (p *rule) compared(r *reading, sensitive bool) (path, prefix string) {
	if sensitive {
		return r.by.path(withoutSigns(r.text)), withoutSigns(plainLetters(p.text()))
	}
	return r.folded, p.folded()
}

// allows reports whether the reading lies under the prefix as it is written,
// but for letter case.
func (p *rule) allows(r *reading, sensitive bool) bool {
	if sensitive {
		return under(r.text, p.text(), true)
	}
	return under(r.strict, p.strict(), false)
}

// under reports whether path is prefix or lies below it, by whole segments.
func under(path, prefix string, sensitive bool) bool {
	return starts(path, prefix, sensitive) && (len(path) == len(prefix) || path[len(prefix)] == '/')
}

// isSuffix reports whether what comes behind a name is an extension of it. Below
// it there is something only where the extension is one of a program or of a
// format that routers know: /documents.php/1 and /documents.json/ are the
// documents, /documents.old/1 is another folder to most, and may be allowed.
func isSuffix(rest string) bool {
	if rest[0] != '.' {
		return false
	}
	seg, below, _ := strings.Cut(rest, "/")
	return below == "" || isScript(seg) || isFormat(seg)
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
