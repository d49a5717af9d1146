package policy

import "strings"

// batch is where OData takes a list of requests in the body of one, for whatever lies
// in its folder. What they ask for is not looked into: it may be anything there.
const batch = "/$batch"

// inBatch reports whether the reading is such an address, and what the rule protects
// may be asked for there.
func (p *rule) inBatch(r *reading) bool {
	folder, ok := strings.CutSuffix(strings.TrimRight(r.folded, "/"), batch)
	return ok && under(p.folded(), folder, false)
}

func isBatch(folded string) bool { return strings.HasSuffix(strings.TrimRight(folded, "/"), batch) }

// findBatch adds to a cover the rules that protect what one reading may ask for in its
// body. An allow opens it by its own name, and not by that of its folder.
func (rules *ruleset) findBatch(c *cover, s *ruleset, r *reading) {
	if !isBatch(r.folded) {
		return
	}
	for i := range rules.protect {
		if p := &rules.protect[i]; p.inBatch(r) {
			a := p.area()
			c.longest(s, p, r, strings.Count(strings.TrimRight(r.folded, "/"), "/"), a)
			c.add(&cover{fresh: a.Fresh, resistant: a.Resistant, closed: !a.LastKnown})
		}
	}
}
