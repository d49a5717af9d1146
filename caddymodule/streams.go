package caddymodule

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// recheckEvery is how often open streams are judged again. Twice that, and a
// moment, is the longest a stream outlives what it was let pass by.
const recheckEvery = 10 * time.Second

// openStreams are those of the whole process: a stream outlives the
// configuration it was opened under, and is judged by the one in force.
var openStreams = streams{every: recheckEvery}

// streams are the requests that go on after they were let pass: upgraded
// connections, event streams, long answers and large bodies. One goroutine
// looks after all of them, and only while there are any, so that an ordinary
// request costs nothing.
type streams struct {
	looking sync.Mutex // held while all are judged
	mu      sync.Mutex // guards what follows
	every   time.Duration
	open    map[*stream]struct{}
	watched bool
}

func (o *streams) add(s *stream) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open == nil {
		o.open = make(map[*stream]struct{})
	}
	o.open[s] = struct{}{}
	if !o.watched {
		o.watched = true
		go o.watch(o.every)
	}
}

// remove must be called before the handler returns: the connection may carry
// another request next, which must not be ended for this one.
func (o *streams) remove(s *stream) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.open, s)
}

func (o *streams) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.open)
}

// watch judges all streams again and again, until there are none.
func (o *streams) watch(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for range tick.C {
		o.recheck()
		if o.idle() {
			return
		}
	}
}

func (o *streams) idle() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.watched = len(o.open) > 0
	return !o.watched
}

// recheck ends every stream that would not be let pass now.
func (o *streams) recheck() {
	o.looking.Lock()
	defer o.looking.Unlock()
	o.mu.Lock()
	list := slices.Collect(maps.Keys(o.open))
	o.mu.Unlock()
	for _, s := range list {
		if !s.mayGoOn() {
			o.end(s)
		}
	}
}

// end ends one stream, unless it has ended by itself.
func (o *streams) end(s *stream) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, open := o.open[s]; open {
		delete(o.open, s)
		s.end()
	}
}
