package main

import (
	"strings"
	"testing"
)

func TestSummarize(t *testing.T) {
	for name, c := range map[string]struct {
		in, last string
		failed   bool
	}{
		"ok/passed": {
			in:   `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n" + `{"Action":"pass","Package":"p"}`,
			last: "1 passed, 0 failed",
		},
		"ok/package without tests": {
			in:   `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n" + `{"Action":"skip","Package":"q"}`,
			last: "1 passed, 0 failed",
		},
		"fail/failed test": {
			in:   `{"Action":"fail","Package":"p","Test":"TestA"}` + "\n" + `{"Action":"fail","Package":"p"}`,
			last: "0 passed, 1 failed", failed: true,
		},
		"fail/skipped test": {
			in:   `{"Action":"pass","Package":"p","Test":"TestB"}` + "\n" + `{"Action":"skip","Package":"p","Test":"TestA"}`,
			last: "1 passed, 1 failed", failed: true,
		},
		"fail/build": {
			in:   `{"ImportPath":"p","Action":"build-output","Output":"undefined: x\n"}` + "\n" + `{"Action":"fail","Package":"p"}`,
			last: "0 passed, 1 failed", failed: true,
		},
		"fail/did not end": {
			in:   `{"Action":"start","Package":"q"}` + "\n" + `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n" + `{"Action":"pass","Package":"p"}`,
			last: "1 passed, 1 failed", failed: true,
		},
		"fail/nothing ran": {in: "", last: "0 passed, 0 failed", failed: true},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			failed, err := summarize(strings.NewReader(c.in), &out, nil)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if got := lines[len(lines)-1]; got != c.last || failed != c.failed {
				t.Errorf("summed up as %q, failed %v, want %q, %v", got, failed, c.last, c.failed)
			}
		})
	}
}

func TestOutputOfFailuresIsShown(t *testing.T) {
	in := `{"Action":"output","Package":"p","Test":"TestA","Output":"want 1\n"}` + "\n" +
		`{"Action":"output","Package":"p","Test":"TestB","Output":"chatter\n"}` + "\n" +
		`{"Action":"pass","Package":"p","Test":"TestB"}` + "\n" +
		`{"Action":"fail","Package":"p","Test":"TestA"}`
	var out strings.Builder
	if _, err := summarize(strings.NewReader(in), &out, nil); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "want 1") || strings.Contains(got, "chatter") {
		t.Errorf("shown:\n%s", got)
	}
}

// TestRunAgain: a test that failed is judged by a second run, unless what failed
// cannot be put down to chance.
func TestRunAgain(t *testing.T) {
	const fails = `{"Action":"pass","Package":"p","Test":"TestB"}` + "\n" + `{"Action":"fail","Package":"p","Test":"TestA/x"}` + "\n" + `{"Action":"fail","Package":"p","Test":"TestA"}` + "\n" + `{"Action":"fail","Package":"p"}`
	const passes = `{"Action":"pass","Package":"p","Test":"TestA/x"}` + "\n" + `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n" + `{"Action":"pass","Package":"p"}`
	several := ""
	for _, name := range []string{"TestA", "TestB", "TestC", "TestD"} {
		several += `{"Action":"fail","Package":"p","Test":"` + name + `"}` + "\n"
	}
	for name, c := range map[string]struct {
		in, second, last string
		failed           bool
	}{
		"ok/passes alone":     {fails, passes, "3 passed, 0 failed", false},
		"fail/fails again":    {fails, fails, "2 passed, 2 failed", true},
		"fail/nothing ran":    {fails, "", "1 passed, 2 failed", true},
		"fail/too many":       {several, passes, "0 passed, 4 failed", true},
		"fail/a race":         {`{"Action":"output","Package":"p","Test":"TestA","Output":"WARNING: DATA RACE\n"}` + "\n" + fails, passes, "1 passed, 2 failed", true},
		"fail/a panic":        {`{"Action":"output","Package":"p","Test":"TestA","Output":"panic: x\n"}` + "\n" + fails, passes, "1 passed, 2 failed", true},
		"fail/a way past":     {`{"Action":"output","Package":"p","Test":"TestA","Output":"x_test.go:1: BYPASS: x\n"}` + "\n" + fails, passes, "1 passed, 2 failed", true},
		"fail/a skipped test": {fails + "\n" + `{"Action":"skip","Package":"p","Test":"TestC"}`, passes, "1 passed, 3 failed", true},
		"fail/a crash":        {fails + "\n" + `{"Action":"fail","Package":"q"}`, passes, "1 passed, 3 failed", true},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			failed, err := summarize(strings.NewReader(c.in), &out, []string{"sh", "-c", `printf '%s' "$0"; echo; echo "ran $*" >&2`, c.second})
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if got := lines[len(lines)-1]; got != c.last || failed != c.failed {
				t.Errorf("summed up as %q, failed %v, want %q, %v:\n%s", got, failed, c.last, c.failed, out.String())
			}
			if told := strings.Contains(out.String(), "unsteady: p TestA failed"); told == c.failed {
				t.Errorf("told as unsteady: %v", told)
			}
		})
	}
}
