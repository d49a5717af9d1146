package enroll

import (
	"context"
	"errors"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// pollEvery leaves room for two failed looks within the two seconds that a
// revocation may take.
const pollEvery = 500 * time.Millisecond

// nameEvery is how often a node sees to it that the store has its name.
const nameEvery = 10 * time.Minute

// silence is how long a node trusts what it last heard.
const silence = 2 * time.Second

// lastKnown is how long it does where an area says so.
const lastKnown = 10 * time.Minute

// Current tells whether this node has heard of revocations within two seconds,
// from a store that is not known to have lost any.
// Where it has not, a flag counts only as the tenant's when_store_down says. A
// store that no other process writes to has no news to miss: there a slow disk
// or a stepped clock must not make anybody who proved wait.
func (s *Service) Current(now time.Time) bool {
	heard := s.heard.Load()
	return heard != nil && (s.alone || !s.behind.Load() && since(*heard, now) <= silence)
}

// Alone tells that no other process writes to the store.
func (s *Service) Alone() bool { return s.alone }

// LastKnown tells whether a flag that is not revoked, as far as this node has
// heard, may go on where an area says `when_store_down: last-known`: for ten
// minutes after the node last heard, and only a flag that was given while it
// still trusted that. Whoever proves elsewhere since is news that has not come.
func (s *Service) LastKnown(f *Flag, now time.Time) bool {
	heard := s.heard.Load()
	return heard != nil && since(*heard, now) <= lastKnown &&
		f.Issued.Add(time.Second).Before(heard.Add(silence)) // a flag holds whole seconds: rounded up
}

// since is how long ago then was, by the clock that was not set: one that is set
// back must not lengthen a node's trust, nor may the time that a machine slept
// go uncounted, which the clock that nobody sets leaves out.
func since(then, now time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}

// follow looks at the log until the service is closed, and writes what could not
// be written when it was to be.
func (s *Service) follow(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	silent, older, named := false, false, s.now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		ask, cancel := context.WithTimeout(ctx, silence)
		err := s.Poll(ask)
		if err == nil {
			if silent || since(named, s.now()) >= nameEvery {
				if s.nameInstallation(ask) == nil {
					named = s.now()
				} else {
					named = time.Time{} // at the next look
				}
			}
			s.owed.pay(ask, s.store)
		}
		cancel()
		// An outage is told once, and once more where it turns out to be one that
		// a person must look at.
		was := older
		older = errors.Is(err, store.ErrOlder)
		if err != nil && (!silent || older && !was) && !errors.Is(err, context.Canceled) {
			s.failed(err)
		}
		silent = err != nil
	}
}
