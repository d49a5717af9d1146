package policy

import (
	"hash/maphash"
	"math/bits"
	"strings"
)

// hosts finds the tenant of a host. A look-up takes two bytes of a table that
// fits a processor's cache, then one line of memory, which holds the host and says
// of most requests for what is open that they are. The zero hosts holds none.
type hosts struct {
	seed  maphash.Seed
	tags  []uint16 // 0: free; else of the host's hash. A power of two, a fifth of them free at least
	slots []hostSlot
	n     int
	wild  bool // there is a "*."
}

// A hostSlot is one line of memory.
type hostSlot struct {
	sieve  sieve // of the tenant's rules
	tenant *Tenant
	face   string    // the host, and where it has one the block behind it
	size   uint8     // bytes of the host
	beside bool      // the block is behind it
	rules  uint8     // of the block
	host   [29]uint8 // its first bytes
}

// newHosts takes the hosts of tenants. No host is there twice (link.go).
func newHosts(tenants []*Tenant) hosts {
	h := hosts{seed: maphash.MakeSeed()}
	for _, t := range tenants {
		h.n += len(t.Hosts)
	}
	size := 1 << bits.Len(uint(h.n+h.n/4))
	h.tags, h.slots = make([]uint16, size), make([]hostSlot, size)
	for _, t := range tenants {
		r := t.rules
		for _, name := range t.Hosts {
			s := hostSlot{sieve: r.sieve, face: name, tenant: t}
			if name != "" && name == r.face[:r.host] && r.n <= maxAmong {
				s.face, s.beside, s.rules = r.face, true, uint8(r.n) // #nosec G115 -- just seen to
			}
			if strings.HasPrefix(name, "*.") {
				h.wild, name, s.face = true, name[1:], s.face[1:] // ".silva.example" is no host of its own
			}
			s.size = uint8(len(name)) // #nosec G115 -- a host has 255 bytes at most (isHost)
			copy(s.host[:], name)
			h.add(name, s)
		}
	}
	return h
}

func (h *hosts) add(name string, s hostSlot) {
	hash, last := maphash.String(h.seed, name), uint64(len(h.tags)-1) // #nosec G115 -- there are slots
	i := hash & last
	for h.tags[i] != 0 {
		i = (i + 1) & last
	}
	h.tags[i], h.slots[i] = tagOf(hash), s
}

// find returns what stands for a host, nil where there is none. A hash alone is
// never believed.
func (h *hosts) find(name string) *hostSlot {
	if h.n == 0 {
		return nil
	}
	hash, last := maphash.String(h.seed, name), uint64(len(h.tags)-1) // #nosec G115 -- there are slots
	for i := hash & last; h.tags[i] != 0; i = (i + 1) & last {
		if h.tags[i] == tagOf(hash) && h.slots[i].is(name) {
			return &h.slots[i]
		}
	}
	return nil
}

// lookup is find, of a host as it is sent, or of the wildcard that it falls under.
func (h *hosts) lookup(host string) *hostSlot {
	host = cleanHost(host)
	if strings.HasPrefix(host, ".") {
		return nil // wildcards are kept by such names
	}
	if s := h.find(host); s != nil || !h.wild {
		return s
	}
	if dot := strings.IndexByte(host, '.'); dot > 0 && isLabel(host[:dot]) {
		return h.find(host[dot:])
	}
	return nil
}

// isLabel reports whether a wildcard stands for s. It stands for no text that some app
// reads as another name: %6fffice.example is office.example to whoever decodes a
// host, and would be judged by what *.example asks for.
func isLabel(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// is reports whether the slot is the host's.
func (s *hostSlot) is(name string) bool {
	if len(name) != int(s.size) {
		return false
	}
	if n := len(s.host); len(name) > n {
		return name[:n] == string(s.host[:]) && name[n:] == s.face[n:s.size]
	}
	return name == string(s.host[:len(name)])
}

func (s *hostSlot) block() block { return block(s.face[s.size:]) }
