package caddymodule

import "github.com/caddy-mfa/caddy-mfa/identity"

// fieldSet is a set of header fields, quick to say no, and to say of most others
// that the gate has no word on them either.
type fieldSet struct {
	lengths [256]uint64 // of their names, a bit each (63 and above: the last), by initial
	matter  [256]uint64 // likewise, of those and of every field that the gate looks at by its whole name
	names   map[string]bool
}

func newFieldSet(names map[string]bool) fieldSet {
	s := fieldSet{names: names}
	for name := range names {
		if name != "" {
			s.lengths[initial(name)] |= lengthBit(name)
		}
	}
	s.matter = s.lengths
	for name := range forbidden {
		s.matter[initial(name)] |= lengthBit(name)
	}
	for _, name := range append([]string{"Connection", "Cookie", "Upgrade", forwardedProto, forwardedHost}, proxiesSay...) {
		s.matter[initial(name)] |= lengthBit(name)
	}
	return s
}

// has reports whether a field, read as servers do that take dots and
// underscores for dashes, is in the set, or by its name carries the key of an API.
func (s *fieldSet) has(name string) bool {
	return name != "" && s.lengths[initial(name)]&lengthBit(name) != 0 && s.names[identity.HeaderName(name)] || identity.NamesKey(name)
}

// mayMatter reports whether a field may be in the set, one of a key, or one that
// stripHeaders looks at. Of those it knows the initial and the length, and the two
// kinds that have names of any length: "mfa-…" and "…method-override".
func (s *fieldSet) mayMatter(name string) bool {
	if name == "" {
		return false
	}
	first, last := initial(name), name[len(name)-1]|0x20
	return s.matter[first]&lengthBit(name) != 0 || first == 'm' || last == 'e' && isOverride(name) || identity.NamesKey(name)
}

// initial is how a name begins, in lower case and as servers fold it.
func initial(name string) byte {
	if c := name[0]; c != '_' && c != '.' {
		return c | 0x20
	}
	return '-'
}

func lengthBit(name string) uint64 { return 1 << min(len(name), 63) }
