package caddymodule

import (
	"encoding/json"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// TestDesign_H20_ASecondWayToTheAppIsSaid: past the gate anybody asks the app for
// anything, with Mfa-* fields of his own. The gate sees no port but Caddy's; of
// Caddy's own it names each that leads to the same app without it.
func TestDesign_H20_ASecondWayToTheAppIsSaid(t *testing.T) {
	gated := "a.example {\n" + gate + "reverse_proxy 127.0.0.1:81\n}\n"
	for name, c := range map[string]struct {
		other string
		said  bool
	}{
		"another name":            {"www.example {\nreverse_proxy 127.0.0.1:81\n}", true},
		"the same name in clear":  {"http://a.example {\nreverse_proxy 127.0.0.1:81\n}", true},
		"another port":            {":8080 {\nreverse_proxy localhost:81\n}", true},
		"a block beside the gate": {"b.example {\nhandle /api/* {\nreverse_proxy 127.0.0.1:81\n}\nhandle {\n" + gate + "reverse_proxy 127.0.0.1:81\n}\n}", true},
		"another app":             {"d.example {\nreverse_proxy 127.0.0.1:82\n}", false},
		"one behind a gate":       {"e.example {\n" + gate + "reverse_proxy 127.0.0.1:81\n}", false},
	} {
		warnings, err := checkSites(httpApp(t, gated+c.other), nil)
		if err != nil {
			t.Fatal(err)
		}
		if said := strings.Contains(strings.Join(warnings, "\n"), "with no mfa before it"); said != c.said {
			t.Errorf("%s: said %v: %q", name, said, warnings)
		}
	}
}

// TestDesign_H20_ExamplesReachTheirAppsOnThisMachine: what is copied from here binds
// no app, store or mailbox to a network, where it would be reached around the gate.
func TestDesign_H20_ExamplesReachTheirAppsOnThisMachine(t *testing.T) {
	dials := 0
	for _, path := range caddyfiles(t) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(raw, map[string]any{"filename": path})
		if err != nil {
			t.Fatal(err)
		}
		var conf any
		if err := json.Unmarshal(text, &conf); err != nil {
			t.Fatal(err)
		}
		each(conf, "dial", func(to string) {
			dials++
			if host, _, err := net.SplitHostPort(to); err != nil || host != "127.0.0.1" && host != "localhost" {
				t.Errorf("%s reaches its app at %s", path, to)
			}
		})
	}
	if dials < len(caddyfiles(t))/2 {
		t.Errorf("only %d ways to an app were looked at", dials)
	}
}

// each calls fn with every text that stands under a key.
func each(in any, key string, fn func(string)) {
	switch v := in.(type) {
	case []any:
		for _, one := range v {
			each(one, key, fn)
		}
	case map[string]any:
		for name, one := range v {
			if text, ok := one.(string); ok && name == key {
				fn(text)
			}
			each(one, key, fn)
		}
	}
}

// TestDesign_H20_DiscoverLooksAtWhatItIsGiven: a server cannot see from inside whether
// others reach its app around it. There is no `--around` yet that would look from
// another machine, and no flag is taken for it in silence.
func TestDesign_H20_DiscoverLooksAtWhatItIsGiven(t *testing.T) {
	c := discoverCommand()
	c.SetArgs([]string{"http://127.0.0.1:9", "--around", "127.0.0.1:9"})
	c.SilenceUsage, c.SilenceErrors = true, true
	if err := c.Execute(); err == nil || !strings.Contains(err.Error(), "unknown flag: --around") {
		t.Errorf("%v", err)
	}
}
