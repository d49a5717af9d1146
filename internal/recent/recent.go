// Package recent keeps what was worked out a moment ago, for those who ask for
// the same again.
package recent

import (
	"hash/maphash"
	"sync/atomic"
	"time"
)

// Table holds values for as long as each says, and no more than its size: who
// finds no room takes somebody's. Each has two places, by the hash of its text;
// nobody waits for anybody to read or write there. A hash alone is never believed:
// the whole text tells values apart, and a key those of the same text. The memory
// comes with the first value.
type Table[K comparable, V any] struct {
	seed   maphash.Seed
	size   int
	places atomic.Pointer[[]atomic.Pointer[Entry[K, V]]]
}

// Entry is one value. It is shared by all who get it: but for what is made for
// that, nobody may write to it.
type Entry[K comparable, V any] struct {
	Text  string
	Key   K
	Until time.Time // it may be forgotten from then on; whether it still holds, its reader asks
	Value V
}

// New returns a table of so many places, an even number.
func New[K comparable, V any](size int) *Table[K, V] {
	return &Table[K, V]{seed: maphash.MakeSeed(), size: size &^ 1}
}

// Get returns what is kept under a text and a key, nil where nothing is.
func (t *Table[K, V]) Get(text string, key *K) *Entry[K, V] {
	places := t.places.Load()
	if places == nil {
		return nil
	}
	at := t.place(text)
	for _, i := range [...]uint64{at, at ^ 1} {
		if e := (*places)[i].Load(); e != nil && e.Text == text && e.Key == *key {
			return e
		}
	}
	return nil
}

// Put keeps e in the place that its text has, in one that nobody needs any more, or
// in the first.
func (t *Table[K, V]) Put(e *Entry[K, V], now time.Time) {
	if t.places.Load() == nil {
		places := make([]atomic.Pointer[Entry[K, V]], t.size)
		t.places.CompareAndSwap(nil, &places)
	}
	places, at := *t.places.Load(), t.place(e.Text)
	into, free := at, false
	for _, i := range [...]uint64{at, at ^ 1} {
		was := places[i].Load()
		if was != nil && was.Text == e.Text && was.Key == e.Key {
			into = i
			break
		}
		if !free && (was == nil || !now.Before(was.Until)) {
			into, free = i, true
		}
	}
	places[into].Store(e)
}

// All are the entries that are there, for tests and counts.
func (t *Table[K, V]) All() (list []*Entry[K, V]) {
	places := t.places.Load()
	if places == nil {
		return nil
	}
	for i := range *places {
		if e := (*places)[i].Load(); e != nil {
			list = append(list, e)
		}
	}
	return list
}

// place is the first of the two places of a text; the other is beside it.
func (t *Table[K, V]) place(text string) uint64 {
	return maphash.String(t.seed, text) % uint64(t.size) // #nosec G115 -- a size is positive
}
