package caddymfa

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest  = regexp.MustCompile("`((?:Test|Fuzz)[A-Z0-9][A-Za-z0-9_]*)`")
	testFunc   = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z0-9][A-Za-z0-9_]*)\(`)
	namedPage  = regexp.MustCompile(`\]\(([^)#:]+?)(?:#[^)]*)?\)`)
	quoted     = regexp.MustCompile("`([^`]+)`")
	metricName = regexp.MustCompile(`(caddy_mfa_[a-z_]+)`)
	itemOfASVS = regexp.MustCompile(`^\| v5\.0\.0-\d+\.\d+\.\d+`)
	attackRow  = regexp.MustCompile(`^\| ([A-Z]{1,2}\d+) \|`)
	itemOfNIST = regexp.MustCompile(`^\| \d\.\d+(\.\d+)*`)
)

// TestStandardsNameTests keeps the pages that rest on tests from rotting: every
// test they name is there, and every item of a standard names one.
func TestStandardsNameTests(t *testing.T) {
	there := testsInTree(t)
	for _, page := range []string{"docs/attacks.md", "docs/threat-model.md", "docs/standards.md", "SECURITY.md"} {
		for name := range namedIn(read(t, page), namedTest) {
			if !there[name] {
				t.Errorf("%s names %s, which is no test of this tree", page, name)
			}
		}
	}
	asvs, nist := 0, 0
	for line := range strings.Lines(read(t, "docs/standards.md")) {
		switch {
		case itemOfASVS.MatchString(line):
			asvs++
		case itemOfNIST.MatchString(line):
			nist++
		default:
			continue
		}
		if !namedTest.MatchString(line) {
			t.Errorf("no test for: %s", line)
		}
	}
	if asvs < 60 || nist < 15 {
		t.Errorf("%d items of ASVS and %d of NIST are read: the table is written otherwise", asvs, nist)
	}
}

// TestAttacksHaveATestOfTheirName: each row of the page of attacks names a test that
// has the attack's id in its own name, or a fuzz target.
func TestAttacksHaveATestOfTheirName(t *testing.T) {
	rows := 0
	for line := range strings.Lines(read(t, "docs/attacks.md")) {
		m := attackRow.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		rows++
		own := regexp.MustCompile("`Test(?:Advisory|Design)_(?:[A-Z0-9a-z_]+_)?" + m[1] + "[a-e]?_")
		if !own.MatchString(line) {
			t.Errorf("%s has no test of its name: %s", m[1], line)
		}
	}
	if rows < 158 {
		t.Errorf("%d attacks are read: the table is written otherwise", rows)
	}
}

// TestPagesLeadSomewhere: a link from one page of the repository to another
// leads to a file.
func TestPagesLeadSomewhere(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return skipHidden(path, d, err)
		}
		if !strings.HasSuffix(path, ".md") {
			return nil
		}
		for link := range namedIn(read(t, path), namedPage) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), link)); err != nil {
				t.Errorf("%s leads to %s, which is not there", path, link)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOperationsNamesWhatThereIs: every log line and metric that the operator's
// page explains or alerts on is one of the program's.
func TestOperationsNamesWhatThereIs(t *testing.T) {
	var code strings.Builder
	for _, dir := range []string{"caddymodule", "enroll", "enroll/portal"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				code.WriteString(read(t, file))
			}
		}
	}
	page := read(t, "docs/operations.md")
	_, lines, _ := strings.Cut(page, "## Log lines")
	lines, _, _ = strings.Cut(lines, "\n## ")
	said := 0
	for line := range strings.Lines(lines) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "|"), "|")
		for text := range namedIn(first, quoted) {
			said++
			if !strings.Contains(code.String(), `"`+text+`"`) {
				t.Errorf("no line of the log says %q", text)
			}
		}
	}
	metrics := namedIn(page, metricName)
	for name := range metrics {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "caddy_mfa_"), "_bucket")
		if !strings.Contains(code.String(), `"`+name+`"`) && !strings.Contains(code.String(), `"caddy_mfa_`+name+`"`) {
			t.Errorf("no metric is called caddy_mfa_%s", name)
		}
	}
	if said < 20 || len(metrics) < 10 {
		t.Errorf("%d lines and %d metrics are read: the page is written otherwise", said, len(metrics))
	}
}

// testsInTree are the names of all tests and fuzz targets.
func testsInTree(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return skipHidden(path, d, err)
		}
		if strings.HasSuffix(path, "_test.go") {
			for name := range namedIn(read(t, path), testFunc) {
				all[name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func namedIn(text string, what *regexp.Regexp) map[string]bool {
	all := map[string]bool{}
	for _, m := range what.FindAllStringSubmatch(text, -1) {
		all[m[1]] = true
	}
	return all
}

func skipHidden(path string, d fs.DirEntry, err error) error {
	if err == nil && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
		return fs.SkipDir
	}
	return err
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
