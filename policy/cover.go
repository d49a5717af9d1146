package policy

import (
	"math/bits"
	"strings"
	"time"
)

// A cover is what protects a target.
type cover struct {
	hit   bool
	area  *Area         // of the longest prefix
	depth int           // its segments, of one reading
	fresh time.Duration // the strictest of all that match; 0: none says

	resistant bool // one of all that match asks for a phishing-resistant proof
	closed    bool // one of all that match is closed while the store is away
}

// coversAny is covers for the target as sent and as rewritten: the stricter of
// the two.
func (s *ruleset) coversAny(asked []*target, own *ruleset, f *Facts) (c cover) {
	for _, t := range asked {
		one := s.covers(t, own, f)
		c.add(&one)
	}
	return c
}

// add makes it what two readings or targets together are: the stricter of them.
func (c *cover) add(one *cover) {
	if one.hit && !c.hit {
		c.hit, c.area = true, one.area
	}
	c.fresh = stricter(c.fresh, one.fresh)
	c.resistant = c.resistant || one.resistant
	c.closed = c.closed || one.closed
}

// covers reports what of the ruleset, and of the directive's own prefixes,
// protects a target. Each reading is decided by itself, the longest matching
// prefix by its own word, protect at a tie; one protected reading is enough.
func (s *ruleset) covers(t *target, own *ruleset, f *Facts) (c cover) {
	for i := range t.len() {
		r := t.at(i)
		one := cover{depth: -1}
		s.find(&one, s, t, r, f)
		if own != nil {
			own.find(&one, s, t, r, f)
		}
		s.judge(&c, &one, t, r, f)
	}
	return c
}

// coversBeside is covers for a target that is written plainly, by the block that
// lies beside the host, if any: what of it is looked at needs no wait for the rules.
func (s *ruleset) coversBeside(at *hostSlot, t *target, f *Facts) (c cover) {
	if !at.beside {
		return s.covers(t, nil, f)
	}
	r, b, n := &t.one, at.block(), int(at.rules)
	some := b.among(r.head, 0, n)
	if some == 0 {
		return c
	}
	if !s.plain || s.sensitive {
		return s.covers(t, nil, f)
	}
	best, depth := -1, -1
	for ; some != 0; some &= some - 1 {
		i := bits.TrailingZeros64(some)
		if prefix := b.prefix(i, n); r.under(prefix) {
			if d := strings.Count(prefix, "/"); d > depth {
				best, depth = i, d
			}
		}
	}
	if best < 0 || s.opening && s.opens(t, r, depth, f) {
		return c
	}
	return cover{hit: true, area: &s.protect[best].Area, closed: true}
}

// judge adds to a cover what protects one reading, unless an allow opens it.
func (s *ruleset) judge(c, one *cover, t *target, r *reading, f *Facts) {
	if one.depth < 0 || s.opening && s.opens(t, r, one.depth, f) {
		return
	}
	one.hit = true
	c.add(one)
}

// find adds to a cover the rules that protect a reading. The tenant's rules are
// s.
func (rules *ruleset) find(c *cover, s *ruleset, t *target, r *reading, f *Facts) {
	b := rules.block()
	for from := 0; from < int(rules.n); from += maxAmong {
		rules.among(c, s, t, r, f, from, b.among(r.head, from, int(rules.n)))
	}
}

// among is find for some of the rules, those whose heads are the reading's: by
// bits, the first of which is that of one number.
func (rules *ruleset) among(c *cover, s *ruleset, t *target, r *reading, f *Facts, from int, some uint64) {
	for ; some != 0; some &= some - 1 {
		i := from + bits.TrailingZeros64(some)
		if rules.plain && !rules.sensitive {
			prefix := rules.block().prefix(i, int(rules.n))
			if !r.under(prefix) {
				continue
			}
			c.closed = true
			if d := strings.Count(prefix, "/"); d > c.depth {
				c.depth, c.area = d, &rules.protect[i].Area
			}
			continue
		}
		p := &rules.protect[i]
		if !p.protects(r, rules.sensitive) || !p.asked(t, f) || p.special != nil && p.special.extension != "" && s.opens(t, p.extended(r), p.depth(), f) {
			continue
		}
		a := p.area()
		if d := p.depth(); d > c.depth {
			c.depth, c.area = d, a
		}
		c.fresh = stricter(c.fresh, a.Fresh)
		c.resistant = c.resistant || a.Resistant
		c.closed = c.closed || !a.LastKnown
	}
}

// opens reports whether an allow longer than the protecting prefix covers the
// reading. That every other reading is open too, covers sees to.
func (s *ruleset) opens(t *target, r *reading, depth int, f *Facts) bool {
	if r == nil {
		return false
	}
	for i := range s.allow {
		if a := &s.allow[i]; a.depth() > depth && a.allows(r, s.sensitive) && a.answers(t, f) && a.agreed(t, f) {
			return true
		}
	}
	return false
}

func stricter(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
