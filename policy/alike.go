package policy

import "strings"

// Apps that look a page up by its name overlook much of what else is in it, and
// so show one page under many names. "(list)", ".list", "li_st" and "list-" are
// "list" to Zend Framework 1, "my-area" is "my_area" to CherryPy and CodeIgniter,
// "myArea" to CakePHP, "my.area" and "my~-area" to WordPress. So a prefix covers
// whatever has its letters and digits. What is allowed is allowed as it is
// written.

// silent are the bytes that are left out of names. The dot is one as well, but for
// the one before a suffix.
var silent = func() (c [256]bool) {
	for _, b := range []byte("-_ !\"#$%&'()*+,:;<=>?@[\\]^`{|}~") {
		c[b] = true
	}
	return c
}()

// meets reports whether a path has the letters and digits of a prefix, or lies
// below what has, or has a suffix behind them.
func meets(path, prefix string, sensitive bool) bool {
	if end := pass(path, prefix, sensitive, false); end >= 0 && ends(path[end:]) {
		return true
	}
	if strings.IndexByte(path, '.') < 0 {
		return false
	}
	end := pass(path, prefix, sensitive, true)
	return end == len(path) || end > 0 && path[end] == '/'
}

// pass returns where a path goes on behind a prefix, as far as its letters and
// digits tell; -1: it begins otherwise.
func pass(path, prefix string, sensitive, dots bool) int {
	i, j := 0, 0
	if strings.HasPrefix(path, prefix) { // nearly every request for what is protected
		i, j = len(prefix), len(prefix)
	}
	parted := false // by a sign in the prefix: DokuWiki shows my_area by /my/area
	for j < len(prefix) {
		switch c := prefix[j]; {
		case i < len(path) && (path[i] == c || !sensitive && lowerByte(path[i]) == c):
			parted = silent[c]
			i++
			j++
		case silent[c] || dots && c == '.':
			parted = parted || silent[c]
			j++
		case i < len(path) && (silent[path[i]] || dots && path[i] == '.' || parted && path[i] == '/'):
			i++
		default:
			return -1
		}
	}
	for i < len(path) && (silent[path[i]] || dots && path[i] == '.') {
		i++
	}
	return i
}

// ends reports whether what comes behind a prefix leaves it the same resource to
// some router: Connect hands all of /documents.x/1 to what is mounted at /documents.
func ends(rest string) bool {
	return rest == "" || rest[0] == '/' || rest[0] == '.'
}

// isNamed reports whether every segment of a prefix has a letter or a digit. One
// without is looked for as it is written.
func isNamed(prefix string) bool {
	named := true
	for i := range len(prefix) {
		switch c := prefix[i]; {
		case c == '/':
			if !named {
				return false
			}
			named = false
		case !silent[c] && c != '.':
			named = true
		}
	}
	return named
}

// letters is a path without what is left out of names.
func letters(s string) string {
	for i := range len(s) {
		if silent[s[i]] {
			return strings.Map(func(r rune) rune {
				if r < 0x80 && silent[r] {
					return -1
				}
				return r
			}, s)
		}
	}
	return s
}

// bareLetters is letters without dots.
func bareLetters(s string) string { return strings.ReplaceAll(letters(s), ".", "") }

// packed is what a byte of a path is in a head: a letter small, and 0 where it is
// left out of names.
var packed = func() (c [256]byte) {
	for i := range c {
		if !silent[i] {
			c[i] = lowerByte(byte(i)) // #nosec G115 -- of 256
		}
	}
	return c
}()

// heads packs the first eight bytes of a path that are not left out of names, ASCII
// letters lowered: with its dots, and without.
func heads(s string) (head, bare uint64) {
	if len(s) < 8 {
		return headsPast(s)
	}
	b := s[:8]
	head = uint64(packed[b[0]]) | uint64(packed[b[1]])<<8 | uint64(packed[b[2]])<<16 | uint64(packed[b[3]])<<24 |
		uint64(packed[b[4]])<<32 | uint64(packed[b[5]])<<40 | uint64(packed[b[6]])<<48 | uint64(packed[b[7]])<<56
	if hasZero(head) || hasZero(head^('.'*ones)) {
		return headsPast(s)
	}
	return head, head // nearly every path
}

const ones = ^uint64(0) / 255 // 1 in every byte

// hasZero reports whether a byte of v is 0.
func hasZero(v uint64) bool { return (v-ones)&^v&(ones<<7) != 0 }

// headsPast is heads for a path that has bytes to be left out, or few.
func headsPast(s string) (head, bare uint64) {
	at, atBare := 0, 0
	for i := 0; i < len(s) && atBare < 8; i++ {
		b := packed[s[i]]
		if b == 0 {
			continue
		}
		if at < 8 {
			head |= uint64(b) << (8 * at)
			at++
		}
		if b != '.' {
			bare |= uint64(b) << (8 * atBare)
			atBare++
		}
	}
	return head, bare
}

func headOf(s string) uint64 {
	head, _ := heads(s)
	return head
}
