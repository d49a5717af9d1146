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
		"fail/nothing ran": {in: "", last: "0 passed, 0 failed", failed: true},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			failed, err := summarize(strings.NewReader(c.in), &out)
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
	if _, err := summarize(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "want 1") || strings.Contains(got, "chatter") {
		t.Errorf("shown:\n%s", got)
	}
}
