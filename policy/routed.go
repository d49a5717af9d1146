package policy

import (
	"slices"
	"strings"
)

// isRouted reports whether a query begins like a path. Front controllers that may
// not rely on PATH_INFO take it for one: "/?/documents" and
// "/index.php?/documents" are /documents to CodeIgniter, Kohana and Invision.
func isRouted(query string) bool {
	return query != "" && (query[0] == '/' || query[0] == '%' && strings.HasPrefix(decode(query), "/"))
}

// routed adds to the readings of a target's path those of a query that is a path
// itself, where the path is a folder's own or its index file's. It reports false
// where there are too many.
func (t *target) routed(texts []string) ([]string, bool) {
	paths := texts
	for _, q := range append([]string{t.query}, t.hidden...) {
		if !isRouted(q) {
			continue
		}
		if i := strings.IndexAny(q, "&?="); i >= 0 {
			q = q[:i]
		}
		for _, p := range paths {
			slash := strings.LastIndexByte(p, '/')
			if last := p[slash+1:]; last != "" && !isIndex(last) || strings.ContainsAny(p, "?#") {
				continue
			}
			for _, seed := range [...]string{q, p[:slash] + "/" + q} {
				more, ok := readings("/" + strings.TrimLeft(seed, "/"))
				if !ok {
					return nil, false
				}
				for _, m := range more {
					if !slices.Contains(texts, m) {
						texts = append(texts, m)
					}
				}
				if len(texts) > maxReadings {
					return nil, false
				}
			}
		}
	}
	return texts, true
}
