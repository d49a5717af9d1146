package identity

import (
	"maps"
	"net/http"
	"slices"
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
		maps.DeleteFunc(m.changes, func(_ uintptr, c change) bool { return now.Sub(c.since) > maxUnderWay })
	}
	if len(m.changes) >= maxChanges {
		clear(m.changes)
		m.drops.floor = events.Add(1)
		m.last.Store(m.drops.floor)
	}
	m.changes[by] = change{marks, now}
	m.underWay.Store(int64(len(m.changes)))
	changes.Add(1)
}

func (m *memory) end(by uintptr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.changes, by)
	m.underWay.Store(int64(len(m.changes)))
}

// quietSince reports whether nothing was dropped since an event, nor may be now.
// Nobody waits for it: every answer to a proven visitor asks. What is under way
// drops before it ends, so that is read first: else an end between the two reads
// would hide its drop.
func (m *memory) quietSince(event uint64) bool {
	return m.underWay.Load() == 0 && m.last.Load() <= event
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
