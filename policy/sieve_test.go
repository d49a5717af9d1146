package policy

import (
	"fmt"
	"strings"
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

// A head is the first eight bytes of the letters of a path, small, whatever stands
// between them: with the dots, and without.
func TestHeads(t *testing.T) {
	first := func(s string) (head uint64) {
		for i, c := range []byte(lower(s)) {
			if i < 8 {
				head |= uint64(c) << (8 * i)
			}
		}
		return head
	}
	for i, path := range []string{"", "/", "/a", "/.mfa", "/documents/1", "/DOCUMENTS", "/doc.ments/1", "/do-c_um/ents/x", "/.(d)o.c", "/é/documents", "/---------a.b", "/documen.", "/docume.n"} {
		head, bare := heads(path)
		if want, wantBare := first(letters(path)), first(bareLetters(path)); head != want || bare != wantBare {
			t.Errorf("%d: %q has the heads %x and %x, not %x and %x", i, path, head, bare, want, wantBare)
		}
		for _, mount := range []string{"/", "/.mfa", "/mfa-pages", "/documents/second", "/documen"} {
			if may := mayBegin(head, mount); strings.HasPrefix(lower(path)+"/", mount+"/") && !may {
				t.Errorf("%q does not begin as %s", path, mount)
			} else if may != strings.HasPrefix(lower(letters(path)), letters(mount)[:min(8, len(letters(mount)))]) {
				t.Errorf("%q begins as %s: %v", path, mount, may)
			}
		}
	}
	if mayBegin(0, "") {
		t.Error("no page lies under no mount")
	}
}
