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
		folder.alone, folder.depth = true, r.depth
		folder.query, folder.methods, folder.area = r.query, r.methods, r.area
		folder.where = r.where + " (what its folder shows)"
		rules = append(rules, folder)
	}
	return rules
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
