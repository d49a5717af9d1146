package policy

import "encoding/binary"

// A block is what a decision looks at of every rule of a list, in one piece of
// memory: at many tenants the time goes into memory that is not at hand, and each
// piece is another wait. First where the prefix of each rule ends, then the
// letters of the prefixes, folded, side by side, and as many bytes more as a head
// has. A list whose prefixes are too long together has the empty block.
type block string

// maxBlock bounds the prefixes of a block, in bytes: their ends are two bytes
// long. Beyond it rules are looked at one by one.
const maxBlock = 1<<16 - 1

// maxAmong is how many rules are looked at together.
const maxAmong = 64

// may is among for both heads of a reading.
func (b block) may(r *reading, from, n int) (some uint64) {
	some = b.among(r.head, from, n)
	if r.bare != r.head {
		some |= b.among(r.bare, from, n)
	}
	return some
}

// among returns, by bits, which of n rules, from one of them on, may protect a
// reading of this head, the first eight bytes of its path; no other of them does.
func (b block) among(reading uint64, from, n int) (some uint64) {
	count := min(n-from, maxAmong)
	if len(b) == 0 {
		return 1<<count - 1
	}
	start := b.start(from)
	ends, texts := b[2*from:], b[2*n:]
	for i := range count {
		end := ends.two(2 * i)
		if head := texts.eight(start); (reading^head)&headMask(end-start) == 0 {
			some |= 1 << i
		}
		start = end
	}
	return some
}

// prefix is the letters of the folded prefix of a rule of n.
func (b block) prefix(i, n int) string {
	return string(b[2*n+b.start(i) : 2*n+b.two(2*i)])
}

func (b block) start(i int) int {
	if i == 0 {
		return 0
	}
	return b.two(2*i - 2)
}

func (b block) two(at int) int {
	s := b[at:][:2]
	return int(s[0]) | int(s[1])<<8
}

func (b block) eight(at int) uint64 {
	s := b[at:][:8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// headMask covers the bytes of a head that are a prefix of so many bytes.
func headMask(size int) uint64 {
	return ^uint64(0) >> (64 - 8*min(size, 8)) // all of 64 bits shifted out leave none
}

// beforeSign is what of a prefix stands before a sign between two letters, where a
// path may have a slash (pass); where there is none, all of it.
func beforeSign(prefix string) string {
	for i := 1; i < len(prefix); i++ {
		if silent[prefix[i]] && prefix[i-1] != '/' {
			if rest := letters(prefix[i:]); rest != "" && rest[0] != '/' {
				return prefix[:i]
			}
		}
	}
	return prefix
}

// face keeps a host and the block of rules behind it, and the rules' paths in the
// block. It returns the rules' sieve as well, and reports whether the block says
// all that covers wants to know of them: none says more than its path.
func (k *keeper) face(host string, rules []rule) (face string, s sieve, plain bool) {
	size := 0
	plain = true
	names := make([]string, len(rules))
	for i := range rules {
		prefix := rules[i].folded()
		head := beforeSign(prefix)
		names[i] = letters(head)
		size += len(names[i])
		plain = plain && rules[i].extra == plainly && isNamed(prefix) && head == prefix
		s = s.with(headOf(prefix)).with(headOf(head))
	}
	at := len(host) + 2*len(rules)
	buf := append(make([]byte, 0, at+size+8), host...)
	if plain = plain && size <= maxBlock; size <= maxBlock {
		end := 0
		for i := range rules {
			end += len(names[i])
			buf = binary.LittleEndian.AppendUint16(buf, uint16(end)) // #nosec G115 -- just seen to
		}
		for i := range rules {
			buf = append(buf, names[i]...)
		}
		buf = append(buf, make([]byte, 8)...)
	}
	face = k.keep(string(buf))
	for i := range rules {
		p := &rules[i]
		if end := at + len(names[i]); end <= len(face) && face[at:end] == p.Path {
			p.Path = face[at:end]
		} else if len(p.Path) > 1 {
			p.Path = k.keep(p.Path)
		}
		at += len(names[i])
	}
	return face, s, plain
}
