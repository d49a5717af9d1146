package policy

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The manual names every key of the language, and its example is a policy.
func TestTheManual(t *testing.T) {
	text, err := os.ReadFile("../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if !strings.Contains(string(text), "`"+k.name) {
			t.Errorf("docs/policy.md does not name %s", k.name)
		}
	}
	example := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(text)
	if example == nil {
		t.Fatal("docs/policy.md has no example")
	}
	if _, err := parseText(string(example[1]), Options{}); err != nil {
		t.Error(err)
	}
}
