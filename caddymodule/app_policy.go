package caddymodule

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"time"

	"github.com/caddyserver/caddy/v2"

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
		s.keepPolicy()
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
	if changed {
		s.changed(before)
	}
	if err != nil { // also beside a change: of one file, and a mistake in another
		policyLoaded(false)
		s.log.Error("reading the policy again; the last good one stays in force", errField(err))
	}
}

// changed tells of another policy than the one before.
func (s *appState) changed(before *policy.Policy) {
	policyLoaded(true)
	s.tellRequirements(before, s.file.Policy())
	s.log.Info("the policy changed")
	s.warn()
	s.keepPolicy()
}

// keptBeside is the folder for what must be known of a policy's included files at the
// next start.
func keptBeside(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(caddy.AppDataDir(), "mfa", fmt.Sprintf("policy-%x", sum[:8]))
}

// keepPolicy writes that. Without it tenants whose file goes while the server is down
// are forgotten, and nothing else is amiss.
func (s *appState) keepPolicy() {
	if err := s.file.Keep(); err != nil {
		s.log.Error("a tenant whose file goes while the server is down will be forgotten", errField(err))
	}
}
