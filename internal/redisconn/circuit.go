package redisconn

import (
	"errors"
	"sync"
	"time"
)

// Circuit keeps callers from waiting, each for the whole time-out, for a server
// that has just failed others: after a few failures in a row nobody asks for a
// second, then one asks for all.
type Circuit struct {
	now func() time.Time

	mu     sync.Mutex
	failed int
	until  time.Time
	probes bool
}

const (
	maxFailed = 3
	rest      = time.Second
)

// ErrResting is the answer while nobody asks.
var ErrResting = errors.New("asking redis: it failed a moment ago, and is left alone for a second")

// NewCircuit makes a closed one.
func NewCircuit(now func() time.Time) *Circuit { return &Circuit{now: now} }

// Do runs fn, or answers ErrResting. fn says with its error whether the server
// could be reached.
func (c *Circuit) Do(fn func() error) error {
	if !c.enter() {
		return ErrResting
	}
	err := errors.New("panicked")
	defer func() { c.leave(err) }()
	err = fn()
	return err
}

func (c *Circuit) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed < maxFailed {
		return true
	}
	if c.probes || c.now().Before(c.until) {
		return false
	}
	c.probes = true
	return true
}

func (c *Circuit) leave(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probes = false
	if !Unreachable(err) {
		c.failed = 0
		return
	}
	if c.failed++; c.failed >= maxFailed {
		c.until = c.now().Add(rest)
	}
}
