package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A tenant whose file is taken away while the server is down keeps its rules, until
// somebody says that it is to go. Each step ends one server and begins the next.
func TestDesign_C11_AStartForgetsNoTenant(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "p.yaml", "version: 1\ninclude: [t/*.yaml]\ndefaults: {require: mfa}\n")
	const both = "tenants: {a: {hosts: [a.example], protect: [/a]}, a2: {protect: [/a2]}}\ntests: [{as: {user: u, tenant: a}, host: a.example, get: /a, want: enroll}]\n"
	write(t, dir, "t/a.yaml", both)
	write(t, dir, "t/b.yaml", "tenants: {b: {protect: [/b]}}\n")
	remove := func(name string) {
		t.Helper()
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	options := Options{Keep: filepath.Join(dir, "kept", "p")}
	var f *File
	step := func(what, tenants, warning string) {
		t.Helper()
		var err error
		if f, err = Open(filepath.Join(dir, "p.yaml"), options); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if err := f.Keep(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for _, key := range []string{"a", "a2", "b", "c"} {
			if there := f.Policy().Tenant(key) != nil; there != strings.Contains(" "+tenants+" ", " "+key+" ") {
				t.Errorf("%s: tenant %s there: %v", what, key, there)
			}
		}
		said := strings.Join(f.Policy().Warnings(), "\n")
		if (said != "") != (warning != "") || !strings.Contains(said, warning) {
			t.Errorf("%s: warned %q, want %q", what, said, warning)
		}
	}
	forget := func(key string) {
		t.Helper()
		if err := f.Forget(key); err != nil {
			t.Fatal(err)
		}
		if err := f.Keep(); err != nil {
			t.Fatal(err)
		}
	}

	step("as it was", "a a2 b", "")
	remove("t/a.yaml")
	step("a file went", "a a2 b", "a.yaml: the file is gone, its tenants keep their rules")
	step("and was away still", "a a2 b", "a.yaml: the file is gone")
	if got := f.Policy().Tenant("a").rules.protect[0].Path; got != "/a" {
		t.Errorf("it protects %s", got)
	}
	write(t, dir, "t/b.yaml", "tenants: {b: {protect: [/b]}, c: {protect: [/c]}}\n")
	if changed, err := look(t, f); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if err := f.Keep(); err != nil {
		t.Fatal(err)
	}
	step("another changed meanwhile", "a a2 b c", "a.yaml: the file is gone")
	forget("a")
	step("one of its tenants was to go", "a2 b c", "a.yaml: the file is gone")
	write(t, dir, "t/a.yaml", both)
	step("it came back as it was", "a a2 b c", "")
	remove("t/a.yaml")
	step("and went again, of which nobody said that it was to", "a a2 b c", "a.yaml: the file is gone")
	write(t, dir, "t/a.yaml", "tenants: {a: {hosts: [a.example], protect: [/a]}}\n")
	step("it came back with one", "a b c", "")
	write(t, dir, "t/a.yaml", "tenants: {a: {protekt: [/a]}}\n")
	if _, err := look(t, f); err == nil {
		t.Fatal("no error")
	}
	if err := f.Keep(); err != nil {
		t.Fatal(err)
	}
	remove("t/a.yaml")
	step("and went again", "a b c", "a.yaml: the file is gone")
	write(t, dir, "t/b.yaml", "tenants: {b: {hosts: [a.example], protect: [/b]}}\n")
	step("another has its host now", "b", "a.yaml: the file is gone, and the rules of its tenants with it, for they do not go together")
	step("and nobody looks for it any more", "b", "")
	write(t, dir, "t/c.yaml", "tenants: {c: {protect: [/c]}}\n")
	step("a new one", "b c", "")
	remove("t/c.yaml")
	step("went", "b c", "c.yaml: the file is gone")
	forget("c")
	step("and was to go", "b", "")
	if left, err := filepath.Glob(filepath.Join(options.Keep, "*")); err != nil || len(left) != 2 {
		t.Errorf("kept for one file: %v %v", left, err)
	}
}

// What is kept is written once; of a policy without included files nothing is.
func TestFile_KeepWritesLittle(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "p.yaml", "version: 1\ninclude: [t/*.yaml]\n")
	write(t, dir, "t/a.yaml", "tenants: {a: {require: mfa, protect: [/a]}}\n")
	write(t, dir, "alone.yaml", "version: 1\ntenants: {a: {require: mfa, protect: [/a]}}\n")
	keep := func(file string) *File {
		t.Helper()
		f, err := Open(filepath.Join(dir, file), Options{Keep: filepath.Join(dir, "kept-"+file)})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Keep(); err != nil {
			t.Fatal(err)
		}
		return f
	}
	written := func(f *File) (list []os.FileInfo) {
		t.Helper()
		for _, path := range []string{f.keptIndex(), f.keptText(filepath.Join(dir, "t/a.yaml"))} {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, info)
		}
		return list
	}
	before := written(keep("p.yaml"))
	for i, after := range written(keep("p.yaml")) {
		if !os.SameFile(before[i], after) {
			t.Errorf("%s is written again", after.Name())
		}
	}
	keep("alone.yaml")
	if _, err := os.Stat(filepath.Join(dir, "kept-alone.yaml")); err == nil {
		t.Error("there is a folder for nothing")
	}
}

// What cannot be read of what is kept is told, and keeps no server from starting.
func TestFile_KeepDamaged(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "p.yaml", "version: 1\ninclude: [t/*.yaml]\ndefaults: {require: mfa}\n")
	write(t, dir, "t/a.yaml", "tenants: {a: {protect: [/a]}}\n")
	write(t, dir, "t/b.yaml", "tenants: {b: {protect: [/b]}}\n")
	options := Options{Keep: filepath.Join(dir, "kept")}
	f, err := Open(filepath.Join(dir, "p.yaml"), options)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "t/b.yaml", "tenants: {b: {protekt: [/b]}}\n") // bad: what was good is kept, if anything
	if _, err := look(t, f); err == nil {
		t.Fatal("no error")
	}
	if err := f.Keep(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "t/a.yaml")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "t/b.yaml", "tenants: {b: {protect: [/b]}}\n")
	for _, c := range []struct{ file, text, warning string }{
		{f.keptText(filepath.Join(dir, "t/a.yaml")), "tenants: {a: {protect: [/less]}}\n", "its copy is damaged"},
		{f.keptIndex(), "[{", "what is kept of included files cannot be read"},
	} {
		if err := os.WriteFile(c.file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := Open(filepath.Join(dir, "p.yaml"), options)
		if err != nil || again.Policy().Tenant("a") != nil || again.Policy().Tenant("b") == nil {
			t.Fatal(err, again)
		}
		if said := strings.Join(again.Policy().Warnings(), "\n"); !strings.Contains(said, c.warning) {
			t.Errorf("warned %q, want %q", said, c.warning)
		}
	}
}
