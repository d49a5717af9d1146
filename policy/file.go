package policy

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// A File is a policy file that is looked at again and again. Policy is safe for
// concurrent use.
type File struct {
	policy atomic.Pointer[Policy]

	mu      sync.Mutex // of everything below: one Look at a time
	sources *sources
	good    []*document         // what the policy is made of, the main document first
	seen    [sha256.Size]byte   // what it was made from, or what could not be loaded
	next    [sha256.Size]byte   // what the last look found instead
	kept    map[string]keptFile // what lies in Options.Keep, by file
	forgot  map[string][]string // tenants of files that are gone, forgotten since they were last kept
}

// Open loads a policy file to be watched. The error is an *Errors.
func Open(path string, o Options) (*File, error) {
	f := &File{sources: newSources(path, o)}
	f.seen = f.sources.scan()
	p, docs, problems := f.sources.load(true)
	if len(problems) > 0 {
		return nil, errorsOf(problems)
	}
	f.good = docs
	f.policy.Store(f.recall(p))
	return f, nil
}

// After has f take over from an earlier File of the same path: tenants whose files
// are gone keep the rules that they had there. Where they do not go together with
// the others any more, f is not to be used: the error is an *Errors.
func (f *File) After(old *File) error {
	old.mu.Lock()
	had := old.good
	old.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sources.path != old.sources.path {
		return nil
	}
	here := func(d *document) bool { return f.sources.files[d.file] != nil }
	gone := slices.DeleteFunc(slices.Clone(had[1:]), here)
	f.good = append(slices.DeleteFunc(slices.Clone(f.good), func(d *document) bool { return !here(d) }), gone...)
	p, good, problems := f.build()
	if p == nil {
		return errorsOf(problems)
	}
	f.good = good
	f.policy.Store(p)
	return nil
}

// Policy returns the last good policy.
func (f *File) Policy() *Policy { return f.policy.Load() }

// Look looks at the files once; a ticker calls it about every second. It loads
// them when two looks in a row found the same new bytes, so that a file being
// written is not taken half, and reports whether the policy was swapped.
//
// A bad file never replaces a good one. Where the mistake is an included
// file's, its tenants alone keep their last good rules; tenants whose file is
// gone keep theirs too. The error is an *Errors, returned once for the same bad
// bytes, also beside a swap.
func (f *File) Look() (changed bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum := f.sources.scan()
	if sum == f.seen {
		f.next = sum
		return false, nil
	}
	if sum != f.next {
		f.next = sum
		return false, nil
	}
	f.seen = sum
	p, good, problems := f.build()
	if p == nil {
		return false, errorsOf(problems)
	}
	f.good = good
	f.policy.Store(p)
	return true, errorsOf(problems)
}

// build makes a policy of the files, in place of bad included ones their last
// good versions. It returns nil where that does not help.
func (f *File) build() (*Policy, []*document, []problem) {
	docs := f.sources.documents()
	problems := slices.Clone(docs[0].problems)
	bad := len(problems) > 0
	for i, d := range docs[1:] {
		if len(d.problems) > 0 {
			problems = append(problems, d.problems...)
			docs[i+1] = f.lastGood(d.file)
		}
	}
	kept := f.gone(docs)
	for !bad {
		all := append(slices.DeleteFunc(slices.Clone(docs), func(d *document) bool { return d == nil }), kept...)
		p, wrong := link(all, f.sources.options)
		if len(wrong) == 0 {
			wrong = p.failing()
		}
		if len(wrong) == 0 {
			for _, d := range kept {
				p.warnings = append(p.warnings, fmt.Sprintf("%s: the file is gone, its tenants keep their rules until `caddy mfa tenant remove`", d.file))
			}
			return p, all, problems
		}
		problems = append(problems, wrong...)
		bad = !f.fallBack(docs, wrong)
	}
	return nil, nil, problems
}

// fallBack puts the last good version in the place of every included document
// that a problem is laid to. It reports false where one is laid elsewhere or
// there is no other version, so that nothing is left to try.
func (f *File) fallBack(docs []*document, wrong []problem) bool {
	owners := map[string]bool{}
	for _, p := range wrong {
		owners[p.owner] = true
	}
	for owner := range owners {
		i := slices.IndexFunc(docs, func(d *document) bool { return d != nil && d.file == owner })
		if i <= 0 || docs[i] == f.lastGood(owner) {
			return false
		}
		docs[i] = f.lastGood(owner)
	}
	return true
}

// lastGood returns the version of an included file that the policy in use was
// made of, nil where it had none.
func (f *File) lastGood(file string) *document {
	for _, d := range f.good {
		if d.file == file && d != f.good[0] {
			return d
		}
	}
	return nil
}

// gone returns the documents of the policy in use whose files no longer exist,
// without the tenants that another file holds now.
func (f *File) gone(docs []*document) (kept []*document) {
	var held map[string]bool
	for i, d := range f.good {
		if i == 0 || f.sources.files[d.file] != nil {
			continue
		}
		if held == nil {
			held = heldBy(docs)
		}
		left := *d
		left.weighed, left.weaknesses = false, nil
		left.tenants = slices.DeleteFunc(slices.Clone(d.tenants), func(s *settings) bool { return held[s.Key] })
		if len(left.tenants) > 0 {
			kept = append(kept, &left)
		}
	}
	return kept
}

// heldBy is the keys of the tenants of documents, some of which may be nil.
func heldBy(docs []*document) map[string]bool {
	held := map[string]bool{}
	for _, d := range docs {
		if d != nil {
			for _, s := range d.tenants {
				held[s.Key] = true
			}
		}
	}
	return held
}
