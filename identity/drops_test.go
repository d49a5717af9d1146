package identity

import (
	"testing"
	"time"
)

// TestAdvisory_PR7_WhatIsRememberedIsBounded: it forgets the drops that no answer can be older than.
func TestAdvisory_PR7_WhatIsRememberedIsBounded(t *testing.T) {
	l := newLRU[int](3, 100)
	for i := range 5 {
		l.put(digest{byte(i)}, i, 10)
		l.get(digest{0})
	}
	if _, ok := l.get(digest{0}); !ok || len(l.entries) != 3 || l.size != 30 {
		t.Errorf("%d entries of %d bytes, the one in use kept: %v", len(l.entries), l.size, ok)
	}
	l.put(digest{9}, 9, 90)
	l.put(digest{8}, 8, 101)
	if _, ok := l.get(digest{9}); !ok || len(l.entries) != 2 || l.size != 100 {
		t.Errorf("%d entries of %d bytes", len(l.entries), l.size)
	}

	d := newDrops(time.Minute)
	before := events.Load()
	d.drop(1, 1, theTime)
	begun := events.Load()
	early, _ := d.anyDropped([]mark{1}, before)
	late, _ := d.anyDropped([]mark{1}, begun)
	if !early || late {
		t.Error("a drop must hit what was begun before, and only that")
	}
	for i := range maxDrops + 1 {
		d.drop(mark(i), 1, theTime)
	}
	if useless, whole := d.anyDropped([]mark{1 << 40}, begun); !useless || !whole || len(d.young) > maxDrops {
		t.Error("where drops are too many to remember, all that was begun before must count as dropped")
	}
	d.drop(7, 1, theTime.Add(time.Hour))
	begun = events.Load()
	d.drop(8, 1, theTime.Add(2*time.Hour))
	if len(d.young)+len(d.old) != 2 {
		t.Errorf("%d drops are remembered for ever", len(d.young)+len(d.old))
	}
	for i := range 3 {
		d.drop(9, 1, theTime.Add(-time.Duration(i)*time.Second))
	}
	if useless, _ := d.anyDropped([]mark{8}, begun); !useless {
		t.Error("a drop is forgotten for those of requests that came before")
	}
}
