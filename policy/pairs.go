package policy

import "strings"

// pathPair is a key and a value that a path says.
type pathPair struct{ key, value string }

// eachPathValue calls do with every value that the target's path gives a key. Routers
// that part pairs read /x/page/messages as /x?page=messages (Zend Framework 1, Yii 1,
// Magento, ThinkPHP), and CakePHP 2 so reads /x/page:messages.
func eachPathValue(t *target, key string, do func(string)) {
	for _, p := range t.pathPairs() {
		if p.key == key {
			do(p.value)
		}
	}
}

// pathPairs are those of all readings, taken apart once for all rules that look.
func (t *target) pathPairs() []pathPair {
	if t.pairs != nil {
		return t.pairs
	}
	t.pairs = make([]pathPair, 0, 8)
	for i := range t.len() {
		for k, rest := "", t.at(i).text; rest != ""; {
			var seg string
			seg, rest, _ = strings.Cut(rest, "/")
			if k != "" {
				t.pairs = append(t.pairs, pathPair{canonKey(k), seg})
			}
			if j := strings.IndexAny(seg, ":="); j > 0 {
				t.pairs = append(t.pairs, pathPair{canonKey(seg[:j]), seg[j+1:]})
			}
			k = seg
		}
	}
	return t.pairs
}
