package caddymodule

import (
	"context"
	"time"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

// lookEvery is how often the policy file is looked at. A change counts once
// two looks found the same bytes, so within 2 seconds.
const lookEvery = 900 * time.Millisecond

// policy is the one in force.
func (s *appState) policy() *policy.Policy {
	if s.file != nil {
		return s.file.Policy()
	}
	return s.single
}

func (s *appState) filePolicy() *policy.Policy {
	if s.file == nil {
		return nil
	}
	return s.file.Policy()
}

// watch looks at the policy file until stop.
func (s *appState) watch(ctx context.Context) {
	if s.file == nil {
		return
	}
	s.done.Go(func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				s.look()
				s.noteRequirements()
			}
		}
	})
}

func (s *appState) look() {
	before := s.file.Policy()
	changed, err := s.file.Look()
	switch {
	case err != nil:
		policyLoaded(false)
		s.log.Error("reading the policy again; the last good one stays in force", errField(err))
	case changed:
		s.changed(before)
	}
}

// changed tells of another policy than the one before.
func (s *appState) changed(before *policy.Policy) {
	policyLoaded(true)
	s.tellRequirements(before, s.file.Policy())
	s.log.Info("the policy changed")
	s.warn()
}
