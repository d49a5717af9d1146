package identity

import (
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

// Bounds of the changes under way: how long one is taken to last at most, and
// how many are noted.
const (
	maxUnderWay = 5 * time.Minute
	maxChanges  = 4096
)

// change is a request to a sign-in, sign-out or password path that the app has
// not answered yet.
type change struct {
	marks []mark
	since time.Time
}

// begin notes a change under way. Where there are too many to note, all that
// was begun before counts as dropped instead.
func (m *memory) begin(by uintptr, marks []mark, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.changes) >= maxChanges {
		for id, c := range m.changes {
			if now.Sub(c.since) > maxUnderWay {
				m.over(id)
			}
		}
	}
	if len(m.changes) >= maxChanges {
		m.drops.floor = events.Add(1)
		m.floor.Store(m.drops.floor)
		m.all.last.Store(m.drops.floor)
		for id := range m.changes {
			m.over(id)
		}
	}
	m.over(by)
	m.changes[by] = change{marks, now}
	m.tell(marks, func(c *calm) { c.underWay.Add(1) })
}

func (m *memory) end(by uintptr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.over(by)
}

// over is end for whoever holds the lock.
func (m *memory) over(by uintptr) {
	if c, ok := m.changes[by]; ok {
		delete(m.changes, by)
		m.tell(c.marks, func(c *calm) { c.underWay.Add(-1) })
	}
}

// calm says when what falls to it was dropped last, and whether that may happen
// now. Many marks fall to one: it may say that something happened where nothing
// did, and never the reverse.
type calm struct {
	last     atomic.Uint64 // event of the last drop
	underWay atomic.Int64  // changes
}

// calms is how many tell visitors apart: of a thousand who send a form, about ten
// disturb a given one.
const calms = 1 << 10

// tell does the same to all that marks fall to, what is of everybody last: who sees
// it there finds it with each. It needs the lock.
func (m *memory) tell(marks []mark, do func(*calm)) {
	for _, one := range marks {
		do(&m.some[one%calms])
	}
	do(&m.all)
}

// since reports whether nothing was dropped since an event, nor may be now. Nobody
// waits for it: every answer to a proven visitor asks. What is under way drops before
// it ends, so that is read first: else an end between the two reads would hide its
// drop.
func (c *calm) since(event uint64) bool {
	return c.underWay.Load() == 0 && c.last.Load() <= event
}

// calmSince is that of what an answer with these marks depends on. The floor is read
// last: where changes are given up, it is raised before they end.
func (m *memory) calmSince(event uint64, marks []mark) bool {
	for _, one := range marks {
		if !m.some[one%calms].since(event) {
			return false
		}
	}
	return len(marks) > 0 && m.floor.Load() <= event
}

// changed reports whether a request other than r has dropped what this visitor
// depends on since an event, or may be doing so now.
func (m *memory) changed(r *http.Request, event uint64, list []mark, now time.Time) bool {
	by := requestID(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.drops.droppedByOthers(list, event, by) {
		return true
	}
	for id, c := range m.changes {
		if id != by && now.Sub(c.since) <= maxUnderWay && slices.ContainsFunc(c.marks, func(one mark) bool { return slices.Contains(list, one) }) {
			return true
		}
	}
	return false
}
