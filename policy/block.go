package policy

import (
	"encoding/binary"
	"math/bits"
)

// A block is what a decision looks at of every rule of a list, in one piece of
// memory: at many tenants the time goes into memory that is not at hand, and each
// piece is another wait. First the heads of the rules, then where the prefix of
// each ends, then the prefixes, folded.
type block string

// maxBlock bounds the prefixes of a block, in bytes: their ends are two bytes
// long. Beyond it rules are looked at one by one.
const maxBlock = 1<<16 - 1

// head is the first eight bytes of a rule's prefix. Most rules are passed over by
// it alone.
func (b block) head(i int) uint64 {
	s := b[8*i:][:8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// headMask covers the bytes of a head that count: a path has no zero bytes.
func headMask(head uint64) uint64 {
	return ^uint64(0) >> (bits.LeadingZeros64(head) &^ 7)
}

// maxHeads is how many heads are looked at together.
const maxHeads = 64

// among returns, by bits, which of the first n rules may protect a reading of
// this head; no other of them does.
func (b block) among(reading uint64, n int) (some uint64) {
	for i := range n {
		if head := b.head(i); reading&headMask(head) == head {
			some |= 1 << i
		}
	}
	return some
}

// prefix is the folded prefix of a rule of n.
func (b block) prefix(i, n int) string {
	ends := b[8*n:]
	start := 0
	if i > 0 {
		start = int(ends[2*i-2]) | int(ends[2*i-1])<<8
	}
	end := int(ends[2*i]) | int(ends[2*i+1])<<8
	return string(ends[2*n+start : 2*n+end])
}

// face keeps a host and the block of rules behind it, and the rules' paths in the
// block. It reports whether the block says all that covers wants to know of them:
// none says more than its path.
func (k *keeper) face(host string, rules []rule) (face string, plain bool) {
	n, size := len(rules), 0
	plain = true
	for i := range rules {
		size += len(rules[i].folded())
		plain = plain && rules[i].extra == plainly
	}
	buf := append(make([]byte, 0, len(host)+10*n+size), host...)
	for i := range rules {
		buf = binary.LittleEndian.AppendUint64(buf, headOf(rules[i].folded()))
	}
	for i, end := 0, 0; i < n; i++ {
		end += len(rules[i].folded())
		buf = binary.LittleEndian.AppendUint16(buf, uint16(end)) // #nosec G115 -- looked at only where all fit
	}
	for i := range rules {
		buf = append(buf, rules[i].folded()...)
	}
	face = k.keep(string(buf))
	at := len(host) + 10*n
	for i := range rules {
		p := &rules[i]
		end := at + len(p.folded())
		switch text := face[at:end]; {
		case p.Path == text:
			p.Path = text
		case len(p.Path) > 1:
			p.Path = k.keep(p.Path)
		}
		at = end
	}
	return face, plain && size <= maxBlock
}
