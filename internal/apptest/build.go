// Package apptest starts real programs for tests: Caddy with the plugin, the
// demo portal, a browser. Everything listens on free loopback ports and ends
// with the test that started it.
package apptest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
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

// built builds a command of the repository once for each test program, or once for
// all of a run of the tests that the environment variable TEST_RUN names. The
// binary is renamed into place, so nobody sees a half.
func built(t testing.TB, name, pkg string, flags ...string) string {
	t.Helper()
	buildMu.Lock()
	defer buildMu.Unlock()
	target := filepath.Join(Root(), ".run", "apptest", name)
	if _, done := builds[name]; !done {
		builds[name] = buildOnce(target, pkg, flags)
	}
	if err := builds[name]; err != nil {
		t.Fatal(err)
	}
	return target
}

// buildOnce leaves a note of the run beside what it built, for the other test
// programs of that run. They wait for the one that builds.
func buildOnce(target, pkg string, flags []string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return fmt.Errorf("making the folder of test binaries: %w", err)
	}
	run := os.Getenv("TEST_RUN")
	if run == "" {
		return build(target, pkg, flags)
	}
	run += " " + strings.Join(flags, " ")
	lock, err := os.OpenFile(target+".run", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("opening the note of a test binary: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("waiting for a test binary: %w", err)
	}
	note, err := io.ReadAll(lock)
	if err != nil {
		return fmt.Errorf("reading the note of a test binary: %w", err)
	}
	if string(note) == run {
		return nil
	}
	if err := build(target, pkg, flags); err != nil {
		return err
	}
	if err := lock.Truncate(0); err != nil {
		return fmt.Errorf("noting a test binary: %w", err)
	}
	if _, err := lock.WriteAt([]byte(run), 0); err != nil {
		return fmt.Errorf("noting a test binary: %w", err)
	}
	return nil
}

func build(target, pkg string, flags []string) error {
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
