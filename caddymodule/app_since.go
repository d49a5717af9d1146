package caddymodule

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

// sinceTime bounds the question to the store since when tenants require a
// factor, and sinceAgain is how long one that failed is not repeated.
const (
	sinceTime  = 2 * time.Second
	sinceAgain = 2 * time.Second
)

// requirements is since when the tenants of the policy in force require a
// factor, of those where it matters.
type requirements struct {
	mu    sync.Mutex
	known atomic.Pointer[requiredSince]
	tried time.Time
}

type requiredSince struct {
	of *policy.Policy
	at map[string]time.Time
}

// requiredSince tells since when a tenant requires a factor; the zero time where
// that is not known, before which no session began.
func (s *appState) requiredSince(t *policy.Tenant) time.Time {
	pol := s.policy()
	if k := s.requirements.known.Load(); k != nil && k.of == pol {
		return k.at[t.Key]
	}
	s.noteRequirements()
	if k := s.requirements.known.Load(); k != nil && k.of == pol {
		return k.at[t.Key]
	}
	return time.Time{}
}

// noteRequirements has the store keep since when tenants require a factor, once
// for every policy. What fails is tried again at the next look at the policy.
func (s *appState) noteRequirements() {
	pol := s.policy()
	q := &s.requirements
	if k := q.known.Load(); !pol.LooksAtSessions() || k != nil && k.of == pol {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := now()
	if k := q.known.Load(); k != nil && k.of == pol || now.Sub(q.tried).Abs() < sinceAgain && q.tried != (time.Time{}) {
		return
	}
	svc := s.service()
	if svc == nil {
		return
	}
	var tenants []string
	for _, t := range pol.Tenants() {
		if t.Activate.NextSession && t.Requires(now) {
			tenants = append(tenants, t.Key)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), sinceTime)
	defer cancel()
	at, err := svc.Requirements(ctx, tenants)
	if err != nil {
		q.tried = now
		s.log.Error("noting since when tenants require a factor: until it is known, everybody is asked", errField(err))
		return
	}
	q.tried = time.Time{}
	q.known.Store(&requiredSince{pol, at})
}
