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
	loose bool          // it is met by its letters alone, as far as an allow could tell
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
		if t.more != nil {
			s.findBatch(&one, s, r)
			if own != nil {
				own.findBatch(&one, s, r)
			}
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
	some := b.may(r, 0, n)
	if some == 0 {
		return c
	}
	if !s.plain || s.sensitive {
		return s.covers(t, nil, f)
	}
	one := cover{depth: -1}
	for ; some != 0; some &= some - 1 {
		i := bits.TrailingZeros64(some)
		if prefix := b.prefix(i, n); meets(r.folded, prefix, false) {
			one.longest(s, &s.protect[i], r, strings.Count(prefix, "/"), &s.protect[i].Area)
		}
	}
	if one.depth < 0 || s.opening && s.opens(t, r, one.least(), f) {
		return c
	}
	return cover{hit: true, area: one.area, closed: true}
}

// longest keeps what covers a reading if it is the longest so far, or as long and
// met as it is written. The tenant's rules are s.
func (c *cover) longest(s *ruleset, p *rule, r *reading, depth int, a *Area) {
	if depth < c.depth {
		return
	}
	loose := s.opening && (r.by != asWritten || !p.names(r, s.sensitive))
	if depth > c.depth || c.loose && !loose {
		c.depth, c.area, c.loose = depth, a, loose
	}
}

// least is how many segments an allow needs to open what is covered: more than
// the longest prefix, which wins at a tie; as many where the reading has but its
// letters, so that a page of that very name can be told apart.
func (c *cover) least() int {
	if c.loose {
		return c.depth
	}
	return c.depth + 1
}

// judge adds to a cover what protects one reading, unless an allow opens it.
func (s *ruleset) judge(c, one *cover, t *target, r *reading, f *Facts) {
	if one.depth < 0 || s.opening && s.opens(t, r, one.least(), f) {
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
		rules.among(c, s, t, r, f, from, b.may(r, from, int(rules.n)))
	}
}

// among is find for some of the rules, those whose heads are the reading's: by
// bits, the first of which is that of one number.
func (rules *ruleset) among(c *cover, s *ruleset, t *target, r *reading, f *Facts, from int, some uint64) {
	for ; some != 0; some &= some - 1 {
		i := from + bits.TrailingZeros64(some)
		if rules.plain && !rules.sensitive {
			prefix := rules.block().prefix(i, int(rules.n))
			if !meets(r.folded, prefix, false) {
				continue
			}
			c.closed = true
			c.longest(s, &rules.protect[i], r, strings.Count(prefix, "/"), &rules.protect[i].Area)
			continue
		}
		p := &rules.protect[i]
		if !p.protects(r, rules.sensitive) || !p.asked(t, f) || p.special != nil && p.special.extension != "" && s.opens(t, p.extended(r), p.depth()+1, f) {
			continue
		}
		a := p.area()
		c.longest(s, p, r, p.depth(), a)
		c.fresh = stricter(c.fresh, a.Fresh)
		c.resistant = c.resistant || a.Resistant
		c.closed = c.closed || !a.LastKnown
	}
}

// opens reports whether an allow of so many segments at least covers the reading.
// That every other reading is open too, covers sees to.
func (s *ruleset) opens(t *target, r *reading, least int, f *Facts) bool {
	if r == nil {
		return false
	}
	for i := range s.allow {
		if a := &s.allow[i]; a.depth() >= least && a.allows(r, s.sensitive) && a.answers(t, f) && a.agreed(t, f) {
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
