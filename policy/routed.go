package policy

import (
	"slices"
	"strings"
)

// isRouted reports whether a query may be a path, or say one (twin.go).
func isRouted(path, query string) bool {
	return query != "" && (isPath(query) || isPictures(path))
}

// isPath reports whether a query begins like a path. Front controllers that may
// not rely on PATH_INFO take it for one: "/?/documents" and
// "/index.php?/documents" are /documents to CodeIgniter, Kohana and Invision.
func isPath(query string) bool {
	return query != "" && (query[0] == '/' || query[0] == '%' && strings.HasPrefix(decode(query), "/"))
}

// routed adds to the readings of a target's path those of a query that is a path
// itself, where the path is a folder's own or its index file's, and of a picture
// that a query names. It reports false where there are too many.
func (t *target) routed(texts []string) ([]string, bool) {
	var seeds []string // each once: what a seed costs, its sender would have as often as it is there
	add := func(seed string) {
		if len(seeds) <= maxReadings && !slices.Contains(seeds, seed) {
			seeds = append(seeds, seed)
		}
	}
	if slices.ContainsFunc(texts, isPictures) {
		t.eachPicture(add)
	}
	for _, q := range append([]string{t.query}, t.hidden...) {
		if !isPath(q) {
			continue
		}
		if i := strings.IndexAny(q, "&?="); i >= 0 {
			q = q[:i]
		}
		for _, p := range texts {
			slash := strings.LastIndexByte(p, '/')
			if last := p[slash+1:]; last != "" && !isIndex(last) || strings.ContainsAny(p, "?#") {
				continue
			}
			add(q)
			add(p[:slash] + "/" + q)
		}
	}
	if len(seeds) > maxReadings {
		return nil, false
	}
	for _, seed := range seeds {
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
	return texts, true
}
