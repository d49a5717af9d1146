package policy

import (
	"testing"
	"unsafe"
)

// What a decision looks at lies on as few lines of 64 bytes as it can: a host on
// one, and of a tenant, which is allocated behind its rules, all that is needed
// on one.
func TestLayout(t *testing.T) {
	if n := unsafe.Sizeof(named[hosted]{}); n != 64 {
		t.Errorf("a host takes %d bytes", n)
	}
	var own ownRules
	first, last := unsafe.Offsetof(own.set.block), unsafe.Offsetof(own.parent)+8
	if first != 64 || last != 128 {
		t.Errorf("a tenant's line begins at %d and ends at %d", first, last)
	}
	if n := unsafe.Sizeof(own); n > 192 {
		t.Errorf("a tenant takes %d bytes", n)
	}
	if n := unsafe.Sizeof(rule{}); n != 32 {
		t.Errorf("a rule takes %d bytes", n)
	}
}
