package apptest

import (
	"strings"
	"testing"
)

// A race that a program reports is seen beside Caddy's own, which is none of ours.
func TestRacesOf(t *testing.T) {
	report := func(write, read string) string {
		return strings.TrimPrefix(raceRule, "\n") + "WARNING: DATA RACE\nWrite at 0x1 by goroutine 5:\n  " + write + "\n\nPrevious read at 0x1 by goroutine 7:\n  " + read + strings.TrimSuffix(raceRule, "\n")
	}
	caddys := report("caddyhttp.SetVar()\n  reverseproxy.Handler.prepareRequest()\n  caddymodule.(*passage).pass()", "caddyhttp.GetVar()\n  reverseproxy.(*HTTPTransport).NewTransport.func2()")
	ours := report("caddyhttp.SetVar()\n  caddymodule.(*passage).pass()", "caddyhttp.GetVar()\n  reverseproxy.(*HTTPTransport).NewTransport.func2()")
	for output, want := range map[string]int{
		"": 0, "a line\nanother": 0, caddys: 0, ours: 1,
		"a line\n" + caddys + "\na line\n" + ours + "\n": 1, ours + "\n" + caddys + "\n" + ours: 2,
	} {
		if got := racesOf(output); len(got) != want {
			t.Errorf("%d races in %q: %q", len(got), output, got)
		}
	}
}
