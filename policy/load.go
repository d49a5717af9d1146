package policy

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Load reads a policy file and what it includes, once. The error is an *Errors:
// every mistake, each with its place and what to write instead. A policy whose
// tests fail is refused as well.
func Load(path string, o Options) (*Policy, error) { return load(path, o, true) }

// LoadUntested is Load for whoever runs the tests themselves, with Policy.Test.
func LoadUntested(path string, o Options) (*Policy, error) { return load(path, o, false) }

func load(path string, o Options, tested bool) (*Policy, error) {
	s := newSources(path, o)
	s.scan()
	p, _, problems := s.load(tested)
	if len(problems) > 0 {
		return nil, errorsOf(problems)
	}
	return p, nil
}

// load makes a policy of the files as the last scan found them. It looks for
// mistakes in each and in all together, so that they are named at once.
func (s *sources) load(tested bool) (*Policy, []*document, []problem) {
	docs := s.documents()
	var problems []problem
	for _, d := range docs {
		problems = append(problems, d.problems...)
	}
	p, wrong := link(docs, s.options)
	if problems = append(problems, wrong...); len(problems) == 0 && tested {
		problems = p.failing()
	}
	return p, docs, problems
}

// failing returns a problem for every test that fails.
func (p *Policy) failing() (list []problem) {
	for i, r := range p.Test() {
		if !r.OK {
			at := p.tests[i].at
			list = append(list, problem{at, at.file, fmt.Sprintf("test %s: want %s, got %s", r.Name, r.Want, r.Got)})
		}
	}
	return list
}

// sources are the files of a policy as they are now, each parsed once for as
// long as its bytes stay the same.
type sources struct {
	path    string
	options Options
	files   map[string]*source
	main    *source
	found   []found   // included files, in the order of the patterns
	extra   []problem // of the patterns themselves
	terms   termsSeen
}

// found is a file that a pattern matches, with what the look for it told: nil of
// a link.
type found struct {
	path string
	info fs.FileInfo
}

type source struct {
	size    int64
	changed time.Time
	looked  time.Time
	sum     [sha256.Size]byte // of the bytes, or of the error of reading them
	err     error
	data    []byte // until it is parsed
	doc     *document
}

func newSources(path string, o Options) *sources {
	return &sources{path: path, options: o, files: map[string]*source{}}
}

// scan looks at every file again and returns a sum over all of them.
func (s *sources) scan() [sha256.Size]byte {
	s.main = s.look(found{path: s.path}, false)
	s.found, s.extra = nil, nil
	here := map[string]bool{s.path: true}
	if s.main.doc != nil {
		for _, p := range s.main.doc.include {
			s.glob(p, here)
		}
	}
	all := sha256.New()
	all.Write(s.main.sum[:])
	for _, f := range s.found {
		one := s.look(f, true)
		all.Write(append([]byte(f.path), 0))
		all.Write(one.sum[:])
	}
	for _, p := range s.extra {
		fmt.Fprintf(all, "%q", p.String())
	}
	for f := range s.files {
		if !here[f] {
			delete(s.files, f)
		}
	}
	return [sha256.Size]byte(all.Sum(nil))
}

