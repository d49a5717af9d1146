// Package apptest starts real programs for tests: Caddy with the plugin, the
// demo portal, a browser. Everything listens on free loopback ports and ends
// with the test that started it.
package apptest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Root is the folder of the repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Caddy returns a Caddy binary with the plugin: the one the environment
// variable CADDY_BIN names, or one built now with the flags in CADDY_FLAGS.
func Caddy(t testing.TB) string {
	t.Helper()
	if bin := os.Getenv("CADDY_BIN"); bin != "" {
		return bin
	}
	return built(t, "caddy", "./cmd/caddy", caddyFlags()...)
}

func caddyFlags() []string { return strings.Fields(os.Getenv("CADDY_FLAGS")) }

var (
	buildMu sync.Mutex
	builds  = map[string]error{}
)

// built builds a command of the repository once for each test program. The
// binary is renamed into place, so test programs that build at the same time do
// not see each other's halves.
func built(t testing.TB, name, pkg string, flags ...string) string {
	t.Helper()
	buildMu.Lock()
	defer buildMu.Unlock()
	dir := filepath.Join(Root(), ".run", "apptest")
	target := filepath.Join(dir, name)
	if _, done := builds[name]; !done {
		builds[name] = build(target, pkg, flags)
	}
	if err := builds[name]; err != nil {
		t.Fatal(err)
	}
	return target
}

func build(target, pkg string, flags []string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return fmt.Errorf("making the folder of test binaries: %w", err)
	}
	half := fmt.Sprintf("%s.%d", target, os.Getpid())
	args := append(append([]string{"build"}, flags...), "-o", half, pkg)
	cmd := exec.Command("go", args...)
	cmd.Dir = Root()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, out)
	}
	return os.Rename(half, target)
}

// Tool returns the path of a program that a test needs, and fails the test
// with the line that installs it where it is missing.
func Tool(t testing.TB, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing; install it: apt-get install -y --no-install-recommends %s", name, debian)
	}
	return path
}
