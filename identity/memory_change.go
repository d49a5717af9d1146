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
		m.last = events.Add(1)
		m.drops.floor = m.last
	}
	m.changes[by] = change{marks, now}
	changes.Add(1)
}

func (m *memory) end(by uintptr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.changes, by)
}

// changed reports whether a request other than r has dropped what this visitor
// depends on since an event, or may be doing so now. marks is asked only where
// anything happened at all.
func (m *memory) changed(r *http.Request, event uint64, marks func() []mark, now time.Time) bool {
	m.mu.Lock()
	quiet := m.last <= event && len(m.changes) == 0
	m.mu.Unlock()
	if quiet {
		return false
	}
	list, by := marks(), requestID(r)
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
