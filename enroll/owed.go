package enroll

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// Owed are revocations that a closed service has left unwritten, sealed.
type Owed []owedLine

// Owed takes away what this service could not write.
func (s *Service) Owed() Owed {
	s.owed.mu.Lock()
	defer s.owed.mu.Unlock()
	left := s.owed.lines
	s.owed.lines = nil
	return left
}

// Inherit keeps to what an earlier service has revoked and could not write, and
// writes it when the store is there. A line that the keys of this one do not open is
// dropped: it is of another installation, whose flags count for nothing here, and in
// the log it would have every node trust no proof.
func (s *Service) Inherit(left Owed) {
	t := s.tokens()
	for _, l := range left {
		var line revocation
		if text, err := t.keys.open(logPlace, l.value); err == nil && json.Unmarshal(text, &line) == nil {
			s.owed.keep(l)
			s.revoked.add(line)
		}
	}
}

// owedLine is a line of the log, sealed.
type owedLine struct {
	value   []byte
	expires time.Time
}

// owed are the revocations that the store could not take: somebody signed out
// while it was away. This node keeps to them; the others, and this one after a
// restart, hear of them once the store is back.
type owed struct {
	mu    sync.Mutex
	lines []owedLine
}

// maxOwed bounds the lines that wait. A sign-out beyond it still holds here.
const maxOwed = 10_000

func (o *owed) keep(l owedLine) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.lines) < maxOwed {
		o.lines = append(o.lines, l)
	}
}

// pay writes what waits, oldest first, until the store fails again. A line that
// was written although the store said otherwise is there twice, which is the
// same as once.
func (o *owed) pay(ctx context.Context, st store.Store) {
	for {
		o.mu.Lock()
		if len(o.lines) == 0 {
			o.mu.Unlock()
			return
		}
		l := o.lines[0]
		o.mu.Unlock()
		if _, err := st.Revoke(ctx, l.value, l.expires); err != nil {
			return
		}
		o.mu.Lock()
		o.lines = o.lines[1:]
		if len(o.lines) == 0 {
			o.lines = nil
		}
		o.mu.Unlock()
	}
}
