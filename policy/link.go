package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Options is what the server around a policy file has.
type Options struct {
	Mail MailState
	SMS  MailState // whether it can send text messages
	// Providers are the names of the identity providers that there are. Nil: it is
	// not known.
	Providers []string
	Mount     string // where the gate's own pages live; "" for DefaultMount
	Keep      string // the folder of what File.Keep writes; "": what goes while the server is down is forgotten
}

// A linker joins documents to a policy: it fills in what is inherited and finds
// what cannot work together. A tenant of which nothing changed, nor of its
// parents and the defaults, is taken over as it was.
type linker struct {
	options  Options
	base     *base
	defaults *settings // as written, nil where there are none
	round    *round
	keys     names[int]  // which of order it is
	order    []*settings // each key's first
	hosts    names[*settings]
	problems []problem
}

// A round is one link.
type round struct{ _ byte }

// A base is what every tenant without a parent stands on: the standard values
// under the defaults.
type base struct {
	settings
	rules *ruleset
	terms map[termsKey]*Terms
	stage map[stageKey]*Terms
	files map[origin]*origin
}

func newBase(defaults *settings) *base {
	b := &base{settings: *standard(), files: map[origin]*origin{}}
	if defaults != nil {
		overlay(&b.settings, defaults)
	}
	b.rules = b.set(&ruleset{}, &b.settings)
	b.rules.inherited = true
	return b
}

// maxParents bounds how many tenants stand one above the other.
const maxParents = 32

// link joins the main document and the included ones. There is no policy where
// there are problems.
func link(docs []*document, o Options) (*Policy, []problem) {
	l := &linker{options: o, base: docs[0].base, defaults: docs[0].defaults, round: &round{}}
	if l.base == nil {
		l.base = newBase(nil)
	}
	n := 0
	for _, d := range docs {
		n += len(d.tenants)
	}
	l.keys, l.hosts, l.order = newNames[int](n), newNames[*settings](n), make([]*settings, 0, n)
	for _, d := range docs {
		for _, s := range d.tenants {
			if i := l.keys.add(s.Key, len(l.order)); i != nil {
				l.bad(s, s.at, "tenant %q is already there, at %s: keep one", s.Key, l.order[*i].at)
				continue
			}
			l.order = append(l.order, s)
		}
	}
	if len(l.order) == 0 {
		l.problems = append(l.problems, problem{place{docs[0].file, 1, 1}, docs[0].file, "no tenants: write at least one"})
	}
	tenants := make([]*Tenant, 0, len(l.order))
	for _, s := range l.order {
		l.host(s)
		t := l.tenant(s, nil)
		if t == nil {
			continue
		}
		if before := len(l.problems); s.base == nil {
			if l.check(s, t.inherited(s)); len(l.problems) == before {
				s.base = l.base
			}
		}
		tenants = append(tenants, t)
	}
	if len(l.problems) > 0 {
		return nil, l.problems
	}
	p := newPolicy(tenants, l.keys)
	for _, d := range docs {
		p.tests = append(p.tests, d.tests...)
	}
	p.warnings = append(warnings(docs, tenants, l.order), p.warnRelated()...)
	return p, nil
}

func (l *linker) bad(s *settings, at place, format string, args ...any) {
	l.problems = append(l.problems, problem{at, s.at.file, fmt.Sprintf(format, args...)})
}

// named returns the settings of a key, nil where there are none.
func (l *linker) named(key string) *settings {
	if i := l.keys.get(key); i != nil {
		return l.order[*i]
	}
	return nil
}

func (l *linker) host(s *settings) {
	for _, h := range s.Hosts {
		if owner := l.hosts.add(h, s); owner != nil {
			before := *owner
			l.bad(s, s.place("hosts"), "host %s is already tenant %s's, at %s: a host names one tenant", h, before.Key, before.place("hosts"))
			*owner = s
		}
	}
}

// tenant returns a tenant with all it inherits, nil where its parents do not
// hold. Below are the tenants on the way to it.
func (l *linker) tenant(s *settings, below []*settings) *Tenant {
	if s.round == l.round {
		return s.tenant
	}
	before, base := s.tenant, s.base
	s.round, s.tenant, s.base = l.round, nil, nil // what fails once is not tried again
	parent := (*Tenant)(nil)
	if s.Parent != "" {
		above := l.named(s.Parent)
		switch {
		case above == nil:
			l.bad(s, s.place("parent"), "unknown parent %q%s", s.Parent, didYouMean(s.Parent, l.near()))
		case above == s || slices.Contains(below, above):
			l.bad(s, s.place("parent"), "parent %q is below this tenant itself: take one of the parents out", s.Parent)
			return nil
		case len(below) == maxParents:
			l.bad(s, s.place("parent"), "more than %d tenants stand one above the other: take some out", maxParents)
			return nil
		default:
			if parent = l.tenant(above, append(below, s)); parent == nil {
				return nil
			}
		}
	}
	if before != nil && base == l.base && before.parent == parent {
		s.tenant, s.base = before, base
		return before
	}
	full, rules := l.base.settings, l.base.rules
	if parent != nil {
		full, rules = *parent.inherited(s), parent.rules
	}
	full.Key, full.Name, full.Parent, full.Hosts, full.at = s.Key, s.Name, s.Parent, s.Hosts, s.at
	if full.Name == "" {
		full.Name = s.Key
	}
	above, terms := full.Terms, *full.Terms
	full.Terms = &terms
	overlay(&full, s)
	full.Terms = l.base.onStage(s, l.base.shared(above, s, &terms))
	if s.has&inRules == 0 {
		s.tenant = &Tenant{}
		*s.tenant = full.Tenant
	} else {
		own := &ownRules{Tenant: full.Tenant}
		rules, s.tenant = l.base.set(&own.set, &full), &own.Tenant
	}
	s.tenant.parent, s.tenant.rules = parent, rules
	return s.tenant
}

