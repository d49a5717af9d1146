package identity

// lru is a bounded map that forgets what was used longest ago. It is not safe
// for concurrent use; its owner locks.
type lru[V any] struct {
	entries map[digest]*lruEntry[V]
	first   *lruEntry[V] // most recently used
	last    *lruEntry[V]
	size    int // bytes
	most    int // entries
	mostSum int // bytes
}

// digest is a SHA-256: what keys a cache is a secret, and chosen by clients.
type digest [32]byte

type lruEntry[V any] struct {
	key        digest
	value      V
	size       int
	prev, next *lruEntry[V]
}

// newLRU bounds the map in entries and in bytes.
func newLRU[V any](entries, bytes int) *lru[V] {
	return &lru[V]{entries: make(map[digest]*lruEntry[V]), most: entries, mostSum: bytes}
}

func (l *lru[V]) get(key digest) (v V, ok bool) {
	e := l.entries[key]
	if e == nil {
		return v, false
	}
	if l.first != e {
		l.unlink(e)
		l.push(e)
	}
	return e.value, true
}

func (l *lru[V]) put(key digest, v V, size int) {
	l.remove(key)
	if size > l.mostSum {
		return
	}
	e := &lruEntry[V]{key: key, value: v, size: size}
	l.entries[key] = e
	l.push(e)
	l.size += size
	for len(l.entries) > l.most || l.size > l.mostSum {
		l.remove(l.last.key)
	}
}

func (l *lru[V]) remove(key digest) {
	if e := l.entries[key]; e != nil {
		l.unlink(e)
		delete(l.entries, key)
		l.size -= e.size
	}
}

func (l *lru[V]) push(e *lruEntry[V]) {
	e.prev, e.next = nil, l.first
	if l.first != nil {
		l.first.prev = e
	}
	l.first = e
	if l.last == nil {
		l.last = e
	}
}

func (l *lru[V]) unlink(e *lruEntry[V]) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		l.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		l.last = e.prev
	}
	e.prev, e.next = nil, nil
}
