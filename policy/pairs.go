package policy

import "strings"

// eachPathValue calls do with every value that the target's path gives a key. Routers
// that part pairs read /x/page/messages as /x?page=messages (Zend Framework 1, Yii 1,
// Magento, ThinkPHP), and CakePHP 2 so reads /x/page:messages.
func eachPathValue(t *target, key string, do func(string)) {
	for i := range t.len() {
		for k, rest := "", t.at(i).text; rest != ""; {
			var seg string
			seg, rest, _ = strings.Cut(rest, "/")
			if k != "" && canonKey(k) == key {
				do(seg)
			}
			if j := strings.IndexAny(seg, ":="); j > 0 && canonKey(seg[:j]) == key {
				do(seg[j+1:])
			}
			k = seg
		}
	}
}
