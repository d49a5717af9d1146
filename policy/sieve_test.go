package policy

import (
	"fmt"
	"testing"
)

// What a prefix protects passes its sieve, however short the prefix is; most of
// what it does not is held back.
func TestSieve(t *testing.T) {
	passed, all := 0, 0
	for _, prefix := range []string{"/", "/a", "/ab", "/abc", "/abcd", "/abcdefgh", "/abcdefghij", "/documents.d"} {
		rule := newRule(prefix)
		s := sieve(0).with(headOf(rule.folded()))
		for _, behind := range []string{"", "/", "/x", ".json", ".php/1", "x", "xyz"} {
			var read target
			if !read.read(Target{Path: prefix + behind}) || read.more != nil {
				continue
			}
			if rule.protects(&read.one, false) && !s.passes(read.one.head) {
				t.Errorf("%s protects %s%s, which its sieve holds back", prefix, prefix, behind)
			}
		}
		for i := range 1000 {
			if len(prefix) > 3 {
				all++
				if s.passes(headOf(fmt.Sprintf("/%03d/x", i))) {
					passed++
				}
			}
		}
	}
	if passed > all/16 {
		t.Errorf("%d of %d pass the sieve of another prefix", passed, all)
	}
	if sieve(0).passes(headOf("/x")) {
		t.Error("where nothing is protected, something passes")
	}
}
