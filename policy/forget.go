package policy

import (
	"fmt"
	"slices"
)

// Forget has a tenant go that keeps its rules because its file is gone. It is
// refused, and nothing changes, where nobody knows the tenant, where a file still
// holds it, and where the others do not go together without it: then the error is
// an *Errors.
func (f *File) Forget(key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.good
	i := slices.IndexFunc(was, func(d *document) bool { return heldBy([]*document{d})[key] })
	switch {
	case i < 0:
		return fmt.Errorf("no tenant %q is known", key)
	case f.sources.files[was[i].file] != nil:
		return fmt.Errorf("tenant %q stands in %s: take it out there, and its rules go with it within two seconds", key, was[i].file)
	}
	left := *was[i]
	left.tenants = slices.DeleteFunc(slices.Clone(left.tenants), func(s *settings) bool { return s.Key == key })
	f.good = slices.Clone(was)
	f.good[i] = &left
	p, good, problems := f.build()
	if p == nil {
		f.good = was
		return errorsOf(problems)
	}
	f.good = good
	f.policy.Store(p)
	if f.forgot == nil {
		f.forgot = map[string][]string{}
	}
	f.forgot[was[i].file] = append(f.forgot[was[i].file], key)
	return nil
}
