package policy

import (
	"slices"
	"strings"
)

// Frameworks that draw their pages in the browser serve what is on one a second
// time, under a folder of their own: Next.js has /documents by
// /_next/data/BUILD/documents.json, Gatsby by /page-data/documents/page-data.json,
// and Nuxt a picture at another size by /_ipx/w_200/documents/1.png.
var twins = [...]struct {
	folder, end string
	build       bool // a name that changes with every build, or says a size, comes first
}{
	{folder: "/_next/data/", end: ".json", build: true},
	{folder: "/page-data/", end: "/page-data.json"},
	{folder: sized, build: true},
}

const sized = "/_ipx/"

// dropTwin reads such a path as that of the page.
func dropTwin(s string) string {
	for _, twin := range twins {
		before, page, found := strings.Cut(s, twin.folder)
		if found && twin.build {
			_, page, found = strings.Cut(page, "/")
		}
		if page, ends := strings.CutSuffix(page, twin.end); found && ends {
			return before + "/" + page
		}
	}
	return s
}

// hasTwin reports whether a path up to a slash ends in a folder of twins.
func hasTwin(path string) bool {
	for _, twin := range twins {
		if strings.HasSuffix(path, twin.folder) {
			return true
		}
	}
	return false
}

// afterSize is the rest of such a picture's path where it stands in the query: Nuxt
// parts names at a slash before it looks for one, and takes "w_200?x" for a size.
func afterSize(path, query string) (picture string, ok bool) {
	before, size, found := strings.Cut(path, sized)
	_, picture, ok = strings.Cut(query, "/")
	return before + "/" + picture, ok && found && !strings.Contains(size, "/")
}

// pictures are how Next.js and Astro fetch a picture of the app's own, with the
// visitor's cookies, and show it at another size: /_next/image?url=/documents/1.png.
var pictures = [...]struct{ path, key string }{
	{"/_next/image", "url"},
	{"/_image", "href"},
}

// isPictures reports whether a path is that of pictures.
func isPictures(path string) bool {
	path = strings.TrimRight(path, "/")
	if !strings.HasSuffix(path, "image") {
		return false
	}
	for _, p := range pictures {
		if strings.HasSuffix(path, p.path) {
			return true
		}
	}
	return false
}

// eachPicture calls do with every path that a target of these paths may have a picture
// fetched from. Below a folder, Astro puts the folder for as many bytes of it.
func (t *target) eachPicture(paths []string, do func(path string)) {
	for _, p := range pictures {
		var folders, values []string // each once
		for _, path := range paths {
			if before, found := strings.CutSuffix(strings.TrimRight(path, "/"), p.path); found && !slices.Contains(folders, before) {
				folders = append(folders, before)
			}
		}
		if folders == nil {
			continue
		}
		eachValue(t, p.key, func(v string) {
			v = strings.TrimSpace(dropControls(v))
			if i := strings.IndexAny(v, `:/\`); i >= 0 && v[i] == ':' || len(values) > maxReadings || slices.Contains(values, v) {
				return // another host's, or known
			}
			values = append(values, v)
			do(v)
		})
		for _, before := range folders {
			for _, v := range values {
				if before != "" && len(v) > len(before) {
					do(before + v[len(before):])
				}
			}
		}
	}
}
