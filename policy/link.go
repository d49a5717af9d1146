package policy

import (
	"fmt"
	"slices"
)

// Options is what the server around a policy file has.
type Options struct {
	Mail  MailState
	Mount string // where the gate's own pages live; "" for DefaultMount
}

// A linker joins documents to a policy: it fills in what is inherited and finds
// what cannot work together.
type linker struct {
	options  Options
	base     *settings // standard values under defaults
	defaults *settings // as written, nil where there are none
	own      map[string]*settings
	full     map[string]*settings
	tenants  map[string]*Tenant
	sets     map[setKey]*ruleset
	terms    map[termsKey]*Terms
	problems []problem
}

// maxParents bounds how many tenants stand one above the other.
const maxParents = 32

type setKey struct {
	protect, allow *ruleList
	sensitive      bool
}

// link joins the main document and the included ones. The policy is complete
// only where there are no problems.
func link(docs []*document, o Options) (*Policy, []problem) {
	l := &linker{
		options: o, base: standard(), defaults: docs[0].defaults,
		own: map[string]*settings{}, full: map[string]*settings{}, tenants: map[string]*Tenant{}, sets: map[setKey]*ruleset{}, terms: map[termsKey]*Terms{},
	}
	if l.defaults != nil {
		overlay(l.base, l.defaults)
	}
	var order []*settings
	for _, d := range docs {
		for _, s := range d.tenants {
			if before := l.own[s.Key]; before != nil {
				l.bad(s, s.at, "tenant %q is already there, at %s: keep one", s.Key, before.at)
				continue
			}
			l.own[s.Key] = s
			order = append(order, s)
		}
	}
	if len(order) == 0 {
		l.problems = append(l.problems, problem{place{docs[0].file, 1, 1}, docs[0].file, "no tenants: write at least one"})
	}
	tenants := make([]*Tenant, 0, len(order))
	hosts := make(map[string]*settings, len(order))
	for _, s := range order {
		l.host(s, hosts)
		if t := l.tenant(s, nil); t != nil {
			l.check(s, l.full[s.Key])
			tenants = append(tenants, t)
		}
	}
	p := newPolicy(tenants)
	for _, d := range docs {
		p.tests = append(p.tests, d.tests...)
	}
	p.warnings = warnings(docs, tenants, l.own)
	return p, l.problems
}

func (l *linker) bad(s *settings, at place, format string, args ...any) {
	l.problems = append(l.problems, problem{at, s.at.file, fmt.Sprintf(format, args...)})
}

func (l *linker) host(s *settings, hosts map[string]*settings) {
	for _, h := range s.Hosts {
		if before := hosts[h]; before != nil {
			l.bad(s, s.place("hosts"), "host %s is already tenant %s's, at %s: a host names one tenant", h, before.Key, before.place("hosts"))
		}
		hosts[h] = s
	}
}

// tenant returns a tenant with all it inherits, nil where its parents do not
// hold. Below are the tenants on the way to it.
func (l *linker) tenant(s *settings, below []*settings) *Tenant {
	if t, done := l.tenants[s.Key]; done {
		return t
	}
	l.tenants[s.Key] = nil // what fails once is not tried again
	full, parent := *l.base, (*Tenant)(nil)
	if s.Parent != "" {
		above := l.own[s.Parent]
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
			full = *l.full[s.Parent]
		}
	}
	full.Key, full.Name, full.Parent, full.Hosts, full.at = s.Key, s.Name, s.Parent, s.Hosts, s.at
	if full.Name == "" {
		full.Name = s.Key
	}
	above, terms := full.Terms, *full.Terms
	full.Terms = &terms
	overlay(&full, s)
	full.Terms = l.sharedTerms(above, s, &terms)
	t := full.Tenant
	t.parent, t.rules = parent, l.rules(&full)
	l.full[s.Key], l.tenants[s.Key] = &full, &t
	return &t
}

// near is the tenants' keys to suggest one from; too many to compare is none.
func (l *linker) near() (keys []string) {
	if len(l.own) <= 1000 {
		for k := range l.own {
			keys = append(keys, k)
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

// rules builds a tenant's ruleset, one for all tenants with the same lists.
func (l *linker) rules(s *settings) *ruleset {
	key := setKey{s.protect, s.allow, s.CaseSensitive}
	if set := l.sets[key]; set != nil {
		return set
	}
	set := &ruleset{
		protect: s.protect.rules, heads: s.protect.heads, plain: s.protect.plain, allow: s.allow.rules,
		from: &origin{s.protect.file, s.allow.file}, sensitive: s.CaseSensitive,
	}
	l.sets[key] = set
	return set
}

// check finds what cannot work together in a tenant with all it inherits.
func (l *linker) check(s, full *settings) {
	most := 0
	for _, kind := range full.Methods {
		most += full.Limits[kind]
	}
	if full.Minimum > most && len(full.Methods) > 0 {
		l.bad(s, l.written(s, "minimum"), "minimum: %d, but methods and limits let a user have %d: lower minimum or raise limits", full.Minimum, most)
	}
	l.checkKeys(s, full)
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
	for t := s; t != nil; t = l.own[t.Parent] {
		if at := t.place(key); at != t.at {
			return at
		}
	}
	if l.defaults != nil {
		return l.defaults.place(key)
	}
	return s.at
}
