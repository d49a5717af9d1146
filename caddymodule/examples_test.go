package caddymodule

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// TestExamplesFormatted holds every Caddyfile of the repository to what
// `caddy fmt` makes of it, so that nobody's first save changes lines.
func TestExamplesFormatted(t *testing.T) {
	for _, path := range caddyfiles(t) {
		t.Run(strings.TrimPrefix(path, "../"), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if formatted := caddyfile.Format(raw); !bytes.Equal(raw, formatted) {
				t.Fatalf("caddy fmt makes of it:\n%s", formatted)
			}
		})
	}
}

// TestExamplesAdapt holds each to what the adapter takes.
func TestExamplesAdapt(t *testing.T) {
	for _, path := range caddyfiles(t) {
		t.Run(strings.TrimPrefix(path, "../"), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(raw, map[string]any{"filename": path}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// caddyfiles are those of the examples, and the one at the root.
func caddyfiles(t *testing.T) []string {
	t.Helper()
	var paths []string
	if _, err := os.Stat("../Caddyfile.example"); err == nil {
		paths = append(paths, "../Caddyfile.example")
	}
	err := filepath.WalkDir("../examples", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasPrefix(d.Name(), "Caddyfile") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("there is no Caddyfile in examples")
	}
	return paths
}
