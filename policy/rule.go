package policy

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A rule is one entry of `protect` or `allow`.
type rule struct {
	text   string // the prefix; "" stands for "/", all of the site
	folded string // as reading.folded
	strict string // as reading.strict
	depth  int    // segments; the longer of two prefixes has more

	query   []queryRule
	methods []string // allow only; nil: every method
	alone   bool     // covers the path itself and nothing below it (directory.go)
	derived bool     // stands for another rule's path under another name (directory.go)

	extension string // of a derived rule: what the other's path has behind this one's

	area  *Area // protect only
	where string
}

// A ruleset is the prefixes of one tenant, or of one directive.
type ruleset struct {
	protect, allow []rule  // the longest first
	heads          []head  // of protect
	areas          []*Area // in the order of the file
	sensitive      bool    // letter case tells two paths apart
}

// A head is the first eight bytes of a rule's folded prefix. Most rules are
// passed over by it alone, without a look at the rule: at many tenants the time
// goes into memory that is not at hand.
type head struct{ bytes, mask uint64 }

func newHead(folded string) head {
	h := head{headOf(folded), ^uint64(0)}
	if n := len(folded); n < 8 {
		h.mask = 1<<(8*n) - 1
	}
	return h
}

func newRule(prefix string) rule {
	r := rule{text: strings.TrimSuffix(prefix, "/")}
	r.folded, r.strict = fold(plainLetters(r.text)), lower(r.text)
	r.depth = strings.Count(r.text, "/")
	return r
}

// ready puts the longest prefixes first, in the file's order among equals, and
// makes what covers looks at. It is called once, when all rules are there.
func (s *ruleset) ready() {
	s.protect = withoutExtensions(withFolders(s.protect))
	longest := func(a, b rule) int { return cmp.Compare(b.depth, a.depth) }
	slices.SortStableFunc(s.protect, longest)
	slices.SortStableFunc(s.allow, longest)
	s.heads = make([]head, len(s.protect))
	for i := range s.protect {
		s.heads[i] = newHead(s.protect[i].folded)
	}
}

// A cover is what protects a target.
type cover struct {
	hit   bool
	area  *Area         // of the longest prefix
	fresh time.Duration // the strictest of all that match; 0: none says

	resistant bool // one of all that match asks for a phishing-resistant proof
	closed    bool // one of all that match is closed while the store is away
}

// coversAny is covers for the target as sent and as rewritten: the stricter of
// the two.
func (s *ruleset) coversAny(asked []*target, own *ruleset, f *Facts) (c cover) {
	for _, t := range asked {
		one := s.covers(t, own, f)
		if one.hit && !c.hit {
			c.hit, c.area = true, one.area
		}
		c.fresh = stricter(c.fresh, one.fresh)
		c.resistant = c.resistant || one.resistant
		c.closed = c.closed || one.closed
	}
	return c
}

// covers reports what of the ruleset, and of the directive's own prefixes,
// protects a target. Each reading is decided by itself, the longest matching
// prefix by its own word, protect at a tie; one protected reading is enough.
func (s *ruleset) covers(t *target, own *ruleset, f *Facts) (c cover) {
	for i := range t.len() {
		r := t.at(i)
		depth := -1
		var area *Area
		var fresh time.Duration
		resistant, closed := false, false
		for _, rules := range [...]*ruleset{s, own} {
			if rules == nil {
				continue
			}
			for j := range rules.heads {
				if h := &rules.heads[j]; r.head&h.mask != h.bytes {
					continue
				}
				p := &rules.protect[j]
				if !p.protects(r, rules.sensitive) || !p.asked(t, f) || p.extension != "" && s.opens(t, p.extended(r), p.depth, f) {
					continue
				}
				if p.depth > depth {
					depth, area = p.depth, p.area
				}
				fresh = stricter(fresh, p.area.Fresh)
				resistant = resistant || p.area.Resistant
				closed = closed || !p.area.LastKnown
			}
		}
		if depth < 0 || s.opens(t, r, depth, f) {
			continue
		}
		if !c.hit {
			c.hit, c.area = true, area
		}
		c.fresh = stricter(c.fresh, fresh)
		c.resistant = c.resistant || resistant
		c.closed = c.closed || closed
	}
	return c
}

// opens reports whether an allow longer than the protecting prefix covers the
// reading. That every other reading is open too, covers sees to.
func (s *ruleset) opens(t *target, r *reading, depth int, f *Facts) bool {
	if r == nil {
		return false
	}
	for i := range s.allow {
		a := &s.allow[i]
		if a.depth <= depth {
			return false
		}
		if a.allows(r, s.sensitive) && a.answers(t, f) && a.agreed(t, f) {
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
	path, prefix := r.folded, p.folded
	if sensitive {
		path, prefix = r.text, p.text
	}
	if p.alone {
		return isFolder(path, prefix, sensitive)
	}
	return under(path, prefix, sensitive) || suffixed(path, prefix, sensitive)
}

// allows reports whether the reading lies under the prefix as it is written,
// but for letter case.
func (p *rule) allows(r *reading, sensitive bool) bool {
	if sensitive {
		return under(r.text, p.text, true)
	}
	return under(r.strict, p.strict, false)
}

// answers reports whether the rule is for the method. A HEAD asks for what a
// GET would answer (RFC 9110, 9.3.2).
func (p *rule) answers(t *target, f *Facts) bool {
	if p.methods == nil {
		return true
	}
	if f.Method == "HEAD" && slices.Contains(p.methods, "GET") {
		return true
	}
	return slices.Contains(p.methods, f.Method) && (f.Method != "POST" || !p.overridden(t, f))
}

// overridden reports whether a POST may be another method to the app, and one
// that the rule is not for: Rails, Laravel and Symfony take a form's `_method` for
// it. A body that cannot be read may hold one.
func (p *rule) overridden(t *target, f *Facts) bool {
	if !slices.ContainsFunc([]string{"PUT", "PATCH", "DELETE"}, func(m string) bool { return !slices.Contains(p.methods, m) }) {
		return false
	}
	other := func(v string) bool {
		v = strings.ToUpper(strings.TrimSpace(v))
		return v != "" && !slices.Contains(p.methods, v)
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
