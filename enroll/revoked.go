package enroll

import (
	"sync"
	"sync/atomic"
	"time"
)

// revocation is one line of the log: a flag by its id, or a user's flags by the
// generation they must at least be of.
type revocation struct {
	Flag    string `json:"flag,omitempty"`
	Realm   string `json:"realm,omitempty"`
	User    string `json:"user,omitempty"`
	Tenant  string `json:"tenant,omitempty"` // only flags of enrolments made there
	Gen     uint64 `json:"gen,omitempty"`
	Spare   string `json:"spare,omitempty"` // id of the one flag that stays
	Expires int64  `json:"expires"`         // Unix seconds; no flag it speaks of lives longer
}

// revoked is every live revocation, in memory, so that a request asks no store.
type revoked struct {
	epoch atomic.Uint64 // grows with every change
	mu    sync.RWMutex
	flags map[string]int64 // id to end
	users map[userKey]*endedUser
}

type userKey struct{ realm, user string }

type endedUser struct {
	ends    int64
	gen     uint64 // flags of an earlier generation have ended
	spare   string // but for this one
	other   uint64 // unless it is of an earlier generation than this: a line that did not spare it
	tenants map[string]uint64
}

func newRevoked() *revoked {
	r := &revoked{flags: map[string]int64{}, users: map[userKey]*endedUser{}}
	r.epoch.Store(1)
	return r
}

// add takes a line in. Lines may come twice and in any order.
func (r *revoked) add(line revocation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.epoch.Add(1) // before the lock is given back
	if line.Flag != "" {
		r.flags[line.Flag] = max(r.flags[line.Flag], line.Expires)
		return
	}
	key := userKey{line.Realm, line.User}
	u := r.users[key]
	if u == nil {
		u = &endedUser{tenants: map[string]uint64{}}
		r.users[key] = u
	}
	u.ends = max(u.ends, line.Expires)
	switch {
	case line.Tenant != "":
		u.tenants[line.Tenant] = max(u.tenants[line.Tenant], line.Gen)
	case line.Spare == u.spare:
		u.gen = max(u.gen, line.Gen)
	case line.Gen > u.gen: // what an earlier line has ended, no later one brings back
		u.gen, u.spare, u.other = line.Gen, line.Spare, max(u.other, u.gen)
	default: // also where two nodes spared two flags at once: neither stays
		u.other = max(u.other, line.Gen)
	}
}

// ended tells whether the flag was revoked. It looks again only where something
// was revoked since it last looked at this one.
func (r *revoked) ended(e *seenFlag) bool {
	epoch := r.epoch.Load() // before the look: what comes in between is seen next time
	checked := e.checked.Load()
	if checked>>1 != epoch {
		checked = epoch << 1
		if r.has(e.flag) {
			checked |= 1
		}
		e.checked.Store(checked)
	}
	return checked&1 == 1
}

func (r *revoked) has(f *Flag) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if _, ok := r.flags[f.ID]; ok {
		return true
	}
	u := r.users[userKey{f.Realm, f.User}]
	return u != nil && (f.Gen < u.gen && (f.ID != u.spare || f.Gen < u.other) || f.Gen < u.tenants[f.Tenant])
}

// gen is the least generation that a new flag of the user must be of.
func (r *revoked) gen(realm, user string) uint64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	u := r.users[userKey{realm, user}]
	if u == nil {
		return 0
	}
	g := u.gen
	for _, t := range u.tenants {
		g = max(g, t)
	}
	return g
}

// sweep forgets lines that no living flag can be meant by.
func (r *revoked) sweep(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, end := range r.flags {
		if end < now.Unix() {
			delete(r.flags, id)
		}
	}
	for key, u := range r.users {
		if u.ends < now.Unix() {
			delete(r.users, key)
		}
	}
}
