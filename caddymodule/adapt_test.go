package caddymodule

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

var update = flag.Bool("update", false, "write the JSON of testdata/adapt anew")

const divider = "\n----------\n"

// TestAdapt holds every file of testdata/adapt to what stands under its line
// of dashes: the JSON it becomes, or a part of the error it gets.
func TestAdapt(t *testing.T) {
	files, err := filepath.Glob("testdata/adapt/*.caddyfiletest")
	if err != nil || len(files) == 0 {
		t.Fatal("no files in testdata/adapt", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".caddyfiletest"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, want, ok := strings.Cut(string(raw), divider)
			if !ok {
				t.Fatal("no line of dashes")
			}
			got, err := adapt(input + "\n")
			if want = strings.TrimSpace(want); want != "" && !strings.HasPrefix(want, "{") {
				if err == nil {
					t.Fatalf("adapted to %s\nwant the error %s", got, want)
				}
				if !strings.Contains(err.Error(), want) {
					t.Fatalf("error: %v\nwant:  %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(file, []byte(input+divider+got+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Fatalf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// adapt gives the JSON of a Caddyfile that stands in /etc/caddy.
func adapt(input string) (string, error) {
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(input), map[string]any{"filename": "/etc/caddy/Caddyfile"})
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = json.Indent(&b, out, "", "\t")
	return b.String(), err
}
