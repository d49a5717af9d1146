// Command testsum reads the output of go test -json, prints what went wrong
// and how many tests passed and failed, and exits with 1 unless all passed. A
// skipped test counts as failed: what did not run has shown nothing.
//
// Given a command ("testsum go test -json"), it runs the tests of a run in which
// few failed once more, alone, and names those that then pass: they are unsteady,
// and to be mended. See again.go.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	failed, err := summarize(os.Stdin, os.Stdout, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(2)
	}
	if failed {
		os.Exit(1)
	}
}

// event is one line of go test -json (go doc cmd/test2json).
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

// tally is the state of the summary while the events pass.
type tally struct {
	output         map[string][]string // of each test and package that still runs
	passed, failed int
	failedIn       map[string]int      // failed tests of each package
	again          map[string][]string // of each package the tests that may be run again
	firm           bool                // something failed that a second run cannot change
	running        map[string]bool     // packages that have begun and not ended
}

func newTally() *tally {
	return &tally{output: map[string][]string{}, failedIn: map[string]int{}, again: map[string][]string{}, running: map[string]bool{}}
}

// summarize copies what matters of in to out. The last line it writes is
// "N passed, N failed". command is what runs tests again; none: nothing does.
func summarize(in io.Reader, out io.Writer, command []string) (failed bool, err error) {
	t := newTally()
	if err := t.read(in, out); err != nil {
		return true, err
	}
	for pkg := range t.running { // go test itself was killed
		fmt.Fprintf(out, "FAIL  %s did not end\n", pkg)
		t.failed, t.firm = t.failed+1, true
	}
	if t.failed > 0 && len(command) > 0 {
		t.runAgain(out, command)
	}
	fmt.Fprintf(out, "%d passed, %d failed\n", t.passed, t.failed)
	return t.failed > 0 || t.passed == 0, nil
}

// read takes in the events of one run.
func (t *tally) read(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Fprintf(out, "%s", line)
			} else {
				t.add(e, out)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading test output: %w", err)
		}
	}
}

func (t *tally) add(e event, out io.Writer) {
	key := e.Package + " " + e.Test
	if e.Test == "" && e.Package != "" {
		t.begunOrEnded(e)
	}
	switch e.Action {
	case "output":
		t.output[key] = append(t.output[key], e.Output)
	case "build-output":
		fmt.Fprint(out, e.Output)
	case "pass":
		if e.Test != "" {
			t.passed++
		} else {
			fmt.Fprintf(out, "ok    %s %.1fs\n", e.Package, e.Elapsed)
		}
	case "fail", "skip":
		t.fail(e, key, out)
	}
	if e.Action == "pass" || e.Action == "fail" || e.Action == "skip" {
		delete(t.output, key)
	}
}

func (t *tally) begunOrEnded(e event) {
	switch e.Action {
	case "start":
		t.running[e.Package] = true
	case "pass", "fail", "skip":
		delete(t.running, e.Package)
	}
}

// fail counts a test that failed or skipped itself. A package is a failure of
// its own only where no test of it was: it did not build, or it crashed.
func (t *tally) fail(e event, key string, out io.Writer) {
	switch {
	case e.Test != "":
		t.failed++
		t.failedIn[e.Package]++
		fmt.Fprintf(out, "%s  %s %s\n", e.Action, e.Package, e.Test)
		t.mayRunAgain(e, t.output[key])
	case e.Action == "skip":
		return // a package without test files
	default:
		if t.failedIn[e.Package] == 0 {
			t.failed++
			t.firm = true
		}
		fmt.Fprintf(out, "FAIL  %s %.1fs\n", e.Package, e.Elapsed)
	}
	for _, line := range t.output[key] {
		fmt.Fprint(out, line)
	}
}
