package policy

import (
	"slices"
	"strings"
)

// isRouted reports whether a query may be a path, or say one (twin.go).
func isRouted(path, query string) bool {
	return query != "" && (isPath(query) || isPictures(path) || isFront(path) && bareWord(query) != "")
}

// isFront reports whether a path is a folder's own or its index file's, and so may be
// that of a front controller.
func isFront(path string) bool {
	last := path[strings.LastIndexByte(path, '/')+1:]
	return last == "" || isIndex(last)
}

// bareWord is the first key of a query that has no value. XenForo and WoltLab take it
// for the path below their own: "/?documents/1" and "/index.php?a=b&documents/1" are
// /documents/1, and so is "/?documents/1=".
func bareWord(query string) string {
	for pair := range strings.SplitSeq(query, "&") {
		if key, value, _ := strings.Cut(pair, "="); key != "" && value == "" {
			return key
		}
	}
	return ""
}

// isPath reports whether a query begins like a path. Front controllers that may
// not rely on PATH_INFO take it for one: "/?/documents" and
// "/index.php?/documents" are /documents to CodeIgniter, Kohana and Invision.
func isPath(query string) bool {
	return query != "" && (query[0] == '/' || query[0] == '%' && strings.HasPrefix(decode(query), "/"))
}

// routed adds to the readings of a target's path those of a query that is a path
// itself, or has one for a key, where the path is a folder's own or its index file's,
// and of a picture that a query names (twin.go). It reports false where there are too
// many, or one is fetched in more than one step.
func (t *target) routed(texts []string) ([]string, bool) {
	var seeds []string // each once: what a seed costs, its sender would have as often as it is there
	add := func(seed string) {
		if len(seeds) <= maxReadings && !slices.Contains(seeds, seed) {
			seeds = append(seeds, seed)
		}
	}
	t.eachPicture(texts, add)
	fetched := len(seeds)
	for _, p := range texts {
		if picture, ok := afterSize(p, t.query); ok {
			add(picture)
		}
	}
	for _, q := range append([]string{t.query}, t.hidden...) {
		word := bareWord(q)
		if i := strings.IndexAny(q, "&?="); i >= 0 {
			q = q[:i]
		}
		for _, p := range texts {
			if !isFront(p) || strings.ContainsAny(p, "?#") {
				continue
			}
			folder := p[:strings.LastIndexByte(p, '/')+1]
			if isPath(q) {
				add(q)
				add(folder + q)
			}
			if word != "" {
				add(folder + word)
			}
		}
	}
	if len(seeds) > maxReadings {
		return nil, false
	}
	for i, seed := range seeds {
		more, ok := readings("/" + strings.TrimLeft(seed, "/"))
		if !ok || i < fetched && slices.ContainsFunc(more, isPictures) { // a picture of a picture, and so on
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
