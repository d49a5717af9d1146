package caddymodule

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
)

// The Caddy events. Their data names the person: it is for the operator's own
// handlers, and stands in no metric.
const (
	eventEnrolled    = "mfa_enrolled"
	eventVerified    = "mfa_verified"
	eventBlocked     = "mfa_blocked"
	eventReset       = "mfa_reset"
	eventRequirement = "mfa_requirement_changed"
	eventLockedOut   = "mfa_locked_out"
)

const (
	eventEvery = time.Minute // of one name and person, at most
	maxEvents  = 1024        // that wait for handlers
	maxTold    = 4096        // people remembered in one generation, of which there are two
)

// events are handed to Caddy one after the other, in the background: no answer
// waits for a handler, and a crowd makes no crowd of events.
type events struct {
	app   *caddyevents.App
	ctx   caddy.Context
	queue chan event

	mu         sync.Mutex
	young, old map[eventKey]struct{}
	turned     time.Time
}

type event struct {
	name string
	data map[string]any
}

type eventKey struct{ name, realm, user string }

func (e *events) load(ctx caddy.Context) error {
	app, err := ctx.App("events")
	if err != nil {
		return fmt.Errorf("loading events: %w", err)
	}
	e.app, e.ctx, e.queue = app.(*caddyevents.App), ctx, make(chan event, maxEvents)
	return nil
}

// tell queues an event of a person, unless one of that name was told of them in
// the last minute, nobody listens, or too many wait.
func (e *events) tell(name, realm, user string, data map[string]any, now time.Time) {
	if !e.heard(name) || !e.first(eventKey{name, realm, user}, now) {
		return
	}
	select {
	case e.queue <- event{name, data}:
	default:
	}
}

// heard tells whether anybody listens: what there is to tell of a block need not
// be put together for nobody.
func (e *events) heard(name string) bool { return e.app != nil && e.app.ShouldEmit(name) }

// first tells whether none of the key was told in the last minute. Generations
// turn after a minute, so one may be held back for two.
func (e *events) first(key eventKey, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if age := now.Sub(e.turned); age >= eventEvery || age < 0 || len(e.young) >= maxTold {
		if e.old = e.young; age >= 2*eventEvery || age < 0 {
			e.old = nil
		}
		e.young, e.turned = map[eventKey]struct{}{}, now
	}
	_, young := e.young[key]
	_, old := e.old[key]
	if young || old {
		return false
	}
	e.young[key] = struct{}{}
	return true
}

// run hands events on until life ends.
func (e *events) run(life context.Context) {
	for {
		select {
		case <-life.Done():
			return
		case one := <-e.queue:
			e.app.Emit(e.ctx, one.name, one.data)
		}
	}
}
