package store

import (
	"strings"
	"testing"
)

func TestMarkHolds(t *testing.T) {
	now := mark{line: "c", count: 9, past: "b:7 a:5 old:1", accepted: 3}
	for name, tt := range map[string]struct {
		known mark
		want  bool
	}{
		"ok/nothing known":         {mark{}, true},
		"ok/as known":              {mark{line: "c", count: 9, accepted: 3}, true},
		"ok/further":               {mark{line: "c", count: 8, accepted: 3}, true},
		"ok/end of an earlier one": {mark{line: "a", count: 5, accepted: 3}, true},
		"ok/accepted since":        {mark{line: "x", count: 99, accepted: 2}, true},
		"fail/behind":              {mark{line: "c", count: 10, accepted: 3}, false},
		"fail/write lost":          {mark{line: "b", count: 8, accepted: 3}, false},
		"fail/never heard of":      {mark{line: "x", count: 1, accepted: 3}, false},
		"fail/cut off":             {mark{line: "old", count: 1, accepted: 3}, false},
		"fail/acceptance lost":     {mark{line: "c", count: 1, accepted: 4}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := now.holds(&tt.known); got != tt.want {
				t.Fatal(got)
			}
		})
	}
}

// A node that was away for longer than the past is kept cannot tell, and takes
// nobody's store away.
func TestMarkHolds_LongAway(t *testing.T) {
	now := mark{line: "c", count: 9, past: strings.Repeat("0123456789abcdef0123456789abcdef01234567:9 ", 25)[:1024]}
	if !now.holds(&mark{line: "x", count: 1}) {
		t.Fatal("in doubt")
	}
	now.past = now.past[:900]
	if now.holds(&mark{line: "x", count: 1}) {
		t.Fatal("a line that never was is taken for a forgotten one")
	}
}

// An answer that was under way while a later one came in takes nothing back.
func TestKnownOutOfOrder(t *testing.T) {
	var k known
	k.raise(mark{line: "b", count: 8, past: "a:7 "})
	k.raise(mark{line: "b", count: 6, past: "a:7 "})
	k.raise(mark{line: "a", count: 7})
	if got := k.get(); got.line != "b" || got.count != 8 {
		t.Fatalf("%+v", got)
	}
}
