package identity

import (
	"context"
	"time"
)

// Chain asks every source whose credential the request carries.
type Chain struct {
	Sources     []Source
	Credentials *Credentials // nil: the default names
}

// Result is what a chain says of one visit: Known, Nobody, Conflict, Down or
// Mixed.
type Result struct {
	State      State
	Person     Person        // with Known; with Mixed, whom the other credential names, where that is known
	SetCookie  []string      // raw header values: for the visitor, and for the request that follows (MergeCookies)
	RetryAfter time.Duration // with Down, 0 for no opinion
	Err        error
	Why        []string // what each source said, for the log; empty where somebody is known
}

// Identify says who is asking.
func (c *Chain) Identify(ctx context.Context, v *Visit) Result {
	return Result{State: Nobody}
}

// Fresh is Identify past every cache, for changes that administrators make.
func (c *Chain) Fresh(ctx context.Context, v *Visit) Result {
	w := *v
	w.Fresh = true
	return c.Identify(ctx, &w)
}

// Facts is every fact that some source maps.
func (c *Chain) Facts() FactSet {
	var s FactSet
	for _, src := range c.Sources {
		s |= src.Facts()
	}
	return s
}

// Saw must be called with every request before it passes on, protected or
// not; it reports whether the request ends the sender's flag.
func (c *Chain) Saw(v *Visit) (endsFlag bool) {
	for _, src := range c.Sources {
		if w, ok := src.(Watcher); ok && w.Saw(v) {
			endsFlag = true
		}
	}
	return endsFlag
}

// SawResponse must be called with the app's answer to every request that was
// passed on; it reports whether every flag of the person ends.
func (c *Chain) SawResponse(v *Visit, setCookie []string, status int) (endsAll bool) {
	for _, src := range c.Sources {
		if w, ok := src.(Watcher); ok && w.SawResponse(v, setCookie, status) {
			endsAll = true
		}
	}
	return endsAll
}
