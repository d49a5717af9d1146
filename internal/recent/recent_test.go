package recent

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

type pair struct{ text, more string }

// table is one of pairs.
type table struct{ *Table[string, string] }

func newTable(size int) table { return table{New[string, string](size)} }

var at = time.Unix(1000, 0)

func (t table) put(p pair, value string, lasts time.Duration) {
	t.Put(&Entry[string, string]{Text: p.text, Key: p.more, Value: value, Until: at.Add(lasts)}, at)
}

func (t table) get(p pair) *Entry[string, string] { return t.Get(p.text, &p.more) }

// TestAdvisory_PR7_TablesAreBounded: of more keys than there is room for some are forgotten, and none is taken for
// another; of few, nearly all are kept.
func TestAdvisory_PR7_TablesAreBounded(t *testing.T) {
	const size = 512
	key := func(i int) pair { return pair{text: fmt.Sprint("text ", i)} }
	for keys, least := range map[int]int{size / 8: size / 8 * 9 / 10, 3 * size: size / 2} {
		m := newTable(size)
		for i := range keys {
			m.put(key(i), fmt.Sprint(i), time.Second)
		}
		found := 0
		for i := range keys {
			k := key(i)
			if e := m.get(k); e != nil {
				if found++; e.Value != fmt.Sprint(i) {
					t.Fatalf("%d is taken for %s", i, e.Value)
				}
			}
		}
		if found < least || found > size || found != len(m.All()) {
			t.Errorf("of %d keys %d are kept", keys, found)
		}
	}
}

// A key is there once, with its newest value, and takes the place of one that is
// not needed any more.
func TestTable_TakesFreePlaces(t *testing.T) {
	m := newTable(512)
	a := pair{text: "a"}
	b := a
	for i := 0; b == a || m.place(b.text)|1 != m.place(a.text)|1; i++ {
		b = pair{text: fmt.Sprint("b", i)} // of the same places
	}
	c := pair{a.text, "more"} // the same hash
	values := func() (list []string) {
		for _, key := range []pair{a, b, c} {
			if e := m.get(key); e != nil {
				list = append(list, e.Value)
			}
		}
		return list
	}
	if len(m.All()) != 0 || values() != nil {
		t.Error("an empty table keeps something")
	}
	m.put(a, "a", time.Second)
	m.put(b, "b", time.Second)
	m.put(a, "a again", time.Second)
	if got := values(); len(m.All()) != 2 || !slices.Equal(got, []string{"a again", "b"}) {
		t.Errorf("kept are %q", got)
	}
	m.put(b, "b", 0)
	m.put(c, "c", time.Second)
	if got := values(); !slices.Equal(got, []string{"a again", "c"}) {
		t.Errorf("kept are %q", got)
	}
	for i := range uint64(2) { // of two puts at once
		(*m.places.Load())[m.place(b.text)^i].Store(&Entry[string, string]{Text: b.text, Value: "b", Until: at.Add(time.Second)})
	}
	m.put(b, "b anew", time.Second)
	if got := values(); !slices.Equal(got, []string{"b anew"}) {
		t.Errorf("kept are %q", got)
	}
}

func TestTable_IsOfMany(t *testing.T) {
	m := newTable(16)
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 1000 {
				key := pair{text: fmt.Sprint(i % 50)}
				if e := m.get(key); e != nil && e.Value != key.text {
					t.Errorf("%s is taken for %s", key.text, e.Value)
				}
				m.put(key, key.text, time.Duration(g)*time.Second)
			}
		})
	}
	all.Wait()
}
