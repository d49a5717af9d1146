package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// maxAliased bounds how many nodes of one file may be reached through aliases
// ("*x"): ten lines of YAML can stand for a billion.
const maxAliased = 10_000

// maxProblems bounds how many mistakes of one file are named. A file of nothing
// but mistakes would otherwise be answered by a message many times its size.
const maxProblems = 1000

// A reader reads YAML nodes and collects what is wrong with them. It looks at
// nodes and never lets yaml.v3 fill Go values, which would drop null items, take
// yes for true and 010 for 8.
type reader struct {
	keeper
	file    string
	mount   string
	terms   *termsSeen
	list    []problem
	aliased int  // nodes reached through aliases
	within  int  // aliases around the node being read
	bombed  bool // aliased is past its bound, and that is said
}

func (r *reader) bad(n *yaml.Node, format string, args ...any) {
	switch p := (problem{place{r.file, n.Line, n.Column}, r.file, ""}); {
	case len(r.list) < maxProblems:
		p.text = fmt.Sprintf(format, args...)
		r.list = append(r.list, p)
	case len(r.list) == maxProblems:
		p.text = fmt.Sprintf("the file has more than %d mistakes: the others are not named", maxProblems)
		r.list = append(r.list, p)
	}
}

// follow calls do with what an alias stands for, or with the node itself.
func (r *reader) follow(n *yaml.Node, do func(*yaml.Node)) {
	if n.Kind == yaml.AliasNode || r.within > 0 {
		if r.aliased++; r.aliased > maxAliased {
			if !r.bombed {
				r.bad(n, "aliases stand for more than %d items: write them out, or inherit from defaults or a parent", maxAliased)
			}
			r.bombed = true
			return
		}
	}
	if n.Kind != yaml.AliasNode {
		do(n)
		return
	}
	r.within++
	r.follow(n.Alias, do)
	r.within--
}

// mapping reads the keys of a mapping, each known and given once and with a
// value.
func (r *reader) mapping(n *yaml.Node, what string, known []string, do func(key string, v *yaml.Node)) {
	r.follow(n, func(n *yaml.Node) {
		if n.Kind != yaml.MappingNode {
			r.bad(n, "%s holds keys, found %s", what, describe(n))
			return
		}
		seen := make(map[string]int, len(n.Content)/2)
		for i := 0; i < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			switch {
			case k.Kind != yaml.ScalarNode || k.Tag == "!!null" || k.Value == "":
				r.bad(k, "a key of %s is a word, found %s", what, describe(k))
			case seen[k.Value] > 0:
				r.bad(k, "%q is already there, on line %d: keep one", k.Value, seen[k.Value])
			case known != nil && !slices.Contains(known, k.Value):
				r.bad(k, "unknown key %q in %s%s", k.Value, what, didYouMean(k.Value, known))
			case v.Tag == "!!null" && v.Kind == yaml.ScalarNode:
				r.bad(k, "%s has no value: write one, or leave the key out", k.Value)
			default:
				do(k.Value, v)
			}
			seen[k.Value] = k.Line
		}
	})
}

// items reads a sequence, no item of which is empty.
func (r *reader) items(n *yaml.Node, what string, do func(i int, n *yaml.Node)) {
	r.follow(n, func(n *yaml.Node) {
		if n.Kind != yaml.SequenceNode {
			r.bad(n, "%s is a list: write [%s]", what, n.Value)
			return
		}
		for i, item := range n.Content {
			r.follow(item, func(item *yaml.Node) {
				if item.Kind == yaml.ScalarNode && (item.Tag == "!!null" || item.Value == "") {
					r.bad(item, "an item of %s is empty: leave it out", what)
					return
				}
				do(i, item)
			})
		}
	})
}

// texts reads a list of words, each listed once.
func (r *reader) texts(n *yaml.Node, what string, empty bool) (texts []string) {
	r.items(n, what, func(_ int, n *yaml.Node) {
		s := r.text(n, "an item of "+what)
		switch {
		case s == "":
		case slices.Contains(texts, s):
			r.bad(n, "%s lists %q twice: keep one", what, s)
		default:
			texts = append(texts, s)
		}
	})
	r.follow(n, func(n *yaml.Node) {
		if n.Kind == yaml.SequenceNode && len(n.Content) == 0 && !empty {
			r.bad(n, "%s is empty: leave the key out, or list something", what)
		}
	})
	return texts
}

