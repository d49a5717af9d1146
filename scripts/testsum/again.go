package main

import (
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// maxAgain is how many tests may fail for them to be run again: where more do,
// something is broken.
const maxAgain = 3

// mayRunAgain notes a failed test that a second run may show to be unsteady. One
// that skipped itself, raced, panicked or saw somebody pass is not: a race, or a way
// past the gate, is there however seldom it is seen, and after a panic the tests
// behind it did not run.
func (t *tally) mayRunAgain(e event, output []string) {
	if e.Action == "skip" || slices.ContainsFunc(output, func(line string) bool {
		return strings.Contains(line, "DATA RACE") || strings.Contains(line, "race detected") || strings.Contains(line, "BYPASS") || strings.HasPrefix(line, "panic: ")
	}) {
		t.firm = true
		return
	}
	if test, _, _ := strings.Cut(e.Test, "/"); !slices.Contains(t.again[e.Package], test) {
		t.again[e.Package] = append(t.again[e.Package], test)
	}
}

// runAgain runs the failed tests once more, each package by itself, and counts
// them by that run.
func (t *tally) runAgain(out io.Writer, command []string) {
	n := 0
	for _, tests := range t.again {
		n += len(tests)
	}
	if t.firm || n == 0 || n > maxAgain {
		return
	}
	second := newTally()
	for pkg, tests := range t.again {
		fmt.Fprintf(out, "again %s %s\n", pkg, strings.Join(tests, " "))
		args := append(slices.Clone(command[1:]), "-count=1", "-run", "^("+strings.Join(tests, "|")+")$", pkg)
		run := exec.Command(command[0], args...) // #nosec G204 G702 -- the caller's own command
		events, err := run.StdoutPipe()
		if err == nil {
			err = run.Start()
		}
		if err == nil {
			err = second.read(events, out)
			_ = run.Wait() // what failed is in the events
		}
		if err != nil {
			fmt.Fprintln(out, "testsum: running them again:", err)
			return
		}
	}
	if second.passed == 0 {
		return
	}
	t.passed += second.passed
	t.failed = second.failed
	for pkg, tests := range t.again {
		if second.failedIn[pkg] == 0 {
			fmt.Fprintf(out, "unsteady: %s %s failed, and passed when run again\n", pkg, strings.Join(tests, " "))
		}
	}
}
