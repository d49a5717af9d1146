package policy

import (
	"net/netip"
	"reflect"
	"slices"
	"time"
)

// neutral are the keys of which no value protects less than another.
var neutral = []string{"limits", "rp_id", "language", "brand", "admins"}

// weaker reports whether a tenant's value of a key protects less than the one
// above it. A value that cannot be compared is weaker, unless it is the same.
func weaker(key string, s, above *settings) bool {
	switch key {
	case "require":
		return s.Require < above.Require
	case "locked":
		return above.Locked && !s.Locked
	case "mode":
		return s.Report && !above.Report
	case "activate":
		return s.Activate.laterThan(above.Activate)
	case "grace":
		return s.Grace > above.Grace
	case "remind":
		return s.Remind.longerThan(above.Remind)
	case "prove":
		return s.Prove == ProveEnrolled && above.Prove != ProveEnrolled
	case "share":
		return s.Share == ShareEverywhere && above.Share != ShareEverywhere
	case "on_disable":
		return above.OnDisable == OnDisableKeep && s.OnDisable != OnDisableKeep
	case "undo":
		return s.Undo && !above.Undo
	case "case":
		return s.CaseSensitive != above.CaseSensitive
	case "protect":
		return slices.ContainsFunc(above.protect.rules, func(a rule) bool { return !a.stands() && !s.protect.keeps(a) })
	case "allow":
		return slices.ContainsFunc(s.allow.rules, func(a rule) bool { return !above.allow.opens(a) })
	case "methods":
		return slices.ContainsFunc(s.Methods, func(kind string) bool { return kind != MethodPasskey && !slices.Contains(above.Methods, kind) })
	case "assign":
		return slices.ContainsFunc(above.Assign, func(a assignment) bool { return !slices.Contains(s.Assign, a) })
	case "recovery":
		return s.RecoveryMinimum < above.RecoveryMinimum || above.RecoveryRequired && !s.RecoveryRequired ||
			slices.ContainsFunc(s.Recovery, func(kind string) bool { return !slices.Contains(above.Recovery, kind) })
	case "minimum":
		return s.Minimum < above.Minimum
	case "review":
		return above.Review != 0 && (s.Review == 0 || s.Review > above.Review)
	case "manage":
		return above.Manage != 0 && (s.Manage == 0 || s.Manage > above.Manage)
	case "first":
		return s.First != above.First && !asGood(s.First, above.First)
	case "enroll_from":
		return above.EnrollFrom != nil && (s.EnrollFrom == nil || slices.ContainsFunc(s.EnrollFrom, func(n netip.Prefix) bool { return !inside(n, above.EnrollFrom) }))
	case "trust_device":
		return s.TrustDevice > above.TrustDevice
	case "service_accounts":
		return slices.ContainsFunc(s.ServiceAccounts, func(a ServiceAccount) bool {
			return !slices.ContainsFunc(above.ServiceAccounts, func(b ServiceAccount) bool { return reflect.DeepEqual(a, b) })
		})
	}
	return !slices.Contains(neutral, key)
}

// laterThan reports whether the requirement may begin later for somebody.
func (a Activate) laterThan(b Activate) bool {
	switch {
	case a == b, a == Activate{}:
		return false
	case !a.From.IsZero() && !b.From.IsZero():
		return a.From.After(b.From)
	}
	return true
}

// longerThan reports whether what is owed can be put off for longer.
func (m Reminder) longerThan(n Reminder) bool {
	const ever = time.Duration(1<<63 - 1)
	lasts := func(m Reminder) time.Duration {
		if m.Every > 0 && m.Times == 0 {
			return ever
		}
		return m.lasts()
	}
	return lasts(m) > lasts(n)
}

// inside reports whether a network lies in one of several.
func inside(n netip.Prefix, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(o netip.Prefix) bool { return o.Bits() <= n.Bits() && o.Contains(n.Addr()) })
}

// stands reports whether the rule was made of another one (directory.go).
func (p *rule) stands() bool { return p.special != nil && p.special.of != nil }

// same reports whether two entries speak of the same prefix and query.
func (p *rule) same(q *rule) bool {
	return p.folded() == q.folded() && reflect.DeepEqual(p.query(), q.query())
}

// keeps reports whether the list protects an entry's very prefix, and no less.
// Its being covered by a shorter one is not enough: of two lists the longest
// entry decides, and what allow opens below the shorter one was closed.
func (l *ruleList) keeps(a rule) bool {
	return slices.ContainsFunc(l.rules, func(b rule) bool {
		return b.same(&a) && (a.Fresh == 0 || b.Fresh != 0 && b.Fresh <= a.Fresh) &&
			(b.Resistant || !a.Resistant) && (a.LastKnown || !b.LastKnown)
	})
}

// opens reports whether the list opens an entry's very prefix, to all of its
// methods.
func (l *ruleList) opens(a rule) bool {
	within := func(list, above []string) bool {
		return above == nil || list != nil && !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(above, s) })
	}
	return slices.ContainsFunc(l.rules, func(b rule) bool {
		return b.same(&a) && within(a.methods(), b.methods()) && within(a.keys(), b.keys())
	})
}

// checkLock refuses what a tenant writes that is weaker than what stands above
// it, where that is locked.
func (l *linker) checkLock(s, full *settings) {
	above, who, locked := &l.base.settings, "defaults lock", place{}
	if l.defaults != nil {
		locked = l.defaults.place("locked")
	}
	if s.Parent != "" {
		up := l.named(s.Parent)
		if up == nil || s.tenant.parent == nil {
			return // there is no such parent, which is said already
		}
		above, locked = s.tenant.parent.inherited(up), l.written(up, "locked")
		who = "tenant " + s.Parent + " locks"
	}
	if !above.Locked {
		return
	}
	for _, p := range s.places {
		if name := keys[p.key].name; !keys[p.key].own && weaker(name, full, above) {
			l.bad(s, s.place(name), "%s is weaker here than what %s (%s): leave it out, or write something at least as strict", name, who, locked)
		}
	}
}
