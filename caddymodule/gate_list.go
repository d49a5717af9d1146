package caddymodule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// gateList holds the gates of one configuration: checks that need more than
// one of them look here.
type gateList struct {
	mu    sync.Mutex
	gates []*Gate
}

var errTwoRealms = errors.New("two mfa directives whose identities differ name no realm: a user name of one would be taken for the same person in the other; " +
	"write `realm <name>` in each, the same name only where they share one directory of people")

// register adds a gate, and refuses one that would make two directories of
// people one.
func (s *appState) register(g *Gate, st *gateState) error {
	s.gates.mu.Lock()
	defer s.gates.mu.Unlock()
	st.site = fmt.Sprint("gate", len(s.gates.gates))
	for _, o := range s.gates.gates {
		if (g.Realm == "" || o.Realm == "") && g.Realm == o.Realm && !sameIdentities(g, o) {
			return fmt.Errorf("%w (the directives%s and%s)", errTwoRealms, o.place(), g.place())
		}
		if g.PagesOnly && g.At == o.At && g.At != "" {
			// Two routes of one directive: a sign-in that passes the one must
			// drop what the other remembers.
			st.chain, st.site = o.state.chain, o.state.site
		}
	}
	if len(s.gates.gates) > 0 {
		s.nested.Store(true)
	}
	s.gates.gates = append(s.gates.gates, g)
	return nil
}

func sameIdentities(a, b *Gate) bool {
	return slices.EqualFunc(a.identities, b.identities, func(x, y json.RawMessage) bool { return bytes.Equal(x, y) })
}

// knowsHost reports whether a host is named by the policy, so that a link may
// be made of it.
func (s *appState) knowsHost(host string) bool {
	t := s.policy().HostTenant(host)
	return t != nil && len(t.Hosts) > 0
}
