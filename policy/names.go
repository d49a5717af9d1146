package policy

import (
	"hash/maphash"
	"math/bits"
)

// names numbers names in the order in which they are added, and finds them
// again. A look-up takes a few bytes of a table that fits a processor's cache,
// and the name itself, which is compared: a hash alone is never believed. The
// zero names holds none.
type names struct {
	seed  maphash.Seed
	slots []nameSlot // a power of two, half of them free at least
	list  []string
}

type nameSlot struct {
	hash   uint32
	number uint32 // 0: free; else one more than the name's
}

// newNames makes room for n names.
func newNames(n int) names {
	return names{seed: maphash.MakeSeed(), slots: make([]nameSlot, 1<<bits.Len(uint(2*n))), list: make([]string, 0, n)}
}

// find returns the number of a name, -1 where it is none of them.
func (m *names) find(name string) int {
	if len(m.slots) == 0 {
		return -1
	}
	hash := maphash.String(m.seed, name)
	tag, last := uint32(hash>>32), uint64(len(m.slots)-1) // #nosec G115 -- half of the bits is what is wanted
	for i := hash & last; ; i = (i + 1) & last {
		switch s := m.slots[i]; {
		case s.number == 0:
			return -1
		case s.hash == tag && m.list[s.number-1] == name:
			return int(s.number - 1)
		}
	}
}

// add numbers a name, or returns the number that it has.
func (m *names) add(name string) (number int, there bool) {
	if n := m.find(name); n >= 0 {
		return n, true
	}
	m.list = append(m.list, name)
	if 2*len(m.list) > len(m.slots) {
		list := m.list
		*m = newNames(2 * len(list))
		m.list = append(m.list, list...)
		for i := range m.list {
			m.put(i)
		}
	} else {
		m.put(len(m.list) - 1)
	}
	return len(m.list) - 1, false
}

func (m *names) put(number int) {
	hash, last := maphash.String(m.seed, m.list[number]), uint64(len(m.slots)-1)
	i := hash & last
	for m.slots[i].number != 0 {
		i = (i + 1) & last
	}
	m.slots[i] = nameSlot{uint32(hash >> 32), uint32(number + 1)} // #nosec G115 -- files of a policy hold fewer names than that
}