// glob adds the files of one pattern, which is relative to the file it stands
// in, and are not here yet. A link that leads out of the pattern's folder is
// refused: whoever may write there would choose what else is read.
func (s *sources) glob(p pattern, here map[string]bool) {
	bad := func(format string, args ...any) {
		s.extra = append(s.extra, problem{p.at, s.path, "include " + p.glob + ": " + fmt.Sprintf(format, args...)})
	}
	glob := p.glob
	if !filepath.IsAbs(glob) {
		glob = filepath.Join(filepath.Dir(s.path), glob)
	}
	files, err := filepath.Glob(glob)
	if err != nil {
		bad("%v", err)
		return
	}
	if len(files) == 0 {
		bad("no file matches: a policy that lost its tenants would protect nothing of theirs")
	}
	folder := glob
	for strings.ContainsAny(folder, `*?[\`) || folder == glob {
		folder = filepath.Dir(folder)
	}
	real, err := realPath(folder)
	if err != nil {
		return
	}
	in := map[string]bool{folder: true}
	for _, f := range files {
		info := within(f, in)
		if info == nil && leadsOut(f, real) {
			bad("%s is a link out of its folder: put the file there itself", f)
		} else if !here[f] {
			here[f] = true
			s.found = append(s.found, found{f, info})
		}
	}
}

// within returns what a file is that lies in a folder, or below one, without a
// link on the way; nil: it has to be followed. Most are, and one look tells.
func within(file string, in map[string]bool) fs.FileInfo {
	info, err := os.Lstat(file)
	if err != nil || info.Mode()&fs.ModeSymlink != 0 {
		return nil
	}
	dir := filepath.Dir(file)
	inside, known := in[dir]
	if !known {
		inside = dir != file && within(dir, in) != nil
		in[dir] = inside
	}
	if !inside {
		return nil
	}
	return info
}

// leadsOut reports whether a file is none below the folder.
func leadsOut(file, folder string) bool {
	real, err := realPath(file)
	if err != nil {
		real = file
	}
	rel, err := filepath.Rel(folder, real)
	return err == nil && (rel == ".." || strings.HasPrefix(rel, "../"))
}

// realPath is a path without links, from the root.
func realPath(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}

// racy is how long after a change a file is read again though its time and size
// say that it is the same: a second write within one tick of the file system's
// clock changes neither.
const racy = 2 * time.Second

// look reads a file where it may have changed, and parses the main one at once,
// for what it includes.
func (s *sources) look(f found, included bool) *source {
	path := f.path
	old := s.files[path]
	info, err := f.info, error(nil)
	if info == nil {
		info, err = os.Stat(path)
	}
	if err == nil && old != nil && old.err == nil && info.Size() == old.size && info.ModTime().Equal(old.changed) &&
		old.looked.Sub(old.changed) > racy {
		return old
	}
	if err == nil && included && !info.Mode().IsRegular() {
		err = errors.New("it is no plain file") // reading a pipe would never end
	}
	next := &source{looked: time.Now(), err: err}
	if err == nil {
		next.size, next.changed = info.Size(), info.ModTime()
		next.data, next.err = readFile(path)
	}
	if next.err != nil {
		next.sum = sha256.Sum256([]byte(next.err.Error()))
	} else {
		next.sum = sha256.Sum256(next.data)
	}
	if old != nil && old.sum == next.sum {
		next.doc, next.data = old.doc, old.data
	}
	s.files[path] = next
	if !included {
		s.document(path)
	}
	return next
}

// readFile reads a file of a policy, a byte more than it may have at most.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path) // #nosec G304 -- the configuration's own path
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// document returns what a file says; one that cannot be read says so.
func (s *sources) document(path string) *document {
	f := s.files[path]
	if f.doc != nil {
		return f.doc
	}
	if f.err != nil {
		text := f.err.Error()
		if e := (*fs.PathError)(nil); errors.As(f.err, &e) {
			text = e.Err.Error()
		}
		f.doc = &document{file: path, problems: []problem{{place{file: path}, path, "reading the file: " + text}}}
		return f.doc
	}
	f.doc = parse(path, f.data, s.options.Mount, path != s.path, &s.terms)
	f.data = nil
	return f.doc
}

// documents returns the main document and the included ones. Problems of the
// patterns are the main document's.
func (s *sources) documents() []*document {
	main := *s.document(s.path)
	main.problems = append(slices.Clone(main.problems), s.extra...)
	docs := []*document{&main}
	s.parseNew()
	for _, f := range s.found {
		docs = append(docs, s.document(f.path))
	}
	return docs
}

// parseNew parses what is not yet parsed, several files at once.
func (s *sources) parseNew() {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(s.found)) {
		all.Go(func() {
			for i := next.Add(1); int(i) <= len(s.found); i = next.Add(1) {
				s.document(s.found[i-1].path)
			}
		})
	}
	all.Wait()
}
