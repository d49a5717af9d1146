package policy

import (
	"hash/maphash"
	"slices"
	"strings"
)

// An index answers whether any tenant protects a target, for requests whose
// tenant is not known yet.
type index struct {
	sets    []*ruleset // each once
	seed    maphash.Seed
	alike   prefixes // of sets that open nothing: whose prefix it is, is all the same, so each is there once
	others  prefixes
	longest int
	sieve   sieve // of all sets
	signs   bool  // there is a prefix with a sign between two letters
}

// prefixes finds rules by the hash of their folded prefix.
type prefixes struct {
	first   []uint32 // by the last bits of the hash; 0: none; else one more than the entry's number
	entries []prefixEntry
}

type prefixEntry struct{ hash, set, rule, next uint32 }

func newIndex(tenants []*Tenant) index {
	x := index{seed: maphash.MakeSeed()}
	inherited := map[*ruleset]bool{}
	for _, t := range tenants {
		if t.parent != nil && t.rules == t.parent.rules || inherited[t.rules] {
			continue // a tenant that inherits all its rules shares them
		}
		if t.rules.inherited {
			inherited[t.rules] = true
		}
		x.add(t.rules)
	}
	return x
}

func (x *index) add(s *ruleset) {
	x.sets = append(x.sets, s)
	x.sieve |= s.sieve
	alike := !s.sensitive && len(s.allow) == 0 && !slices.ContainsFunc(s.protect, func(p rule) bool { return p.extra != plainly || !isNamed(p.folded()) })
	for i := range s.protect {
		folded := s.protect[i].folded()
		x.longest = max(x.longest, len(letters(folded)))
		x.enter(letters(folded), folded, i, alike)
		if strings.IndexByte(folded, '.') >= 0 {
			x.enter(bareLetters(folded), folded, i, alike)
		}
		if beforeSign(folded) != folded {
			x.signs = true
			x.enter(joined(letters(folded)), folded, i, alike)
			x.enter(joined(bareLetters(folded)), folded, i, alike)
		}
	}
}

// joined is a path without its slashes but the first: a prefix with a sign between
// two letters is met where the path has one there (pass).
func joined(s string) string { return "/" + strings.ReplaceAll(s, "/", "") }

// enter adds a form of a prefix by which it is looked up: with its dots and slashes,
// or without, as where those of the path are left out.
func (x *index) enter(form, folded string, rule int, alike bool) {
	e := prefixEntry{hash: uint32(maphash.String(x.seed, form)), set: uint32(len(x.sets) - 1), rule: uint32(rule)} // #nosec G115 -- files of a policy hold fewer, and half of the hash is what is wanted
	if !alike {
		x.others.add(e)
	} else if !x.has(e.hash, folded) {
		x.alike.add(e)
	}
}

func (x *index) has(hash uint32, folded string) bool {
	for e := x.alike.find(hash); e != nil; e = x.alike.after(e) {
		if x.sets[e.set].protect[e.rule].folded() == folded {
			return true
		}
	}
	return false
}

func (p *prefixes) add(e prefixEntry) {
	p.entries = append(p.entries, e)
	if len(p.entries) <= len(p.first) {
		p.link(len(p.entries) - 1)
		return
	}
	p.first = make([]uint32, max(64, 2*len(p.first)))
	for i := range p.entries {
		p.link(i)
	}
}

func (p *prefixes) link(number int) {
	e := &p.entries[number]
	at := &p.first[e.hash&uint32(len(p.first)-1)] // #nosec G115 -- a power of two below the number of rules
	e.next, *at = *at, uint32(number+1)           // #nosec G115 -- as above
}

// find returns an entry of the hash, after the next one; nil: there is none.
func (p *prefixes) find(hash uint32) *prefixEntry {
	if len(p.first) == 0 {
		return nil
	}
	return p.chain(p.first[hash&uint32(len(p.first)-1)], hash) // #nosec G115 -- as above
}

func (p *prefixes) after(e *prefixEntry) *prefixEntry { return p.chain(e.next, e.hash) }

func (p *prefixes) chain(number, hash uint32) *prefixEntry {
	for number != 0 {
		e := &p.entries[number-1]
		if e.hash == hash {
			return e
		}
		number = e.next
	}
	return nil
}

// protects reports whether some tenant's rules, or the directive's own beside
// them, protect what is asked for.
func (x *index) protects(asked []*target, own *ruleset, f *Facts) bool {
	var none ruleset
	for _, t := range asked {
		if own != nil && none.covers(t, own, f).hit {
			for _, s := range x.sets {
				if s.covers(t, own, f).hit {
					return true
				}
			}
		}
		for i := range t.len() {
			path := t.at(i).folded
			if t.more != nil && isBatch(path) && x.mayBeAskedFor(t, own, f) {
				return true
			}
			dots := strings.IndexByte(path, '.') >= 0
			if x.covers(t, path, own, f, false, false) || dots && x.covers(t, path, own, f, true, false) ||
				x.signs && (x.covers(t, path, own, f, false, true) || dots && x.covers(t, path, own, f, true, true)) {
				return true
			}
		}
	}
	return false
}

// maxBatched bounds the tenants that are looked at for one list of requests: what it
// may ask for lies below its folder, where the index finds nothing.
const maxBatched = 256

// mayBeAskedFor reports whether some tenant protects what a list of requests may ask
// for; of more tenants than are looked at, one does.
func (x *index) mayBeAskedFor(t *target, own *ruleset, f *Facts) bool {
	return len(x.sets) > maxBatched || slices.ContainsFunc(x.sets, func(s *ruleset) bool { return s.covers(t, own, f).hit })
}

// covers looks up every prefix that one reading may lie under: what ends before
// a slash, before the dot of a suffix, or with the path. Dots may be left out, and
// slashes but the first.
func (x *index) covers(t *target, path string, own *ruleset, f *Facts, dots, slashes bool) bool {
	var buf [256]byte
	low := buf[:0]
	if x.longest >= len(buf) {
		low = make([]byte, 0, x.longest+1)
	}
	for i := 0; i <= len(path) && len(low) <= x.longest; i++ {
		if i == len(path) || path[i] == '/' || path[i] == '.' && !dots {
			hash := uint32(maphash.Bytes(x.seed, low)) // #nosec G115 -- half of it is what is wanted
			for _, p := range [...]*prefixes{&x.alike, &x.others} {
				for e := p.find(hash); e != nil; e = p.after(e) {
					if x.sets[e.set].covers(t, own, f).hit {
						return true
					}
				}
			}
		}
		if i < len(path) && !silent[path[i]] && (path[i] != '.' || !dots) && (path[i] != '/' || !slashes || i == 0) {
			low = append(low, lowerByte(path[i]))
		}
	}
	return false
}
