package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
)

// A keptFile says what is kept of an included file, so that tenants whose file goes
// while nobody looks, since the server is down, keep their rules as well.
type keptFile struct {
	File    string   `json:"file"`
	Sum     string   `json:"sum"`               // SHA-256 of its text when it was last good, in hexadecimal
	Removed []string `json:"removed,omitempty"` // tenants that were taken away on purpose
}

// keptText is where the text of a file is kept.
func (f *File) keptText(file string) string {
	sum := sha256.Sum256([]byte(file))
	return filepath.Join(f.sources.options.Keep, hex.EncodeToString(sum[:16])+".yaml")
}

func (f *File) keptIndex() string { return filepath.Join(f.sources.options.Keep, "files.json") }

// recall adds what is kept of files that are gone to the policy that the others
// make. What does not go together with them is left out, and warned of: nobody could
// start the server, and so say that a tenant is to go.
func (f *File) recall(p *Policy) *Policy {
	f.kept = map[string]keptFile{}
	if f.sources.options.Keep == "" {
		return p
	}
	var list []keptFile
	text, err := os.ReadFile(f.keptIndex())
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	var lost []string
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		lost = append(lost, fmt.Sprintf("what is kept of included files cannot be read, so tenants whose file went while the server was down are not protected: %v", err))
	}
	var gone []*document
	for _, k := range list {
		f.kept[k.File] = k
		if f.sources.files[k.File] != nil {
			continue
		}
		d, err := f.recallFile(k)
		if err == nil {
			gone = append(gone, d)
			continue
		}
		lost = append(lost, fmt.Sprintf("%s: the file is gone, and the rules of its tenants with it: %v", k.File, err))
	}
	if len(gone) == 0 {
		p.warnings = append(p.warnings, lost...)
		return p
	}
	if whole := f.with(gone...); whole != nil {
		p, gone = whole, nil
	}
	for _, d := range gone { // one of them does not fit, or several
		if whole := f.with(d); whole != nil {
			p = whole
			continue
		}
		lost = append(lost, fmt.Sprintf("%s: the file is gone, and the rules of its tenants with it, for they do not go together with those of the others any more", d.file))
	}
	p.warnings = append(p.warnings, lost...)
	return p
}

// with is the policy with further documents, nil where they do not fit.
func (f *File) with(more ...*document) *Policy {
	was := f.good
	f.good = append(slices.Clone(was), more...)
	p, good, _ := f.build()
	if p == nil {
		f.good = was
		return nil
	}
	f.good = good
	return p
}

// recallFile reads what is kept of a file.
func (f *File) recallFile(k keptFile) (*document, error) {
	text, err := readFile(f.keptText(k.File))
	if err != nil {
		return nil, fmt.Errorf("reading its copy: %w", err)
	}
	if sumOf(text) != k.Sum {
		return nil, errors.New("its copy is damaged")
	}
	d := parse(k.File, text, f.sources.options.Mount, true, &f.sources.terms)
	if len(d.problems) > 0 {
		return nil, errorsOf(d.problems)
	}
	d.tests = nil // they were of all files together
	d.tenants = slices.DeleteFunc(d.tenants, func(s *settings) bool { return slices.Contains(k.Removed, s.Key) })
	return d, nil
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Keep writes what must be known of the included files at the next start, where
// Options name a folder for it. It is for the server that uses the policy, at its
// start and after each change.
func (f *File) Keep() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sources.options.Keep == "" || len(f.good) == 1 && len(f.kept) == 0 {
		return nil
	}
	if err := os.MkdirAll(f.sources.options.Keep, 0o700); err != nil {
		return fmt.Errorf("keeping included files: %w", err)
	}
	next := map[string]keptFile{}
	for _, d := range f.good[1:] {
		src, k := f.sources.files[d.file], f.kept[d.file]
		switch {
		case src == nil: // it is gone
			k.Removed = append(slices.Clip(k.Removed), f.forgot[d.file]...)
		case src.doc != d: // it is bad now
		case k.Sum == hex.EncodeToString(src.sum[:]):
			k.Removed = nil
		default:
			text, err := readFile(d.file)
			if err != nil || sha256.Sum256(text) != src.sum {
				break // it changed just now: the next look is of that
			}
			if err := writeWhole(f.keptText(d.file), text); err != nil {
				return fmt.Errorf("keeping included files: %w", err)
			}
			k = keptFile{File: d.file, Sum: sumOf(text)}
		}
		if k.File != "" {
			next[d.file] = k
		}
	}
	if reflect.DeepEqual(next, f.kept) {
		return nil
	}
	text, err := json.Marshal(slices.SortedFunc(maps.Values(next), func(a, b keptFile) int { return cmp.Compare(a.File, b.File) }))
	if err == nil {
		err = writeWhole(f.keptIndex(), text)
	}
	if err != nil {
		return fmt.Errorf("keeping included files: %w", err)
	}
	for file := range f.kept {
		if _, ok := next[file]; !ok {
			_ = os.Remove(f.keptText(file)) // what is left of it nobody looks for
		}
	}
	f.kept, f.forgot = next, nil
	return nil
}

// writeWhole puts a text in the place of a file, or leaves that as it is.
func writeWhole(path string, text []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // it is gone where all went well
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
