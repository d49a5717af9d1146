package identity

import (
	"hash/maphash"
	"sync/atomic"
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

// events counts what happens to answers, in all memories together: an order of
// things that no clock can blur.
var events atomic.Uint64

// maxDrops bounds how many drops are remembered one by one; beyond it all
// answers begun before count as dropped.
const maxDrops = 1 << 16

// drops remembers when each mark was dropped last, for as long as an answer
// begun before may still be around. An answer is good while nothing it depends
// on was dropped after it was begun.
type drops struct {
	floor    uint64 // whatever began before is dropped
	young    map[mark]dropped
	old      map[mark]dropped
	turned   time.Time
	lifetime time.Duration // of the longest-lived answer
}

// dropped is when a mark was dropped last, by which request, and when last by
// any other.
type dropped struct {
	last   uint64
	by     uintptr
	others uint64
}

func newDrops(lifetime time.Duration) drops {
	return drops{young: make(map[mark]dropped), old: make(map[mark]dropped), lifetime: lifetime}
}

// drop makes every answer that depends on m and was begun before now useless. A time
// before that of others forgets nothing: it may be that of a request which came before
// theirs, and while a clock that was set back catches up, maxDrops is the bound.
func (d *drops) drop(m mark, by uintptr, now time.Time) {
	switch {
	case now.Sub(d.turned) > d.lifetime:
		d.old, d.young, d.turned = d.young, make(map[mark]dropped), now
	case len(d.young) >= maxDrops:
		d.floor = events.Load()
		clear(d.young)
		clear(d.old)
	}
	one, ok := d.young[m]
	if !ok {
		one = d.old[m]
	}
	if one.by != by {
		one.others, one.by = one.last, by
	}
	one.last = events.Add(1)
	d.young[m] = one
}

// anyDropped reports whether an answer is useless, and whether that is so for
// its very key, the first of its marks, or only for a part of it.
func (d *drops) anyDropped(marks []mark, begun uint64) (useless, whole bool) {
	if begun < d.floor {
		return true, true
	}
	for i, m := range marks {
		if d.young[m].last > begun || d.old[m].last > begun {
			return true, i == 0
		}
	}
	return false, false
}

// droppedByOthers reports whether another request than by dropped one of the
// marks after begun.
func (d *drops) droppedByOthers(marks []mark, begun uint64, by uintptr) bool {
	if begun < d.floor {
		return true
	}
	for _, m := range marks {
		one, ok := d.young[m]
		if !ok {
			one = d.old[m]
		}
		if one.by == by && one.others > begun || one.by != by && one.last > begun {
			return true
		}
	}
	return false
}
