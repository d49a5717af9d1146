package identity

import (
	"fmt"
	"regexp"
	"strings"
)

// pattern finds the one capture of an RE2 that matches once.
type pattern struct{ *regexp.Regexp }

func compileRegexp(s string) (extractor, error) {
	re, err := regexp.Compile(s)
	if err != nil {
		return nil, fmt.Errorf("regexp: %w; it is RE2 (https://github.com/google/re2/wiki/Syntax)", err)
	}
	switch n := re.NumSubexp(); {
	case n == 0:
		return nil, fmt.Errorf("regexp: %q captures nothing; put the value in parentheses, such as: regexp `user=(\\w+)`", s)
	case n > 1:
		return nil, fmt.Errorf("regexp: %q has %d captures; keep one and write the others as (?:…)", s, n)
	}
	return &pattern{re}, nil
}

func (e *pattern) find(p *page) (any, error) {
	found := e.FindAllSubmatchIndex(p.body, 2)
	if len(found) > 1 {
		return nil, errTwoMatches
	}
	if len(found) == 0 || found[0][2] < 0 {
		return nil, nil
	}
	return text(p.body[found[0][2]:found[0][3]])
}

// reads takes any text: what an app calls its plain answers differs widely.
func (e *pattern) reads(media string) bool {
	switch media {
	case "application/json", "application/javascript", "application/xml", "application/xhtml+xml":
		return true
	}
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "+json") || strings.HasSuffix(media, "+xml")
}
