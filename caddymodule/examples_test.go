package caddymodule

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
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

// TestExamplesPassTheChecks: what an ordinary Caddyfile does, no check refuses
// or warns of.
func TestExamplesPassTheChecks(t *testing.T) {
	for _, path := range caddyfiles(t) {
		t.Run("ok/"+strings.TrimPrefix(path, "../"), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(raw, map[string]any{"filename": path})
			if err != nil {
				t.Fatal(err)
			}
			var config struct {
				Apps struct {
					HTTP *caddyhttp.App
					MFA  *App
				}
			}
			if err := json.Unmarshal(out, &config); err != nil {
				t.Fatal(err)
			}
			file := config.Apps.MFA.Policy
			if _, err := os.Stat(file); err != nil {
				file = filepath.Join(filepath.Dir(path), "policy.yaml")
			}
			p, err := policy.Load(file, policy.Options{Mail: policy.MailYes})
			if err != nil {
				t.Fatal(err)
			}
			warnings, err := checkSites(config.Apps.HTTP, p)
			more, problems := checkServed(config.Apps.HTTP, []ownFile{{file, "the policy", false}, {filepath.Join(t.TempDir(), "mfa.db"), "the store", true}})
			if all := append(warnings, more...); err != nil || len(all) > 0 || len(problems) > 0 {
				t.Fatalf("%v %v %q", err, problems, all)
			}
		})
	}
}
