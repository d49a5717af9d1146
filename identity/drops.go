package identity

import (
	"hash/maphash"
	"time"
)

// mark stands for one thing that a remembered answer depends on: a cookie and
// its value, an Authorization, or a whole cache key. It is a keyed hash, so
// that nobody can find two that collide.
type mark uint64

var markSeed = maphash.MakeSeed()

func markOf(name, value string) mark {
	var h maphash.Hash
	h.SetSeed(markSeed)
	_, _ = h.WriteString(name)
	_ = h.WriteByte('=')
	_, _ = h.WriteString(value)
	return mark(h.Sum64())
}

func markOfKey(key digest) mark { return mark(maphash.Bytes(markSeed, key[:])) }

// maxDrops bounds how many drops are remembered one by one; beyond it all
// answers begun before count as dropped.
const maxDrops = 1 << 16

// drops remembers when each mark was dropped last, for as long as an answer
// begun before may still be around. Time is counted in events, not by a clock:
// an answer is good while nothing it depends on was dropped after it was begun.
type drops struct {
	now      uint64 // counts events
	floor    uint64 // whatever began before is dropped
	young    map[mark]uint64
	old      map[mark]uint64
	turned   time.Time
	lifetime time.Duration // of the longest-lived answer
}

func newDrops(lifetime time.Duration) drops {
	return drops{young: make(map[mark]uint64), old: make(map[mark]uint64), lifetime: lifetime}
}

// drop makes every answer that depends on m and was begun before now useless.
func (d *drops) drop(m mark, now time.Time) {
	switch age := now.Sub(d.turned); {
	case age > d.lifetime || age < 0:
		d.old, d.young, d.turned = d.young, make(map[mark]uint64), now
	case len(d.young) >= maxDrops:
		d.floor = d.now
		clear(d.young)
		clear(d.old)
	}
	d.now++
	d.young[m] = d.now
}

// dropped reports whether m was dropped after an answer was begun.
func (d *drops) dropped(m mark, begun uint64) bool {
	return d.young[m] > begun || d.old[m] > begun
}

// anyDropped reports whether an answer is useless, and whether that is so for
// its very key, the first of its marks, or only for a part of it.
func (d *drops) anyDropped(marks []mark, begun uint64) (useless, whole bool) {
	if begun < d.floor {
		return true, true
	}
	for i, m := range marks {
		if d.dropped(m, begun) {
			return true, i == 0
		}
	}
	return false, false
}
