package policy

// A sieve says of most targets that no rule of a list protects them, by the first
// four bytes of their path alone. The zero sieve lets nothing through.
type sieve uint64

// with lets through what a prefix of this head may protect.
func (s sieve) with(head uint64) sieve {
	first := uint32(head) // #nosec G115 -- four bytes are what is wanted
	switch {
	case first>>24 != 0:
		return s | hole(first)
	case first>>16 != 0: // behind three bytes a path ends, goes on, or has a suffix
		return s | hole(first) | hole(first|'/'<<24) | hole(first|'.'<<24)
	}
	return ^sieve(0)
}

// passes reports whether a rule may protect a reading of this head. The reading is
// of a target that is written plainly, so that it is under a prefix letter by letter.
func (s sieve) passes(head uint64) bool {
	return s&hole(uint32(head)) != 0 // #nosec G115 -- as above
}

func hole(first uint32) sieve { return 1 << (first * 0x9E3779B1 >> 26) } // the six bits that a golden section mixes best
