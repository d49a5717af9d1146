package caddymfa

import (
	"os/exec"
	"strings"
	"testing"
)

// TestLeavesKnowNeitherCaddyNorEachOther keeps the three leaves apart: a
// policy engine that could reach the store, or an identity that could reach
// the policy, would no longer be decidable on its own.
func TestLeavesKnowNeitherCaddyNorEachOther(t *testing.T) {
	const module = "github.com/caddy-mfa/caddy-mfa/"
	leaves := []string{"policy", "identity", "enroll"}
	for _, leaf := range leaves {
		t.Run("ok/"+leaf, func(t *testing.T) {
			out, err := exec.Command("go", "list", "-deps", "./"+leaf+"/...").CombinedOutput()
			if err != nil {
				t.Fatalf("listing the imports of %s: %v\n%s", leaf, err, out)
			}
			deps := strings.Fields(string(out))
			if len(deps) < 2 {
				t.Fatalf("%s imports nothing at all: %q", leaf, deps)
			}
			for _, dep := range deps {
				if strings.HasPrefix(dep, "github.com/caddyserver/caddy") || dep == module+"caddymodule" {
					t.Errorf("%s imports %s", leaf, dep)
				}
				for _, other := range leaves {
					if other != leaf && (dep == module+other || strings.HasPrefix(dep, module+other+"/")) {
						t.Errorf("%s imports %s", leaf, dep)
					}
				}
			}
		})
	}
}
