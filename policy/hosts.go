package policy

import (
	"hash/maphash"
	"math/bits"
	"strings"
)

// hosts finds the tenant of a host. A look-up takes one place of a table, and the
// host itself, which is compared: a hash alone is never believed. Behind the host
// lies the block of its tenant's prefixes, which is all that a request for what
// is open needs. The zero hosts holds none.
type hosts struct {
	seed  maphash.Seed
	slots []hostSlot // a power of two, a fifth of them free at least
	n     int
	wild  bool // there is a "*."
}

// A hostSlot is half a line of memory.
type hostSlot struct {
	face   string // the host, and where it has one the block behind it
	tenant *Tenant
	tag    uint32 // of the host's hash
	host   uint8  // bytes of the host
	beside bool   // the block is behind it
	rules  uint8  // of the block
}

// newHosts takes the hosts of tenants. No host is there twice (link.go).
func newHosts(tenants []*Tenant) hosts {
	h := hosts{seed: maphash.MakeSeed()}
	for _, t := range tenants {
		h.n += len(t.Hosts)
	}
	h.slots = make([]hostSlot, 1<<bits.Len(uint(h.n+h.n/4)))
	for _, t := range tenants {
		r := t.rules
		for _, name := range t.Hosts {
			s := hostSlot{face: name, tenant: t}
			if name != "" && name == r.face[:r.host] && r.n <= maxHeads {
				s.face, s.beside, s.rules = r.face, true, uint8(r.n) // #nosec G115 -- just seen to
			}
			if strings.HasPrefix(name, "*.") {
				h.wild, name, s.face = true, name[1:], s.face[1:] // ".silva.example" is no host of its own
			}
			s.host = uint8(len(name)) // #nosec G115 -- a host has 255 bytes at most (isHost)
			h.add(name, s)
		}
	}
	return h
}

func (h *hosts) add(name string, s hostSlot) {
	hash, last := maphash.String(h.seed, name), uint64(len(h.slots)-1) // #nosec G115 -- there are slots
	i := hash & last
	for h.slots[i].tenant != nil {
		i = (i + 1) & last
	}
	s.tag = uint32(hash >> 32) // #nosec G115 -- these bits are what is wanted
	h.slots[i] = s
}

// find returns what stands for a host, nil where there is none.
func (h *hosts) find(name string) *hostSlot {
	if h.n == 0 {
		return nil
	}
	hash, last := maphash.String(h.seed, name), uint64(len(h.slots)-1) // #nosec G115 -- there are slots
	for i := hash & last; ; i = (i + 1) & last {
		s := &h.slots[i]
		if s.tenant == nil {
			return nil
		}
		if s.tag == uint32(hash>>32) && s.face[:s.host] == name {
			return s
		}
	}
}

// lookup is find, of a host as it is sent, or of the wildcard that it falls under.
func (h *hosts) lookup(host string) *hostSlot {
	host = cleanHost(host)
	if s := h.find(host); s != nil || !h.wild {
		return s
	}
	if dot := strings.IndexByte(host, '.'); dot >= 0 {
		return h.find(host[dot:])
	}
	return nil
}

func (s *hostSlot) block() block { return block(s.face[s.host:]) }
