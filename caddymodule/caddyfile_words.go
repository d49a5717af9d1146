package caddymodule

import (
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// words are the sub-directives one block knows, each with what reads its line.
// A reader starts on the word itself and takes all of the line, and of the
// block that may follow.
type words map[string]func(d *caddyfile.Dispenser) error

// planned are words of the documented syntax that this version does not build.
// They are refused by name: a setting that is read and ignored would be a
// promise nobody keeps.
type planned []string

// parseBlock reads the block that follows the current token, if there is one.
// A word may be given once, unless it is in repeat.
func parseBlock(d *caddyfile.Dispenser, block string, w words, later planned, repeat ...string) error {
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		word := d.Val()
		read, ok := w[word]
		switch {
		case word == "{":
			return d.Errf("the line before takes no block, in '%s'", block)
		case slices.Contains(later, word):
			return d.Errf("'%s' of '%s' is not yet supported in this version", word, block)
		case !ok:
			return d.Errf("unknown word '%s' in '%s'%s", word, block, didYouMean(word, slices.Collect(maps.Keys(w))))
		case seen[word] && !slices.Contains(repeat, word):
			return d.Errf("'%s' stands twice in '%s': keep one", word, block)
		}
		seen[word] = true
		if err := read(d); err != nil {
			return err
		}
	}
	return nil
}

// oneArg reads a line of exactly one argument into to.
func oneArg(to *string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		word := d.Val()
		args := d.RemainingArgs()
		if len(args) != 1 || args[0] == "" {
			return d.Errf("'%s' takes exactly one argument, and it may not be empty", word)
		}
		*to = args[0]
		return nil
	}
}

// someArgs appends a line of one or more arguments to to.
func someArgs(to *[]string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		word := d.Val()
		args := d.RemainingArgs()
		if len(args) == 0 || slices.Contains(args, "") {
			return d.Errf("'%s' takes one argument or more, and none may be empty", word)
		}
		for _, arg := range args {
			if slices.Contains(*to, arg) {
				return d.Errf("'%s' names %s twice: keep one", word, arg)
			}
			*to = append(*to, arg)
		}
		return nil
	}
}

// noArg reads a line that is the word alone.
func noArg(to *bool) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		word := d.Val()
		if d.NextArg() {
			return d.Errf("'%s' takes no argument", word)
		}
		*to = true
		return nil
	}
}

// didYouMean is ", did you mean 'x'?" for the known word nearest to word, or a
// list of all where none is near.
func didYouMean(word string, known []string) string {
	slices.Sort(known)
	best, least := "", 3
	for _, k := range known {
		if n := distance(strings.ToLower(word), k); n < least {
			best, least = k, n
		}
	}
	if best != "" {
		return ", did you mean '" + best + "'?"
	}
	return ": it knows " + strings.Join(known, ", ")
}

// distance is the number of letters to insert, remove or change between a and
// b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
