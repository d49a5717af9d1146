package caddymodule

import (
	"sync"
	"sync/atomic"
	"time"
)

// awaited are people who have just enrolled and have not come back yet to where
// they wanted to go: the last step of the funnel.
type awaited struct {
	any atomic.Bool // there may be some: a request looks no further otherwise
	mu  sync.Mutex
	who map[personKey]time.Time // until when
}

type personKey struct{ realm, user string }

const (
	awaitedFor = 15 * time.Minute
	maxAwaited = 10_000
)

func (a *awaited) add(who personKey, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.who == nil {
		a.who = map[personKey]time.Time{}
	}
	if len(a.who) >= maxAwaited {
		for k, until := range a.who {
			if now.After(until) {
				delete(a.who, k)
			}
		}
	}
	if len(a.who) < maxAwaited {
		a.who[who] = now.Add(awaitedFor)
		a.any.Store(true)
	}
}

// came tells whether somebody was awaited, once.
func (a *awaited) came(who personKey, now time.Time) bool {
	if !a.any.Load() {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	until, ok := a.who[who]
	delete(a.who, who)
	a.any.Store(len(a.who) > 0)
	return ok && now.Before(until)
}
