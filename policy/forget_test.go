package policy

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A tenant whose file is gone goes when somebody says so, and no other does.
func TestFile_Forget(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "p.yaml", "version: 1\ninclude: [t/*.yaml]\ndefaults: {require: mfa}\ntenants: {main: {protect: [/m]}}\n")
	write(t, dir, "t/a.yaml", "tenants: {a: {protect: [/a]}, a2: {protect: [/a2]}}\n")
	write(t, dir, "t/b.yaml", "tenants: {b: {parent: a2, protect: [/b]}}\n")
	f, err := Open(filepath.Join(dir, "p.yaml"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "t/a.yaml")); err != nil {
		t.Fatal(err)
	}
	if changed, err := look(t, f); !changed || err != nil {
		t.Fatal(changed, err)
	}
	whole := func(err error) bool { var all *Errors; return errors.As(err, &all) }
	for _, c := range []struct {
		key, says string
		is        func(error) bool
		left      string
	}{
		{"nobody", `no tenant "nobody" is known`, nil, "main b a a2"},
		{"b", "b.yaml: take it out there", nil, "main b a a2"},
		{"main", "p.yaml: take it out there", nil, "main b a a2"},
		{"a2", `unknown parent "a2"`, whole, "main b a a2"}, // b is left without its parent
		{"a", "", nil, "main b a2"},
		{"a", `no tenant "a" is known`, nil, "main b a2"},
	} {
		err := f.Forget(c.key)
		if said := ""; err != nil {
			if said = err.Error(); !strings.Contains(said, c.says) || c.says == "" || c.is != nil && !c.is(err) {
				t.Errorf("%s: %v", c.key, err)
			}
		} else if c.says != "" {
			t.Errorf("%s: no error", c.key)
		}
		for _, key := range []string{"main", "b", "a", "a2"} {
			if (f.Policy().Tenant(key) != nil) != strings.Contains(" "+c.left+" ", " "+key+" ") {
				t.Errorf("after %s: tenant %s there: %v", c.key, key, f.Policy().Tenant(key) != nil)
			}
		}
	}
	write(t, dir, "t/b.yaml", "tenants: {b: {parent: a2, protect: [/b9]}}\n")
	if changed, err := look(t, f); !changed || err != nil || f.Policy().Tenant("a") != nil || f.Policy().Tenant("a2") == nil {
		t.Error("at the next change it is there again, or the other is gone", changed, err)
	}
}
