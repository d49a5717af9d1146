package policy

import "strings"

// Frameworks that draw their pages in the browser serve what is on one a second
// time, under a folder of their own: Next.js has /documents by
// /_next/data/BUILD/documents.json, Gatsby by /page-data/documents/page-data.json.
var twins = [...]struct {
	folder, end string
	build       bool // a name that changes with every build comes first
}{
	{folder: "/_next/data/", end: ".json", build: true},
	{folder: "/page-data/", end: "/page-data.json"},
}

// dropTwin reads such a path as that of the page.
func dropTwin(s string) string {
	for _, twin := range twins {
		before, page, found := strings.Cut(s, twin.folder)
		if twin.build {
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

// pictures is how Next.js fetches a picture of the app's own, with the visitor's
// cookies, and shows it at another size: /_next/image?url=/documents/1.png.
const (
	pictures   = "/_next/image"
	pictureKey = "url"
)

// isPictures reports whether a path is that of pictures.
func isPictures(path string) bool {
	return strings.HasSuffix(strings.TrimRight(path, "/"), pictures)
}

// eachPicture calls do with every path that a target may have a picture fetched from.
func (t *target) eachPicture(do func(path string)) {
	eachValue(t, pictureKey, func(v string) {
		if strings.HasPrefix(v, "/") {
			do(v)
		}
	})
}