// ownRules is a tenant beside the rules that it does not inherit: a decision
// looks at both.
type ownRules struct {
	set ruleset
	Tenant
}

// inherited is the tenant, which s came to, as settings that others inherit.
func (t *Tenant) inherited(s *settings) *settings {
	r, files := t.rules, origin{}
	if r.from != nil {
		files = *r.from
	}
	full := &settings{
		Tenant: *t, at: s.at,
		protect: &ruleList{file: files.protect, rules: r.protect, face: r.face, sieve: r.sieve, host: r.host, plain: r.plain},
		allow:   &ruleList{file: files.allow, rules: r.allow},
	}
	if t.offStage != nil {
		full.Terms = t.offStage
	}
	return full
}

// near is the tenants' keys to suggest one from; too many to compare is none.
func (l *linker) near() (keys []string) {
	if len(l.order) <= 1000 {
		for _, s := range l.order {
			keys = append(keys, s.Key)
		}
		slices.Sort(keys)
	}
	return keys
}

// overlay copies every key that from writes.
func overlay(to, from *settings) {
	for i, k := range keys {
		if from.has&(1<<i) != 0 && k.copy != nil {
			k.copy(to, from)
		}
	}
}

// set makes a ruleset of lists of rules.
func (b *base) set(set *ruleset, s *settings) *ruleset {
	from := origin{s.protect.file, s.allow.file}
	if b.files[from] == nil {
		if len(b.files) >= maxTermsSeen {
			clear(b.files)
		}
		b.files[from] = &from
	}
	*set = ruleset{
		protect: s.protect.rules, face: s.protect.face, sieve: s.protect.sieve, host: s.protect.host, plain: s.protect.plain, allow: s.allow.rules,
		from: b.files[from], sensitive: s.CaseSensitive,
		n: uint32(len(s.protect.rules)), opening: len(s.allow.rules) > 0, // #nosec G115 -- a file holds fewer
	}
	return set
}

// check finds what cannot work together in a tenant with all it inherits.
func (l *linker) check(s, full *settings) {
	most := 0
	for _, kind := range full.Methods {
		base, _, _ := strings.Cut(kind, ".")
		most += full.Limits[base]
	}
	if full.Minimum > most && len(full.Methods) > 0 {
		l.bad(s, l.written(s, "minimum"), "minimum: %d, but methods and limits let a user have %d: lower minimum or raise limits", full.Minimum, most)
	}
	l.checkRecovery(s, full)
	l.checkLock(s, full)
	l.checkStage(s, full)
	l.checkKeys(s, full)
	l.checkAssign(s, full)
	if l.options.SMS == MailNo {
		l.needs(s, full, MethodSMS, "a gateway", "sms http <url> { body <template> }")
	}
	if l.options.Mail == MailNo {
		l.needs(s, full, MethodEmail, "mail", "mail smtp <url> { from <address> }")
		switch full.First {
		case FirstEmail:
			l.bad(s, l.written(s, "first"), "%v", ErrNoMail)
		case FirstTyped:
			l.bad(s, l.written(s, "first"), "`first: typed-email` mails a link: write `mail smtp <url> { from <address> }` into the global option mfa")
		}
	}
}

// needs refuses a kind of method that the server has nothing to send with.
func (l *linker) needs(s, full *settings, kind, what, line string) {
	for _, list := range []struct {
		key   string
		kinds []string
	}{{"methods", full.Methods}, {"recovery", full.Recovery}} {
		if slices.Contains(list.kinds, kind) {
			l.bad(s, l.written(s, list.key), "%s: %s needs %s: write `%s` into the global option mfa, or take %s out", list.key, kind, what, line, kind)
		}
	}
}

// written returns where a tenant, a tenant above it or the defaults write a
// key, else where the defaults or the tenant begin.
func (l *linker) written(s *settings, key string) place {
	for t := s; t != nil; t = l.named(t.Parent) {
		if at := t.place(key); at != t.at {
			return at
		}
	}
	if l.defaults != nil {
		return l.defaults.place(key)
	}
	return s.at
}
