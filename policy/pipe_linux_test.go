package policy

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe among the included files, of whoever may write in their folder, must not stop
// the reading of all of them for good.
func TestInclude_Pipe(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "policy.yaml", "version: 1\ninclude: [tenants/*.yaml]\n")
	write(t, dir, "tenants/a.yaml", "tenants: {a: {}}\n")
	if err := syscall.Mkfifo(filepath.Join(dir, "tenants/b.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(filepath.Join(dir, "policy.yaml"), Options{}); err == nil || !strings.Contains(err.Error(), "b.yaml: reading the file: it is no plain file") {
		t.Fatal(err)
	}
}
