package policy

import "strings"

// isRouted reports whether a query begins like a path. Front controllers that may
// not rely on PATH_INFO take it for one: "/?/documents" and
// "/index.php?/documents" are /documents to CodeIgniter, Kohana and Invision.
func isRouted(query string) bool {
	return query != "" && (query[0] == '/' || query[0] == '%' && strings.HasPrefix(decode(query), "/"))
}

// routed adds to the readings of a target's path those of a query that is a path
// itself, where the path is a folder's own or its index file's. It reports false
// where there are too many.
func (t *target) routed(list []step) ([]step, bool) {
	paths := list
	for _, q := range append([]string{t.query}, t.hidden...) {
		if !isRouted(q) {
			continue
		}
		if i := strings.IndexAny(q, "&?="); i >= 0 {
			q = q[:i]
		}
		for _, p := range paths {
			slash := strings.LastIndexByte(p.path, '/')
			if last := p.path[slash+1:]; last != "" && !isIndex(last) || strings.ContainsAny(p.path, "?#") {
				continue
			}
			for _, seed := range [...]string{q, p.path[:slash] + "/" + q} {
				more, ok := readings("/" + strings.TrimLeft(seed, "/"))
				if !ok {
					return nil, false
				}
				for _, m := range more {
					if m.worded = m.worded || p.worded; !listed(list, m) {
						list = append(list, m)
					}
				}
				if len(list) > maxReadings {
					return nil, false
				}
			}
		}
	}
	return list, true
}
