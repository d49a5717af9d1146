package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Errors is everything that is wrong with a policy, in the order of its files.
type Errors struct{ list []problem }

// Error returns one line a mistake, "file:line:col: what is wrong and what to
// write instead".
func (e *Errors) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines returns the mistakes one by one.
func (e *Errors) Lines() []string {
	lines := make([]string, len(e.list))
	for i, p := range e.list {
		lines[i] = p.String()
	}
	return lines
}

// A place is where something stands in a file. The zero place is nowhere.
type place struct {
	file      string
	line, col int
}

func (p place) String() string {
	if p.line == 0 {
		return p.file
	}
	return fmt.Sprintf("%s:%d:%d", p.file, p.line, p.col)
}

// A problem is one mistake. The file it is laid to may differ from the one it
// stands in: a tenant of an included file may fail on what it inherits.
type problem struct {
	at    place
	owner string
	text  string
}

func (p problem) String() string { return p.at.String() + ": " + p.text }

func errorsOf(list []problem) error {
	if len(list) == 0 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b problem) int {
		return cmp.Or(strings.Compare(a.at.file, b.at.file), a.at.line-b.at.line, a.at.col-b.at.col)
	})
	return &Errors{slices.CompactFunc(list, func(a, b problem) bool { return a.at == b.at && a.text == b.text })}
}

// didYouMean returns ", did you mean x?" for the known word nearest to one that
// is unknown, "" where none is near.
func didYouMean(word string, known []string) string {
	best, at := len(word)/3+2, ""
	for _, k := range known {
		if d := distance(strings.ToLower(word), k); d < best {
			best, at = d, k
		}
	}
	if at == "" {
		return ""
	}
	return ", did you mean " + at + "?"
}

// distance is the number of letters to change, add or leave out (Levenshtein),
// an exchange of two neighbours counting as one.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
