package policy

import (
	"strings"
	"testing"
)

// What a policy file can cost is bounded by its size alone: it stands for no
// more than is written in it, and is answered by no more than can be read.
func TestWhatAPolicyFileCanCost(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, text := range map[string]string{
		"deep lists":          "version: 1\ntenants: {a: {protect: " + deep(12_000) + "}}\n",
		"deep mappings":       "version: 1\ntenants: {a: " + strings.Repeat("{a: ", 12_000) + "1" + strings.Repeat("}", 12_000) + "}\n",
		"deep block mappings": "version: 1\ntenants:\n" + blocks(2_000),
		"aliases of aliases":  "version: 1\nx0: &x0 [a,a,a,a,a,a,a,a,a,a]\n" + laughs(20),
		"aliases in prefixes": aliasBomb(),
		"nothing but nulls":   "version: 1\ntenants: {a: {protect: [" + strings.Repeat("~,", 20_000) + "~]}}\n",
		"unknown keys":        "version: 1\ntenants:\n  a:\n" + strangers(5_000),
		"one long prefix":     "version: 1\ntenants: {a: {protect: [/" + strings.Repeat("a", 1<<20) + "]}}\n",
		"over 16 MiB":         "version: 1\n#" + strings.Repeat("a", maxFile),
	} {
		t.Run("fail/"+name, func(t *testing.T) {
			p, err := parseText(text, Options{})
			if err == nil || p != nil {
				t.Fatalf("loaded: %v", err)
			}
			if n := len(err.(*Errors).Lines()); n > maxProblems+1 {
				t.Errorf("%d lines of mistakes", n)
			}
			if n := len(err.Error()); n > len(text)+1<<20 {
				t.Errorf("%d bytes of mistakes", n)
			}
		})
	}
}

// laughs is the bomb of a billion laughs, n steps of ten.
func laughs(n int) string {
	var b strings.Builder
	for i := range n {
		from := "x" + string(rune('a'+i))
		if i == 0 {
			from = "x0"
		}
		b.WriteString("x" + string(rune('b'+i)) + ": &x" + string(rune('b'+i)) + " [" + strings.Repeat("*"+from+", ", 9) + "*" + from + "]\n")
	}
	return b.String()
}

func blocks(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i+1) + "a:\n")
	}
	return b.String()
}

func strangers(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("    k" + strings.Repeat("x", i%40) + ": 1\n")
	}
	return b.String()
}
