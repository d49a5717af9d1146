package apptest

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"
)

// movableClock is added to the plugin where a test needs time to pass: it
// makes the plugin's clock differ from the machine's by what a file says.
const movableClock = `package caddymodule

import (
	"os"
	"time"
)

func init() {
	now = func() time.Time {
		text, err := os.ReadFile(os.Getenv("TEST_CLOCK"))
		if err != nil {
			panic(err)
		}
		d, err := time.ParseDuration(string(text))
		if err != nil {
			panic(err)
		}
		return time.Now().Add(d)
	}
}
`

// MovableClock has the demo run a Caddy whose plugin has a clock of its own,
// which Demo.Later moves. It is the same code with one file laid over it.
func MovableClock(t testing.TB, d *Demo) {
	t.Helper()
	dir := filepath.Join(Root(), ".run", "apptest")
	clock := filepath.Join(dir, "clock.go.txt")
	d.write(t, clock, movableClock)
	layer, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(Root(), "caddymodule", "clock_of_tests.go"): clock,
	}})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	d.write(t, overlay, string(layer))
	d.binary = built(t, "caddy-clock", "./cmd/caddy", append(caddyFlags(), "-overlay", overlay)...)
	d.env = append(d.env, "TEST_CLOCK="+filepath.Join(d.Dir, "clock"))
	d.Later(t, 0)
}

// Later sets the plugin's clock ahead of the machine's by a duration.
func (d *Demo) Later(t testing.TB, by time.Duration) {
	t.Helper()
	d.write(t, filepath.Join(d.Dir, "clock"), by.String())
}
