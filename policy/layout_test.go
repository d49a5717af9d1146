package policy

import (
	"testing"
	"unsafe"
)

// What a decision looks at lies on as few lines of 64 bytes as it can: of a
// tenant, which is allocated behind its rules, all that is needed on one.
func TestLayout(t *testing.T) {
	var own ownRules
	first, last := unsafe.Offsetof(own.set.protect), unsafe.Offsetof(own.rules)+8
	if first != 64 || last != 128 {
		t.Errorf("a tenant's line begins at %d and ends at %d", first, last)
	}
	if n := unsafe.Sizeof(own); n > 192 {
		t.Errorf("a tenant takes %d bytes", n)
	}
	if n := unsafe.Sizeof(hostSlot{}); n != 64 {
		t.Errorf("a host takes %d bytes", n)
	}
	if n := unsafe.Sizeof(rule{}); n != 32 {
		t.Errorf("a rule takes %d bytes", n)
	}
}
