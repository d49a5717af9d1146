package caddymodule

import "github.com/caddy-mfa/caddy-mfa/identity"

// fieldSet is a set of header fields, quick to say no.
type fieldSet struct {
	lengths [256]uint64 // of their names, a bit each (64 and above: the last), by initial in lower case
	names   map[string]bool
}

func newFieldSet(names map[string]bool) fieldSet {
	s := fieldSet{names: names}
	for name := range names {
		if name != "" {
			s.lengths[name[0]|0x20] |= lengthBit(name)
		}
	}
	return s
}

// has reports whether a field, read as servers do that take dots and
// underscores for dashes, is in the set, or by its name carries the key of an API.
func (s *fieldSet) has(name string) bool {
	return name != "" && s.lengths[name[0]|0x20]&lengthBit(name) != 0 && s.names[identity.HeaderName(name)] || identity.NamesKey(name)
}

func lengthBit(name string) uint64 { return 1 << min(len(name), 63) }
