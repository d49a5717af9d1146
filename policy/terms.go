package policy

import (
	"encoding/binary"
	"sync"

	"gopkg.in/yaml.v3"
)

// termsSeen finds tenants that write the same terms in the same words, so that
// they share one copy. Many files are read at once.
type termsSeen struct {
	mu  sync.Mutex
	all map[string]*Terms
}

// Bounds of what is remembered. What lies beyond is not shared, which costs
// memory and nothing else.
const (
	maxTermsSeen = 10_000
	maxTermsText = 512 // bytes
)

// of returns the terms first read from a mapping of these words, of the keys
// that may be inherited; else t, which were read from it now.
func (s *termsSeen) of(t *Terms, n *yaml.Node) *Terms {
	if n.Kind != yaml.MappingNode {
		return t
	}
	var buf [maxTermsText]byte
	text := buf[:0]
	for i := 0; i < len(n.Content); i += 2 {
		name, v := n.Content[i], n.Content[i+1]
		if !inheritable[name.Value] {
			continue
		}
		var ok bool
		if text, ok = appendNode(text, name); !ok {
			return t
		}
		if text, ok = appendNode(text, v); !ok {
			return t
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if same := s.all[string(text)]; same != nil {
		return same
	}
	if s.all == nil || len(s.all) >= maxTermsSeen {
		s.all = map[string]*Terms{}
	}
	s.all[string(text)] = t
	return t
}

// appendNode adds what a node says to a text, each part after its length, so
// that no two nodes that differ add the same. It reports false for aliases and
// for what is too long.
func appendNode(text []byte, n *yaml.Node) ([]byte, bool) {
	if n.Kind == yaml.AliasNode || len(text)+len(n.Tag)+len(n.Value) > maxTermsText-16 {
		return text, false
	}
	text = append(text, byte(n.Kind), byte(n.Style)) // #nosec G115 -- both are small sets of bits
	for _, part := range [...]string{n.Tag, n.Value} {
		text = append(binary.AppendUvarint(text, uint64(len(part))), part...)
	}
	text = binary.AppendUvarint(text, uint64(len(n.Content)))
	ok := true
	for _, item := range n.Content {
		if text, ok = appendNode(text, item); !ok {
			return text, false
		}
	}
	return text, true
}

// A termsKey is terms as they are written and those that they stand over.
type termsKey struct{ above, written *Terms }

// shared returns the first terms made of what a tenant writes over the same
// terms above, else terms, which are made of them now.
func (b *base) shared(above *Terms, s *settings, terms *Terms) *Terms {
	if s.has&inTerms == 0 {
		return above
	}
	key := termsKey{above, s.Terms}
	if same := b.terms[key]; same != nil {
		return same
	}
	if b.terms == nil || len(b.terms) >= maxTermsSeen {
		b.terms = map[termsKey]*Terms{}
	}
	b.terms[key] = terms
	return terms
}
