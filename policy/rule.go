package policy

import (
	"cmp"
	"fmt"
	"math/bits"
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
	inherited bool    // from the defaults, by any number of tenants
	_         uint64

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
	s.face, s.plain = k.face("", s.protect)
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
	default:
		text += " (without its extension)"
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

// coversAmong is covers for a target that is written plainly, where it is known
// by the block which of the rules alone may protect it.
func (s *ruleset) coversAmong(t *target, f *Facts, b block, some uint64) (c cover) {
	if !s.plain || s.sensitive {
		return s.covers(t, nil, f)
	}
	r, best, depth := &t.one, -1, 0
	for ; some != 0; some &= some - 1 {
		i := bits.TrailingZeros64(some)
		if !r.under(b.prefix(i, int(s.n))) {
			continue
		}
		if best < 0 {
			best = i
			continue
		}
		if depth == 0 {
			depth = s.protect[best].depth()
		}
		if d := s.protect[i].depth(); d > depth {
			best, depth = i, d
		}
	}
	if best < 0 || s.opening && s.opens(t, r, s.protect[best].depth(), f) {
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
	for from := 0; from < int(rules.n); from += maxHeads {
		rules.among(c, s, t, r, f, from, b[8*from:].among(r.head, min(maxHeads, int(rules.n)-from)))
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

// under is rule.protects for a prefix that is a path alone, where the head is
// already known to be the reading's.
func (r *reading) under(prefix string) bool {
	path := r.folded
	if len(path) < len(prefix) {
		return false
	}
	for i := 8; i < len(prefix); i++ {
		if lowerByte(path[i]) != prefix[i] {
			return false
		}
	}
	return len(path) == len(prefix) || path[len(prefix)] == '/' || path[len(prefix)] == '.' && suffixed(path, prefix, false)
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

// protects reports whether the reading lies under the prefix in the widest
// sense: without regard to letters that look or fold alike, and with a suffix
// ("/documents.json") taken for the same resource.
func (p *rule) protects(r *reading, sensitive bool) bool {
	path, prefix := r.folded, p.folded()
	if sensitive {
		path, prefix = r.text, p.text()
	}
	if p.special != nil && p.special.alone {
		return isFolder(path, prefix, sensitive)
	}
	return under(path, prefix, sensitive) || suffixed(path, prefix, sensitive)
}

// allows reports whether the reading lies under the prefix as it is written,
// but for letter case.
func (p *rule) allows(r *reading, sensitive bool) bool {
	if sensitive {
		return under(r.text, p.text(), true)
	}
	return under(r.strict, p.strict(), false)
}

// answers reports whether the rule is for the method. A HEAD asks for what a
// GET would answer (RFC 9110, 9.3.2).
func (p *rule) answers(t *target, f *Facts) bool {
	methods := p.methods()
	if methods == nil {
		return true
	}
	if f.Method == "HEAD" && slices.Contains(methods, "GET") {
		return true
	}
	return slices.Contains(methods, f.Method) && (f.Method != "POST" || !overridden(methods, t, f))
}

// overridden reports whether a POST may be another method to the app, and none of
// these: Rails, Laravel and Symfony take a form's `_method` for it. A body that
// cannot be read may hold one.
func overridden(methods []string, t *target, f *Facts) bool {
	if !slices.ContainsFunc([]string{"PUT", "PATCH", "DELETE"}, func(m string) bool { return !slices.Contains(methods, m) }) {
		return false
	}
	other := func(v string) bool {
		v = strings.ToUpper(strings.TrimSpace(v))
		return v != "" && !slices.Contains(methods, v)
	}
	found := false
	eachValue(t, overrideKey, func(v string) { found = found || other(v) })
	if found || f.Form == nil {
		return found
	}
	form, err := f.Form()
	return err != nil || slices.ContainsFunc(formValues(form, overrideKey), other)
}

const overrideKey = "_method"

// under reports whether path is prefix or lies below it, by whole segments.
func under(path, prefix string, sensitive bool) bool {
	return starts(path, prefix, sensitive) && (len(path) == len(prefix) || path[len(prefix)] == '/')
}

// suffixed reports whether path is prefix with an extension. Below it there is
// something only where the extension is one of a program or of a format that
// routers know: /documents.php/1 and /documents.json/ are the documents,
// /documents.old/1 is another folder.
func suffixed(path, prefix string, sensitive bool) bool {
	if prefix == "" || len(path) <= len(prefix) || path[len(prefix)] != '.' || !starts(path, prefix, sensitive) {
		return false
	}
	seg, rest, _ := strings.Cut(path[len(prefix):], "/")
	return rest == "" || isScript(seg) || isFormat(seg)
}

func isFormat(seg string) bool {
	for _, f := range [...]string{".json", ".xml", ".html", ".htm", ".xhtml", ".txt", ".csv", ".pdf", ".rss", ".atom", ".js"} {
		if strings.EqualFold(seg, f) {
			return true
		}
	}
	return false
}

// starts is strings.HasPrefix, ASCII letter case apart: the readings of plainly
// written targets are not folded beforehand, prefixes are.
func starts(path, prefix string, sensitive bool) bool {
	if len(path) < len(prefix) {
		return false
	}
	if sensitive {
		return path[:len(prefix)] == prefix
	}
	for i := range len(prefix) {
		if lowerByte(path[i]) != prefix[i] {
			return false
		}
	}
	return true
}
