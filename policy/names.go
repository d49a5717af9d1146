package policy

import (
	"hash/maphash"
	"math/bits"
)

// names finds what names stand for. A look-up takes two bytes of a table that
// fits a processor's cache, then the one place where the name is, and the name
// itself, which is compared: a hash alone is never believed. The zero names holds
// none.
type names[T any] struct {
	seed maphash.Seed
	tags []uint16 // 0: free; else of the name's hash
	at   []named[T]
	n    int
}

type named[T any] struct {
	name string
	of   T
}

// newNames makes room for n names.
func newNames[T any](n int) names[T] {
	size := 1 << bits.Len(uint(n+n/4)) // a fifth of it stays free at least
	return names[T]{seed: maphash.MakeSeed(), tags: make([]uint16, size), at: make([]named[T], size)}
}

// get returns what a name stands for, nil where it is none of them.
func (m *names[T]) get(name string) *T {
	if m.n == 0 {
		return nil
	}
	if i, there := m.find(name); there {
		return &m.at[i].of
	}
	return nil
}

// find returns where a name is, else where it would be.
func (m *names[T]) find(name string) (i uint64, there bool) {
	hash := maphash.String(m.seed, name)
	tag, last := tagOf(hash), uint64(len(m.tags)-1) // #nosec G115 -- the number of tags, less one
	for i = hash & last; m.tags[i] != 0; i = (i + 1) & last {
		if m.tags[i] == tag && m.at[i].name == name {
			return i, true
		}
	}
	return i, false
}

func tagOf(hash uint64) uint16 { return uint16(hash>>48) | 1 } // #nosec G115 -- these bits are what is wanted

// add adds a name, or returns what it already stands for.
func (m *names[T]) add(name string, of T) *T {
	if n := m.n + 1; n+n/4 >= len(m.tags) {
		old := *m
		*m = newNames[T](2*m.n + 1)
		for i := range old.tags {
			if old.tags[i] != 0 {
				m.add(old.at[i].name, old.at[i].of)
			}
		}
	}
	i, there := m.find(name)
	if there {
		return &m.at[i].of
	}
	m.n++
	m.tags[i], m.at[i] = tagOf(maphash.String(m.seed, name)), named[T]{name, of}
	return nil
}
