package policy

import (
	"fmt"
	"testing"
)

func TestNames(t *testing.T) {
	var m names
	if m.find("") >= 0 || m.find("a") >= 0 {
		t.Error("no names hold one")
	}
	m = newNames(3) // and grows
	for i := range 5000 {
		if n, there := m.add(fmt.Sprintf("n%d", i)); n != i || there {
			t.Fatalf("n%d: number %d, there %v", i, n, there)
		}
	}
	for i := range 5000 {
		name := fmt.Sprintf("n%d", i)
		if n, there := m.add(name); n != i || !there || m.find(name) != i {
			t.Fatalf("%s: number %d, there %v, found %d", name, n, there, m.find(name))
		}
	}
	for _, name := range []string{"", "n", "n5000", "N1", "n1 "} {
		if n := m.find(name); n >= 0 {
			t.Errorf("%q is found as %s", name, m.list[n])
		}
	}
}
