package policy

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// DefaultMount is where the gate's own pages live unless a directive says
// otherwise.
const DefaultMount = "/.mfa"

const maxPrefix = 1 << 10 // bytes

// Prefixes is a directive's own list of protected prefixes, checked. The nil
// Prefixes protects nothing.
type Prefixes struct {
	rules *ruleset
}

// NewPrefixes checks a directive's prefixes. The mount ("" for the default) is
// the gate's own and cannot be protected. The error names every prefix that is
// wrong and what to write instead.
func NewPrefixes(paths []string, mount string) (*Prefixes, error) {
	var errs []error
	set := &ruleset{}
	seen := map[string]bool{}
	for _, path := range paths {
		if err := checkPrefix(path, mount); err != nil {
			errs = append(errs, fmt.Errorf("protecting %q: %w", path, err))
			continue
		}
		r := newRule(path)
		if seen[r.folded()] {
			errs = append(errs, fmt.Errorf("protecting %q: it is listed twice", path))
			continue
		}
		seen[r.folded()] = true
		set.protect = append(set.protect, r)
	}
	set.ready()
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &Prefixes{set}, nil
}

// checkPrefix says what is wrong with a prefix, and what to write.
func checkPrefix(p, mount string) error {
	if mount == "" {
		mount = DefaultMount
	}
	switch {
	case p == "":
		return errors.New(`a prefix is a path: write "/" for all of the site`)
	case p[0] != '/':
		return fmt.Errorf("a prefix starts with one slash: write %s", "/"+strings.TrimLeft(p, "/"))
	case len(p) > maxPrefix:
		return fmt.Errorf("a prefix has at most %d bytes", maxPrefix)
	case strings.TrimSpace(p) != p:
		return fmt.Errorf("a prefix has no outer space: write %s", strings.TrimSpace(p))
	case strings.ContainsFunc(p, unicode.IsControl):
		return errors.New("a prefix has no control characters")
	case strings.HasSuffix(p, "*"):
		return fmt.Errorf("a prefix covers all below it without a star: write %s", cleanPrefix(strings.TrimRight(p, "*")))
	case strings.Contains(p, "?"):
		path, _, _ := strings.Cut(p, "?")
		return fmt.Errorf("a prefix has no query: write {path: %s, query: {key: value}}", cleanPrefix(path))
	}
	if i := strings.IndexAny(p, `*#%;\`); i >= 0 {
		return fmt.Errorf("a prefix is a plain, decoded path without %q: every spelling of it is covered anyway", p[i])
	}
	if p == "/" {
		return nil
	}
	for _, seg := range strings.Split(p[1:], "/") {
		if seg == "" || seg == "." || seg == ".." {
			return fmt.Errorf("a prefix has no empty and no dot segments, nor a slash at its end: write %s", cleanPrefix(p))
		}
	}
	if under(fold(p), foldPrefix(mount), false) {
		return fmt.Errorf("%s is where the gate's own pages live, they cannot be protected or allowed", mount)
	}
	return nil
}

// foldPrefix is a prefix as reading.folded.
func foldPrefix(p string) string { return fold(plainLetters(strings.TrimSuffix(p, "/"))) }

func cleanPrefix(p string) string {
	return mergeSlashes(resolveDots("/" + strings.Trim(p, "/")))
}

// UnderMount says where a target, as sent, stands beside the gate's own pages:
// under the mount in every reading, or in some readings and not in others. The
// second is how a request for the app dresses up as one for the gate
// (/.mfa/..%2fdocuments) and has to be refused.
func UnderMount(sent Target, mount string) (under, ambiguous bool) {
	var t target
	if !t.read(sent) {
		return false, false
	}
	return t.mounted(mount)
}

func (t *target) mounted(mount string) (all, some bool) {
	if mount == "" {
		return false, false
	}
	if t.more == nil && !mayBegin(t.one.head, mount) {
		return false, false // nearly every request: no rule has to be made of the mount
	}
	all = true
	text, folded := strings.TrimSuffix(mount, "/"), foldPrefix(mount)
	for i := range t.len() {
		r := t.at(i)
		exact := under(r.text, text, true)
		all = all && exact
		some = some || exact || under(r.folded, folded, false) // "/.mfa.html" is the app's own
	}
	return all, some && !all
}
