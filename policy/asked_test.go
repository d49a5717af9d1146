package policy

import "testing"

func TestLooksAtQuery(t *testing.T) {
	p, err := parseText("version: 1\ntenants: {a: {protect: [/plain, {path: /a/index.php, query: {page: [x, y]}}]}}\n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path  string
		below bool
		keys  []string
		want  bool
	}{
		{"/a/index.php", false, nil, true},
		{"/a/index.php/x", false, []string{"q", "page"}, true},
		{"/A/index.php", false, []string{"%70age"}, true},
		{"/a/", false, []string{"page"}, true},
		{"/", true, []string{"page"}, true},
		{"/a", true, nil, true},
		{"/a%zz", false, nil, true},
		{"/", false, nil, false},
		{"/a/index.php", false, []string{"q"}, false},
		{"/a/index.php", false, []string{}, false},
		{"/b", true, nil, false},
		{"/plain", true, nil, false},
	} {
		if got := p.LooksAtQuery(c.path, c.below, c.keys); got != c.want {
			t.Errorf("%s, below %v, %q: %v", c.path, c.below, c.keys, got)
		}
	}
}
