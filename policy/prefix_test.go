package policy

import (
	"strings"
	"testing"
)

func TestNewPrefixes(t *testing.T) {
	if _, err := NewPrefixes([]string{"/", "/a/b", "/Área"}, "/app/.mfa"); err != nil {
		t.Errorf("ok: %v", err)
	}
	_, err := NewPrefixes([]string{"a", "/b/", "/c", "/C", "/app/.mfa/x"}, "/app/.mfa")
	if err == nil {
		t.Fatal("fail: accepted")
	}
	for _, want := range []string{`protecting "a": a prefix starts with one slash: write /a`, "write /b", `protecting "/C": it is listed twice`, "/app/.mfa is where the gate's own pages live"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("fail: no %q in %v", want, err)
		}
	}
}

func TestUnderMount(t *testing.T) {
	for path, want := range map[string][2]bool{ // under, ambiguous
		"/.mfa": {true, false}, "/.mfa/": {true, false}, "/.mfa/link/a%20b;c": {true, false}, "http://h/.mfa/verify": {true, false},
		"/": {false, false}, "/documents": {false, false}, "/.mfa-x": {false, false}, "/.mfabc/x": {false, false}, "/a/%2emfa": {false, false}, "/.mfa.html": {false, false}, "/.mfa.json/x": {false, false},
		"/.mfa/..%2fdocuments": {false, true}, "/.mfa/../x": {false, true}, "/x/../.mfa/": {false, true}, "/%2emfa/x": {true, false},
		"//.mfa/x": {false, true}, "/.mfa;x/y": {false, true}, "/.MFA/": {false, true}, "/.mfa%2f..": {false, true}, "/index.php/.mfa/": {false, true},
		"/.mfa/%00": {false, false}, // not readable: Decide answers bad-target
	} {
		if under, ambiguous := UnderMount(Target{Path: path}, DefaultMount); under != want[0] || ambiguous != want[1] {
			t.Errorf("%s: under %v, ambiguous %v, want %v", path, under, ambiguous, want)
		}
	}
}
