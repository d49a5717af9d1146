package policy

import (
	"regexp"
	"strings"
)

// Entities and tags of HTML, whole or begun, inside of one name. WordPress takes
// them out of the name that it looks a post up by: "docu&x;ments" and
// "docu<b>ments" are "documents".
var (
	entity   = regexp.MustCompile(`&[^/]+?;`)
	tag      = regexp.MustCompile(`<!--[^/]*?(?:-->|/|$)|<\?[^/]*?(?:\?>|/|$)|<(?:"[^"/]*"|'[^'/]*'|[^>"'/])*(?:>|["'][^/]*|/|$)`)
	innerTag = regexp.MustCompile(`<[^<>/]*>`)
)

func dropEntities(s string) string {
	if !strings.Contains(s, "&") || !strings.Contains(s, ";") {
		return s
	}
	return entity.ReplaceAllString(s, "")
}

func dropTags(s string) string {
	if !strings.Contains(s, "<") {
		return s
	}
	return tag.ReplaceAllStringFunc(s, func(m string) string {
		if strings.HasSuffix(m, "/") {
			return "/"
		}
		return ""
	})
}

// dropInnerTags takes tags inside of tags out first.
func dropInnerTags(s string) string {
	if !strings.Contains(s, "<") {
		return s
	}
	return innerTag.ReplaceAllString(s, "")
}
