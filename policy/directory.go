package policy

import "strings"

// withFolders adds, for every rule of an index file, one of the folder it
// stands in: servers answer /shop/ with /shop/index.php (Apache's and nginx's
// DirectoryIndex, IIS's default document), so /?page=messages is
// /index.php?page=messages. What else is in the folder stays as it was.
func withFolders(rules []rule) []rule {
	for _, r := range rules {
		slash := strings.LastIndexByte(r.text, '/')
		if slash < 0 || !isIndex(r.text[slash+1:]) {
			continue
		}
		folder := newRule(r.text[:slash])
		folder.alone, folder.derived, folder.depth = true, true, r.depth
		folder.query, folder.methods, folder.area = r.query, r.methods, r.area
		folder.where = r.where + " (what its folder shows)"
		rules = append(rules, folder)
	}
	return rules
}

// withoutExtensions adds, for every rule of a script or page, one of its name
// without the extension: Apache's MultiViews and `try_files $uri $uri.php` answer
// /admin by /admin.php, and /admin/users as well.
func withoutExtensions(rules []rule) []rule {
	for _, r := range rules {
		slash, dot := strings.LastIndexByte(r.text, '/'), strings.LastIndexByte(r.text, '.')
		if r.alone || dot <= slash+1 || !isScript(r.text[slash+1:]) && !isFormat(r.text[dot:]) {
			continue
		}
		bare := newRule(r.text[:dot])
		bare.query, bare.methods, bare.area = r.query, r.methods, r.area
		bare.derived, bare.where = true, r.where+" (without its extension)"
		bare.extension = r.text[dot:]
		rules = append(rules, bare)
	}
	return rules
}

// extended is a reading under the rule with the extension put back, as the server
// serves it, so that what is allowed below /wiki.php is so below /wiki; nil where
// it cannot be told where the extension stood.
func (p *rule) extended(r *reading) *reading {
	if len(r.folded) != len(r.text) || len(r.strict) != len(r.text) || len(r.text) < len(p.text) {
		return nil
	}
	text := r.text[:len(p.text)] + p.extension + r.text[len(p.text):]
	return &reading{text: text, strict: lower(text)}
}

// isIndex reports whether servers show a file of this name for its folder.
func isIndex(name string) bool {
	base, extension, ok := strings.Cut(name, ".")
	return ok && extension != "" && (strings.EqualFold(base, "index") || strings.EqualFold(base, "default"))
}

// isFolder reports whether path is the folder itself.
func isFolder(path, folder string, sensitive bool) bool {
	return starts(path, folder, sensitive) && (len(path) == len(folder) || path[len(folder):] == "/")
}
