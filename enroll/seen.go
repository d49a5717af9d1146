package enroll

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// seenFlag is a verified flag and what the revocations said of it when it was
// last checked: their epoch, shifted left by one, and 1 where it has ended. One
// word, so that no reader sees the epoch of one answer with another.
type seenFlag struct {
	flag    *Flag
	checked atomic.Uint64
}

// seen remembers verified flags by their token, so that a signature is checked
// once and not at every request. It is bounded: each shard keeps two
// generations, and a full young one becomes the old one, whose flags are
// verified again when they next come. Only well-signed tokens get in, so nobody
// without a flag can push another's out.
type seen struct {
	seed   maphash.Seed
	shards [seenShards]seenShard
}

const (
	seenShards = 16
	seenLimit  = 1024 // flags in one generation of one shard
)

type seenShard struct {
	mu         sync.RWMutex
	young, old map[string]*seenFlag
}

func newSeen() *seen { return &seen{seed: maphash.MakeSeed()} }

func (c *seen) shard(token string) *seenShard {
	return &c.shards[maphash.String(c.seed, token)%seenShards]
}

func (c *seen) get(token string) *seenFlag {
	if len(token) >= maxToken {
		return nil
	}
	sh := c.shard(token)
	sh.mu.RLock()
	e := sh.young[token]
	aged := e == nil && sh.old[token] != nil
	if aged {
		e = sh.old[token]
	}
	sh.mu.RUnlock()
	if aged {
		c.put(token, e)
	}
	return e
}

func (c *seen) put(token string, e *seenFlag) {
	sh := c.shard(token)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.young == nil || len(sh.young) >= seenLimit {
		sh.old, sh.young = sh.young, make(map[string]*seenFlag)
	}
	sh.young[token] = e
}

// forget empties it.
func (c *seen) forget() {
	for i := range c.shards {
		sh := &c.shards[i]
		sh.mu.Lock()
		sh.young, sh.old = nil, nil
		sh.mu.Unlock()
	}
}

// len counts what is remembered.
func (c *seen) len() (n int) {
	for i := range c.shards {
		sh := &c.shards[i]
		sh.mu.RLock()
		n += len(sh.young) + len(sh.old)
		sh.mu.RUnlock()
	}
	return n
}
