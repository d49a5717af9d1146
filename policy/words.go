package policy

import "strings"

// Apps that look a page up by the words of its name overlook what else is in it,
// and so serve one page under many names. What such an app would look up is a
// reading of a target like any other. It is one of names alone, though: the app
// overlooks the same in a name that is allowed, see rule.allows.

// marks are what is left out of a name. "%" is not among them: what it begins is
// there decoded as well.
const marks = "!\"#$&'()*+,:;<=>?@[\\]^`{|}~"

// words reads every name as its words, with hyphens between them: "(list)",
// ".list" and "list-" are "list" to Zend Framework 1, "private.area" and
// "priv~ate--area" are "private-area" to WordPress. A name without any word stays.
func words(s string) string {
	if !strings.ContainsAny(s, marks+" .") && !strings.Contains(s, "--") && !strings.Contains(s, "/-") && !strings.Contains(s, "-/") && !strings.HasSuffix(s, "-") {
		return s
	}
	out := make([]byte, 0, len(s))
	for start := 0; start <= len(s); start++ {
		name, _, _ := strings.Cut(s[start:], "/")
		if start > 0 {
			out = append(out, '/')
		}
		out = appendWords(out, name)
		start += len(name)
	}
	return string(out)
}

func appendWords(out []byte, name string) []byte {
	begin, apart := len(out), false
	for i := range len(name) {
		switch c := name[i]; {
		case c == ' ' || c == '.' || c == '-':
			apart = len(out) > begin
		case strings.IndexByte(marks, c) < 0:
			if apart {
				out, apart = append(out, '-'), false
			}
			out = append(out, c)
		}
	}
	if len(out) == begin {
		return append(out, name...)
	}
	return out
}

// dropLows leaves the underscores out of every name with a letter in it: "list_"
// and "li_st" are "list" to Zend Framework 1.
func dropLows(s string) string {
	if !strings.Contains(s, "_") {
		return s
	}
	return eachSegment(s, func(name string) string {
		if bare := strings.ReplaceAll(name, "_", ""); strings.Trim(bare, ".-") != "" {
			return bare
		}
		return name
	})
}

// byWords is the one name of all that words and dropLows overlook a difference of.
func byWords(s string) string { return words(dropLows(s)) }

// alike returns the readings of a path that is written plainly but for what words
// and dropLows change, the path itself first. All of them are written plainly.
func alike(path string) []step {
	list := append(make([]step, 0, 4), step{path: path, decoded: true})
	for i := 0; i < len(list); i++ {
		for _, do := range [...]func(string) string{words, dropLows} {
			if next := (step{do(list[i].path), true, true}); !listed(list, next) {
				list = append(list, next)
			}
		}
	}
	return list
}
