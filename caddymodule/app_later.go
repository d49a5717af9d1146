package caddymodule

import (
	"context"
	"time"
)

// laterStore is a store module whose store may be out of reach at the start: a
// server that other machines depend on must not keep this one from serving
// what is open.
type laterStore interface {
	// MayComeLater tells that an error of opening can end by itself.
	MayComeLater(err error) bool
}

// retryEvery is how often opening is tried again.
const retryEvery = time.Second

// mayComeLater tells that the start need not fail over err.
func (s *appState) mayComeLater(err error) bool {
	m, ok := s.storeIn.(laterStore)
	return ok && m.MayComeLater(err)
}

// openLater opens the store as soon as that is possible, until life ends. What
// is protected answers 503 meanwhile; no request waits for it.
func (s *appState) openLater(life context.Context, err error) {
	s.log.Error("the store cannot be used; what is protected is closed until it can", errField(err))
	s.late.Store(true)
	s.done.Go(func() {
		defer s.late.Store(false)
		tick := time.NewTicker(retryEvery)
		defer tick.Stop()
		said := err.Error()
		for {
			select {
			case <-life.Done():
				return
			case <-tick.C:
			}
			err := s.open()
			if err == nil {
				s.log.Info("the store is open")
				return
			}
			if text := err.Error(); text != said {
				s.log.Error("opening the store", errField(err))
				said = text
			}
		}
	})
}
