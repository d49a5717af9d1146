package identity

import (
	"strings"
	"testing"
)

// What an answer of the app can cost is bounded by its size: it is read once,
// never deeper than a reader's stack, and never at the price of its square.
func TestWhatAnAnswerCanCost(t *testing.T) {
	const size = MaxAnswer / 8
	bodies := map[string][2]string{
		"deep arrays":       {"application/json", strings.Repeat("[", size/2) + strings.Repeat("]", size/2)},
		"deep objects":      {"application/json", strings.Repeat(`{"user":`, size/16) + "1" + strings.Repeat("}", size/16)},
		"many members":      {"application/json", `{"a":[` + strings.Repeat("1,", size/2-8) + "1]}"},
		"deep elements":     {"text/html", strings.Repeat("<div>", size/5)},
		"deep formatting":   {"text/html", strings.Repeat("<b><p>", size/6)},
		"many attributes":   {"text/html", "<p " + strings.Repeat("a=b ", size/4-2) + ">"},
		"one long text":     {"text/plain", strings.Repeat("user=", size/5)},
		"nothing but space": {"text/html", strings.Repeat(" ", size)},
		"open comments":     {"text/html", strings.Repeat("<!--", size/4)},
	}
	var all []extractor
	for _, e := range []Expression{{"json", strings.Repeat("user.", 30) + "id", ""}, {"html", "div div p b > p", ""}, {"regexp", `(?s:user.*)*user=(\w+)$`, ""}} {
		x, err := e.compile()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, x)
	}
	for name, b := range bodies {
		t.Run("fail/"+name, func(t *testing.T) {
			for _, x := range all {
				if v, err := x.find(pageOf(b[0], b[1])); err == nil && v != nil && v != "" {
					t.Errorf("%T finds %.40q", x, v)
				}
			}
		})
	}
}

// A dotted path is cut in every way, since members may have dots in their names;
// that stays cheap however deep the value is.
func TestWhatAPathCanCost(t *testing.T) {
	depth := maxJSONDepth - 1
	v, err := readJSON([]byte(strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := find(v, strings.TrimSuffix(strings.Repeat("a.", depth), ".")); !ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	if _, err := readJSON([]byte(strings.Repeat("[", maxJSONDepth+2) + strings.Repeat("]", maxJSONDepth+2))); err == nil {
		t.Error("nested deeper than is read, and read")
	}
}