// text reads a text, "" after an error.
func (r *reader) text(n *yaml.Node, what string) (s string) {
	r.follow(n, func(n *yaml.Node) {
		switch {
		case n.Kind != yaml.ScalarNode:
			r.bad(n, "%s is a text, found %s", what, describe(n))
		case n.Tag != "!!str":
			r.bad(n, "%s is a text: write it in quotes, %q", what, n.Value)
		case strings.TrimSpace(n.Value) == "":
			r.bad(n, "%s is empty: write one, or leave it out", what)
		case strings.ContainsFunc(n.Value, func(c rune) bool { return c < ' ' || c == 0x7f }):
			r.bad(n, "%s has a control character or a line end", what)
		default:
			s = n.Value
		}
	})
	return s
}

// scalar reads any single value as it is written.
func (r *reader) scalar(n *yaml.Node, what string) (s string, ok bool) {
	r.follow(n, func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			r.bad(n, "%s is one value, found %s", what, describe(n))
			return
		}
		s, ok = n.Value, true
	})
	return s, ok
}

// word reads one of a few words, "" after an error.
func (r *reader) word(n *yaml.Node, what string, words ...string) (s string) {
	r.follow(n, func(n *yaml.Node) {
		if i := slices.Index(words, n.Value); n.Kind == yaml.ScalarNode && i >= 0 {
			s = words[i]
			return
		}
		r.bad(n, "%s is %s, not %s%s", what, oneOf(words), describe(n), didYouMean(n.Value, words))
	})
	return s
}

// boolean reads true or false and nothing that older YAML takes for them.
func (r *reader) boolean(n *yaml.Node, what string) (b bool) {
	r.follow(n, func(n *yaml.Node) {
		switch {
		case n.Kind == yaml.ScalarNode && n.Style == 0 && n.Value == "true":
			b = true
		case n.Kind == yaml.ScalarNode && n.Style == 0 && n.Value == "false":
		default:
			r.bad(n, "%s is true or false, not %s", what, describe(n))
		}
	})
	return b
}

// whole reads a number in plain decimal digits, least to most.
func (r *reader) whole(n *yaml.Node, what string, least, most int) (v int) {
	r.follow(n, func(n *yaml.Node) {
		i, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil || strconv.Itoa(i) != n.Value || i < least || i > most {
			r.bad(n, "%s is a whole number from %d to %d, not %s", what, least, most, describe(n))
			return
		}
		v = i
	})
	return v
}

// duration reads a duration, 0 after an error.
func (r *reader) duration(n *yaml.Node, what string) (d time.Duration) {
	r.follow(n, func(n *yaml.Node) {
		var ok bool
		if d, ok = parseDuration(n.Value); n.Kind != yaml.ScalarNode || !ok {
			d = 0
			r.bad(n, "%s is a duration such as 90s, 12h or 14d, from 1s to 3650d, not %s", what, describe(n))
		}
	})
	return d
}

const day = 24 * time.Hour

// parseDuration reads Caddy's durations in whole numbers of s, m, h and d, from
// 1s to 3650d.
func parseDuration(s string) (time.Duration, bool) {
	var sum time.Duration
	for len(s) > 0 {
		digits := 0
		for digits < len(s) && '0' <= s[digits] && s[digits] <= '9' {
			digits++
		}
		n, err := strconv.ParseUint(s[:digits], 10, 32)
		if err != nil || digits == len(s) || digits > 1 && s[0] == '0' {
			return 0, false
		}
		unit, ok := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': day}[s[digits]]
		if !ok || time.Duration(n) > 3650*day/unit {
			return 0, false
		}
		if sum += time.Duration(n) * unit; sum > 3650*day {
			return 0, false
		}
		s = s[digits+1:]
	}
	return sum, sum >= time.Second
}

// describe says what a node is, short enough for an error.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if n.Tag == "!!null" {
		return "nothing"
	}
	if v := []rune(n.Value); len(v) > 40 {
		return strconv.Quote(string(v[:40]) + "…")
	}
	return strconv.Quote(n.Value)
}

func oneOf(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
