package policy

import (
	"fmt"
	"hash/maphash"
	"testing"
)

func TestNames(t *testing.T) {
	var m names[int]
	if m.get("") != nil || m.get("a") != nil {
		t.Error("no names hold one")
	}
	for _, room := range []int{0, 3, 5000} {
		m = newNames[int](room) // and grows
		for i := range 5000 {
			if m.add(fmt.Sprintf("n%d", i), i) != nil {
				t.Fatalf("n%d is there before it is added", i)
			}
		}
		for i := range 5000 {
			name := fmt.Sprintf("n%d", i)
			if at := m.get(name); at == nil || *at != i {
				t.Fatalf("%s is %v", name, at)
			}
			if at := m.add(name, -1); at == nil || *at != i {
				t.Fatalf("%s was %v", name, at)
			}
		}
		for _, name := range []string{"", "n", "n5000", "N1", "n1 "} {
			if m.get(name) != nil {
				t.Errorf("%q is found", name)
			}
		}
	}
}

// A hash is never believed: where every tag is one and the same, names are still
// told apart.
func TestNamesOfOneHash(t *testing.T) {
	m := newNames[int](8)
	for i, name := range []string{"a", "b", "c"} {
		m.add(name, i)
	}
	for _, name := range []string{"a", "b", "c", "d", ""} {
		tag := tagOf(maphash.String(m.seed, name))
		before := append([]uint16(nil), m.tags...)
		for i := range m.tags {
			if m.tags[i] != 0 {
				m.tags[i] = tag
			}
		}
		if at := m.get(name); at != nil && (name > "c" || name == "" || "abc"[*at:*at+1] != name) {
			t.Errorf("%q is found as %d", name, *at)
		}
		m.tags = before
	}
}
