package store

import (
	"strconv"
	"strings"
	"sync"
)

// mark is how far a partition has come.
type mark struct {
	line     string // of succession: the primary's replication id
	count    uint64 // writes
	past     string // earlier lines, each "line:count "
	accepted uint64
}

// pastKept is how many bytes of the past are there at least once some was cut
// off: first.lua keeps 1024, and a line is no longer than 64.
const pastKept = 1024 - 64

// ended is the count at which an earlier line ended.
func (m *mark) ended(line string) (uint64, bool) {
	for one := range strings.SplitAfterSeq(m.past, " ") {
		name, count, ok := strings.Cut(strings.TrimSuffix(one, " "), ":")
		if ok && name == line && strings.HasSuffix(one, " ") { // the last one may be cut off
			n, err := strconv.ParseUint(count, 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// holds tells whether a partition at m has every write that one at k had.
func (m *mark) holds(k *mark) bool {
	switch {
	case k.line == "", m.accepted > k.accepted:
		return true
	case m.accepted < k.accepted:
		return false
	case m.line == k.line:
		return m.count >= k.count
	}
	n, ok := m.ended(k.line)
	if !ok {
		return len(m.past) > pastKept // this node was away for more lines than are kept
	}
	return n >= k.count
}

// known is the furthest that this node has seen a partition.
type known struct {
	mu   sync.Mutex
	mark mark
}

func (k *known) get() mark {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.mark
}

// raise takes m where it is not behind. Answers may come out of order.
func (k *known) raise(m mark) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if m.holds(&k.mark) {
		k.mark = m
	}
}
