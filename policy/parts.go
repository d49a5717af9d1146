package policy

import (
	"strings"
	"unicode"
)

// A manner is how an app finds the names in a path. DokuWiki drops segments without
// a letter or digit, and takes ":" and ";" for a slash; ThinkPHP takes "|" for one. What is
// protected is so in every manner, and what is allowed by the path as it is written.
type manner uint8

const (
	asWritten  manner = iota
	bySegments        // segments without a name are none
	byParts           // likewise, and ":", ";" and "|" part names
)

var parting = strings.NewReplacer(":", "/", ";", "/", "|", "/")

// path is a path as it is looked up.
func (m manner) path(s string) string {
	switch m {
	case bySegments:
		return namesOf(s)
	case byParts:
		return namesOf(parting.Replace(s))
	}
	return s
}

// manners returns the reading in every other manner that makes a difference.
func (r *reading) manners() (more []reading) {
	last := r.folded
	for _, m := range [...]manner{bySegments, byParts} {
		if path := m.path(r.folded); path != r.folded && path != last {
			one := readingOf(r.text, path, r.strict)
			one.by, last = m, path
			more = append(more, one)
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
