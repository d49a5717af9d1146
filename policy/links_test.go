package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A link on the way to an included file counts as the file itself would: within
// the pattern's folder it is followed, out of it it is refused, at every look.
func TestLinksOnTheWayToIncludedFiles(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	link := func(to, from string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, from)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir, "p.yaml", "version: 1\ninclude: [t/*/*.yaml]\n")
	write(t, dir, "t/a/x.yaml", "tenants: {a: {protect: [/a]}}\n")
	write(t, dir, "t/kept/b.txt", "tenants: {b: {protect: [/b]}}\n")
	link("../kept/b.txt", "t/a/b.yaml")
	write(t, dir, "t/stock/in/c.yaml", "tenants: {c: {protect: [/c]}}\n")
	link("stock/in", "t/linked")
	f, err := Open(filepath.Join(dir, "p.yaml"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p := f.Policy(); p.Tenant("a") == nil || p.Tenant("b") == nil || p.Tenant("c") == nil {
		t.Fatalf("%d tenants", len(p.Tenants()))
	}
	still(t, f)
	write(t, dir, "t/kept/b.txt", "tenants: {b: {protect: [/b2]}}\n")
	if changed, err := look(t, f); !changed || err != nil || f.Policy().Tenant("b").rules.protect[0].Path != "/b2" {
		t.Fatalf("a change behind a link is not seen: %v %v", changed, err)
	}
	write(t, outside, "d.yaml", "tenants: {d: {protect: [/d]}}\n")
	link(outside, "t/out")
	if changed, err := look(t, f); changed || err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "t/out/d.yaml")+" is a link out of its folder") {
		t.Fatalf("a folder that is a link out: %v %v", changed, err)
	}
	os.Remove(filepath.Join(dir, "t/out"))
	if changed, err := look(t, f); changed && err != nil || f.Policy().Tenant("d") != nil {
		t.Fatalf("%v %v", changed, err)
	}
}
