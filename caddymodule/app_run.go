package caddymodule

import (
	"context"
	"errors"
	"fmt"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal"
)

var errNotStarted = errors.New("mfa: the store is not open")

// running is what Start made.
type running struct {
	service *enroll.Service
	pages   *portal.Portal
}

// service is nil where the store cannot be opened. Caddy starts apps in no
// order, so a request may come before this app's Start: it opens the store.
func (s *appState) service() *enroll.Service {
	if r := s.run(); r != nil {
		return r.service
	}
	return nil
}

// revocations is the state of what this node has heard of ended flags.
func (s *appState) revocations() uint64 {
	if svc := s.service(); svc != nil {
		return svc.Revocations()
	}
	return 0
}

func (s *appState) run() *running {
	if r := s.running.Load(); r != nil || s.late.Load() {
		return r
	}
	if err := s.open(); err != nil {
		s.log.Error("opening the store", errField(err))
		return nil
	}
	return s.running.Load()
}

func (s *appState) account(ctx context.Context, realm, user string) (*enroll.Account, error) {
	svc := s.service()
	if svc == nil {
		return nil, errNotStarted
	}
	return svc.Glance(ctx, realm, user)
}

// start opens the store and begins to watch the policy.
func (s *appState) start() error {
	err := s.open()
	if err != nil && !s.mayComeLater(err) {
		return fmt.Errorf("mfa: %w", err)
	}
	life, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	if err != nil {
		s.openLater(life, err)
	}
	s.noteRequirements()
	s.watch(life)
	s.done.Go(func() { s.events.run(life) })
	return nil
}

// open opens the store and reads, or makes, the key.
func (s *appState) open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return errNotStarted
	}
	if s.running.Load() != nil {
		return nil
	}
	shared, _, err := services.LoadOrNew(s.share, s.newService)
	if err != nil {
		return err
	}
	s.pooled = true
	svc := shared.(*sharedService).Service
	pages, err := portal.New(portal.Config{Service: svc, Log: s.slog, Now: now})
	if err != nil {
		return err
	}
	s.running.Store(&running{service: svc, pages: pages})
	return nil
}

func (s *appState) stop() error {
	if s.cancel != nil {
		s.cancel()
		s.done.Wait()
	}
	return nil
}

// cleanup lets go of the store. Requests of this configuration may still come:
// Caddy lets its old servers drain in the background. They find the service
// open as long as the new configuration uses the same.
func (s *appState) cleanup() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	if !s.pooled {
		return nil
	}
	s.pooled = false
	_, err := services.Delete(s.share)
	return err
}
