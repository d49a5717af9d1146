package policy

import (
	"slices"
	"strings"
	"unicode"
)

// A manner is how an app finds the names in a path. DokuWiki drops segments without
// a letter or digit, and takes ":" and ";" for a slash; ThinkPHP takes "|" for one.
// What is protected is so in every manner, and what is allowed by the path as it is
// written.
type manner uint8

const (
	byParts    manner = 1 << iota // ":", ";" and "|" part names, and segments without a name are none
	byDigraphs                    // letters with marks are two, as digraphs has them
	byRouters                     // what is for a router alone is no part of a name (routers.go)

	asWritten manner = 0
)

var parting = strings.NewReplacer(":", "/", ";", "/", "|", "/")

// digraphs are what DokuWiki and, by its language, WordPress make of letters that
// fold makes one of: /gehälter is their page gehaelter.
var digraphs = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "å", "aa", "ø", "oe", "đ", "dj", "ð", "dh",
	"Ä", "ae", "Ö", "oe", "Ü", "ue", "Å", "aa", "Ø", "oe", "Đ", "dj", "Ð", "dh")

// path is a path as it is looked up.
func (m manner) path(s string) string {
	if m&byDigraphs != 0 {
		s = digraphs.Replace(s)
	}
	if m&byRouters != 0 {
		s = dropRouted(s)
	}
	if m&byParts != 0 {
		s = namesOf(parting.Replace(s))
	}
	return s
}

// manners returns the reading in every other manner that makes a difference.
func (r *reading) manners() (more []reading) {
	seen := []string{r.folded}
	for _, letters := range [...]manner{asWritten, byDigraphs} {
		folded := r.folded
		if letters != asWritten {
			if isASCII(r.text) {
				break
			}
			folded = fold(letters.path(r.text))
		}
		for _, m := range [...]manner{asWritten, byParts, byRouters} {
			if path := m.path(folded); !slices.Contains(seen, path) {
				one := readingOf(r.text, path, r.strict)
				one.by, seen = letters|m, append(seen, path)
				more = append(more, one)
			}
		}
	}
	return more
}

// namesOf drops the segments that have no letter and no digit, but for the last.
func namesOf(s string) string {
	segs := strings.Split(s, "/")
	kept := segs[:1]
	for i, seg := range segs[1:] {
		if i == len(segs)-2 || strings.ContainsFunc(seg, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			kept = append(kept, seg)
		}
	}
	return strings.Join(kept, "/")
}
