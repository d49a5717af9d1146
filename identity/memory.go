package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of a whoami's memory.
const (
	maxKept      = 16 << 10 // answers
	maxKeptBytes = 16 << 20
	maxTries     = 4
	briefly      = time.Second // how long an app that asked for rest is left alone
)

// memory remembers what the app said of its visitors, asks for each visitor
// once at a time, and forgets at once what may have changed.
type memory struct {
	mu      sync.Mutex
	kept    *lru[kept]
	drops   drops
	flights map[flightKey]*flight
	changes map[uintptr]change // by request

	// Of the above, for who only wants to know that nothing happened. All are
	// written under mu.
	all   calm
	some  [calms]calm // of the marks that fall to each
	floor atomic.Uint64
}

// kept is one remembered answer.
type kept struct {
	answer Answer
	begun  uint64
	until  time.Time
}

// flightKey is one visitor: strangers who send the same cookies from different
// addresses do not wait for each other.
type flightKey struct {
	key  digest
	addr string
}

// flight is one question to the app under way.
type flight struct {
	done    chan struct{}
	answer  Answer // once done is closed
	begun   uint64
	useless bool // something it depends on was dropped meanwhile
	whole   bool // not in part but as a whole
	shared  bool // others may use the answer
}

func newMemory(lifetime time.Duration) *memory {
	return &memory{
		kept:    newLRU[kept](maxKept, maxKeptBytes),
		drops:   newDrops(lifetime),
		flights: make(map[flightKey]*flight),
		changes: make(map[uintptr]change),
	}
}

// recall returns a remembered answer. Nobody counts only where nobodyToo is:
// who has just signed in must not be told that he has not.
func (m *memory) recall(key digest, now time.Time, nobodyToo bool) (Answer, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.remembered(key, now, nobodyToo)
}

// remembered is recall for whoever holds the lock.
func (m *memory) remembered(key digest, now time.Time, nobodyToo bool) (Answer, bool) {
	k, ok := m.kept.get(key)
	if !ok {
		return Answer{}, false
	}
	useless, _ := m.drops.anyDropped(k.answer.marks, k.begun)
	if useless || !now.Before(k.until) || k.answer.State == Nobody && !nobodyToo {
		m.kept.remove(key)
		return Answer{}, false
	}
	k.answer.Until = k.until
	return k.answer, true
}

// drop forgets every answer that depends on one of the marks; by is the
// request that brought it about.
func (m *memory) drop(marks []mark, by uintptr, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, one := range marks {
		m.drops.drop(one, by, now)
	}
	m.floor.Store(m.drops.floor)
	m.tell(marks, func(c *calm) { c.last.Store(events.Load()) })
}

// question is what one visitor wants to know.
type question struct {
	key   flightKey
	marks []mark // the first is that of the whole key
	now   time.Time
	ttl   time.Duration // 0: nothing is kept
	join  bool          // an answer under way will do; otherwise it must be begun after now
	apart bool          // an answer that came meanwhile may say nobody, as in recall
	wait  time.Duration // at most
	ask   func() Answer // asks the app; it ends by itself
}

var (
	errDropped = errors.New("the visitor's sign-in changed while the app was asked")
	errWaited  = errors.New("the app did not answer in time")
)

// ask asks the app, or joins who is asking. An answer begun before a drop is
// not used but asked for again; where that goes on and on for the very key,
// there is none.
func (m *memory) ask(ctx context.Context, q *question) Answer {
	limit := time.NewTimer(q.wait)
	defer limit.Stop()
	arrived := events.Add(1)
	for tries := 0; ; {
		f, mine := m.board(q, arrived)
		select {
		case <-f.done:
		case <-ctx.Done():
			return Answer{State: Down, Err: fmt.Errorf("asking the app: %w", context.Cause(ctx))}
		case <-limit.C:
			return Answer{State: Down, Err: errWaited}
		}
		switch {
		case !mine && (!f.shared || f.begun <= arrived && !q.join):
			continue
		case !f.useless:
			return f.answer
		}
		if tries++; tries < maxTries {
			continue
		}
		if f.whole {
			return Answer{State: Down, Err: errDropped, RetryAfter: briefly}
		}
		return f.answer
	}
}

// landed is done of a question that needs no asking.
var landed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// board returns the question under way for this visitor, or begins one. Whoever
// found nothing remembered may come here only once the answer has landed: it is
// looked for again, or he would be the second to ask.
func (m *memory) board(q *question, arrived uint64) (f *flight, mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f := m.flights[q.key]; f != nil {
		return f, false
	}
	if q.join {
		if a, ok := m.remembered(q.key.key, q.now, q.apart); ok {
			return &flight{done: landed, answer: a, shared: true}, false
		}
	}
	f = &flight{done: make(chan struct{}), begun: events.Add(1)}
	m.flights[q.key] = f
	go m.fly(q, f)
	return f, true
}

// fly asks the app on its own account: whoever began it may leave.
func (m *memory) fly(q *question, f *flight) {
	defer func() {
		if p := recover(); p != nil {
			f.answer = Answer{State: Down, Err: fmt.Errorf("asking the app: panicked: %v", p)}
		}
		m.land(q, f)
	}()
	f.answer = q.ask()
}

// land ends a question, and remembers the answer where that is right: none
// that sets a cookie, which is for one visitor alone. One that was dropped
// meanwhile is not found again: recall looks at the drops since it was begun.
func (m *memory) land(q *question, f *flight) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := &f.answer
	a.marks = slices.Clone(q.marks)
	f.useless, f.whole = m.drops.anyDropped(q.marks, f.begun)
	f.shared = len(a.SetCookie) == 0
	ttl := q.ttl
	if a.State == Down {
		ttl = min(a.RetryAfter, briefly)
	}
	switch {
	case !f.shared || ttl <= 0:
		m.kept.remove(q.key.key)
	case a.State == Known || a.State == Nobody || a.State == Down:
		m.kept.put(q.key.key, kept{*a, f.begun, q.now.Add(ttl)}, a.size())
	}
	delete(m.flights, q.key)
	close(f.done)
}

// size is about what an answer takes, in bytes.
func (a *Answer) size() int {
	p := &a.Person
	n := 512 + len(p.User) + len(p.Email) + len(p.Name) + len(p.Tenant) + len(p.Session) + len(p.ACR)
	for _, s := range p.Roles {
		n += 16 + len(s)
	}
	for _, s := range p.Methods {
		n += 16 + len(s)
	}
	return n
}
