package policy

import (
	"testing"
	"time"
)

func TestTheLongestPrefixDecidesAndTheStrictestFreshHolds(t *testing.T) {
	p := mustParse(t, `
version: 1
tenants:
  a:
    require: mfa
    protect: [{path: /, fresh: 1h}, {path: /a/b, name: Inner, fresh: 1d}, /tie, {path: /a/b/c/d, fresh: 10m}]
    allow: [/a, /a/b/c, /tie]
`)
	for path, want := range map[string]struct {
		open  bool
		area  string
		fresh time.Duration
	}{
		"/x": {false, "/", time.Hour}, "/a/x": {true, "", 0}, "/a/b/x": {false, "Inner", time.Hour}, "/a/b/c/x": {true, "", 0},
		"/a/b/c/d/x": {false, "/a/b/c/d", 10 * time.Minute}, "/tie": {false, "/tie", time.Hour},
	} {
		f := known("h", path)
		d := p.Decide(&f)
		if (d.Reason == ReasonOpen) != want.open || d.Fresh != want.fresh || d.Area != nil && d.Area.Name("en") != want.area {
			t.Errorf("%s: %+v", path, d)
		}
	}
}

func TestTheStrictestFreshOfAllReadingsHolds(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [{path: /a, fresh: 1h}, {path: /b, fresh: 5m}]}}")
	for _, path := range []string{"/a/..;/../b", "/b/..;/../a"} {
		f := known("h", path)
		if d := p.Decide(&f); d.Fresh != 5*time.Minute {
			t.Errorf("%s: fresh %v", path, d.Fresh)
		}
	}
}

func TestCaseSensitiveTenants(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, case: sensitive, protect: [/Docs]}}")
	for path, hit := range map[string]bool{"/Docs": true, "/docs": false, "/%44ocs/1": true, "/Docs.json": true, "/Ｄocs": true, "/DOCS": false} {
		f := known("h", path)
		if got := p.Decide(&f).Reason != ReasonOpen; got != hit {
			t.Errorf("%s: protected %v, want %v", path, got, hit)
		}
	}
}

func TestAPassedAnswerUnderAPrefixIsMarked(t *testing.T) {
	p := mustParse(t, offices)
	for path, want := range map[string]bool{"/documents": true, "/finance": false, "/documents/help": false} {
		f := known("vapaa.example", path)
		if d := p.Decide(&f); d.Verdict != Allow || d.Protected != want {
			t.Errorf("%s: %+v", path, d)
		}
	}
}
