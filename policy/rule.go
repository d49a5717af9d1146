package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A rule is one entry of `protect` or `allow`. A policy may have a million, so
// it holds what all have; what few have stands behind Area.extra.
type rule struct {
	Area
	line, col uint32 // 0: of a directive
}

// An extra is what an entry says beside its path.
type extra struct {
	Fresh time.Duration // a proof must be this recent; 0: as old as the flag lives
	// Resistant asks for a phishing-resistant proof, whatever the tenant does
	// elsewhere.
	Resistant bool
	// LastKnown lets who proved go on while the store is away; false: closed.
	LastKnown bool
	names     []areaName
	special   *special
}

// A special is what makes an entry another one than a path of lower-case ASCII.
type special struct {
	folded string // as reading.folded
	strict string // as reading.strict

	query   []queryRule
	methods []string // allow only; nil: every method
	keys    []string // allow only, as canonKey: what else a request may set; nil: anything

	of        *Area  // of a rule that stands for another's path under another name: the other (directory.go)
	alone     bool   // of such a one: covers the path itself and nothing below it
	extension string // of such a one: what the other's path has behind this one's
}

// plainly is the extra of every entry that is a path alone, so that none needs
// one of its own. It is never written to.
var plainly = &extra{}

// text is the prefix; "" stands for "/", all of the site.
func (p *rule) text() string {
	if len(p.Path) == 1 {
		return ""
	}
	return p.Path
}

func (p *rule) folded() string {
	if p.special != nil {
		return p.special.folded
	}
	return p.text()
}

func (p *rule) strict() string {
	if p.special != nil {
		return p.special.strict
	}
	return p.text()
}

func (p *rule) query() []queryRule {
	if p.special != nil {
		return p.special.query
	}
	return nil
}

func (p *rule) methods() []string {
	if p.special != nil {
		return p.special.methods
	}
	return nil
}

func (p *rule) keys() []string {
	if p.special != nil {
		return p.special.keys
	}
	return nil
}

// area is what the rule protects; where it stands for another, that one's.
func (p *rule) area() *Area {
	if p.special != nil && p.special.of != nil {
		return p.special.of
	}
	return &p.Area
}

// depth is how many segments the prefix has: the longer of two has more.
func (p *rule) depth() int {
	if len(p.area().Path) == 1 {
		return 0
	}
	return strings.Count(p.area().Path, "/")
}

// A ruleset is the prefixes of one tenant, or of one directive. Its last fields
// are those that most decisions look at: they lie on one line of memory with the
// first ones of the tenant behind it (link.go).
type ruleset struct {
	allow     []rule  // in the order of the file, as protect is
	from      *origin // nil: of a directive
	face      string  // a host, and the block of protect
	sieve     sieve   // of protect
	inherited bool    // from the defaults, by any number of tenants

	protect   []rule
	n         uint32 // rules of protect
	host      uint8  // bytes of the host
	sensitive bool   // letter case tells two paths apart
	plain     bool   // the block says all of protect
	opening   bool   // there is an allow
}

func (s *ruleset) block() block { return block(s.face[s.host:]) }

// An origin is the files that the rules of a set stand in.
type origin struct{ protect, allow string }

func newRule(prefix string) rule {
	r := rule{Area: Area{Path: prefix, extra: plainly}}
	folded, strict := fold(plainLetters(r.text())), lower(r.text())
	if folded != r.text() || strict != r.text() {
		r.extra = &extra{special: &special{folded: folded, strict: strict}}
	}
	return r
}

// says returns the rule's extra to be written to.
func (p *rule) says() *extra {
	if p.extra == plainly {
		p.extra = &extra{}
	}
	return p.extra
}

// asks returns the rule's special to be written to.
func (p *rule) asks() *special {
	if e := p.says(); e.special == nil {
		e.special = &special{folded: p.text(), strict: p.text()}
	}
	return p.special
}

// ready makes what covers looks at. It is called once, when all rules are there.
func (s *ruleset) ready() {
	var k keeper
	s.protect = withDerived(s.protect)
	s.face, s.sieve, s.plain = k.face("", s.protect)
	s.n, s.opening = uint32(len(s.protect)), len(s.allow) > 0 // #nosec G115 -- a file of a policy holds fewer
}

// longestFirst returns rules as they are tried in a reader's eyes: the longest
// first, in the file's order among equals.
func longestFirst(rules []rule) []*rule {
	list := make([]*rule, len(rules))
	for i := range rules {
		list[i] = &rules[i]
	}
	slices.SortStableFunc(list, func(a, b *rule) int { return cmp.Compare(b.depth(), a.depth()) })
	return list
}

// where says what an entry of protect or of allow is, and where it stands.
func (s *ruleset) where(p *rule) string {
	what, rules, file := "protect", s.protect, ""
	i := indexOfArea(s.protect, p.area())
	if i < 0 {
		what, rules, i = "allow", s.allow, indexOfArea(s.allow, &p.Area)
	}
	if s.from != nil {
		if file = s.from.protect; what == "allow" {
			file = s.from.allow
		}
	}
	text, written := what+" "+p.area().Path, &rules[i]
	if written.line > 0 {
		text = fmt.Sprintf("%s[%d] %s %s", what, i, written.Path, place{file, int(written.line), int(written.col)})
	}
	switch {
	case written == p:
	case p.special.alone:
		text += " (what its folder shows)"
	case p.special.extension != "":
		text += " (without its extension)"
	case slices.ContainsFunc(p.special.query, func(q queryRule) bool { return q.route != nil }):
		text += " (as a query names it)"
	default:
		text += " (with two letters for one)"
	}
	return text
}

func indexOfArea(rules []rule, a *Area) int {
	for i := range rules {
		if &rules[i].Area == a {
			return i
		}
	}
	return -1
}
