package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// look looks twice, as a ticker would, and returns what the second look says.
func look(t *testing.T, f *File) (bool, error) {
	t.Helper()
	if changed, err := f.Look(); changed || err != nil {
		t.Fatalf("the first look already took it: %v %v", changed, err)
	}
	return f.Look()
}

func still(t *testing.T, f *File) {
	t.Helper()
	for range 3 {
		if changed, err := f.Look(); changed || err != nil {
			t.Fatalf("nothing changed, and a look says %v %v", changed, err)
		}
	}
}

// TestAdvisory_PR3_OnlyWhatTwoLooksFoundIsTaken: an editor that empties a file and writes
// it anew is met in the middle of it.
func TestAdvisory_PR3_OnlyWhatTwoLooksFoundIsTaken(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "p.yaml", "version: 1\ntenants: {a: {protect: [/a]}}\n")
	f, err := Open(filepath.Join(dir, "p.yaml"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	still(t, f)
	first := f.Policy()
	write(t, dir, "p.yaml", "version: 1\ntenants: {a: {protect: [/a]}")
	if changed, _ := f.Look(); changed {
		t.Fatal("a file is taken at the first look")
	}
	write(t, dir, "p.yaml", "version: 1\ntenants: {a: {protect: [/b]}}\n") // goes on being written
	if changed, _ := f.Look(); changed || f.Policy() != first {
		t.Fatal("a file that still changed is taken")
	}
	if changed, err := f.Look(); !changed || err != nil || f.Policy().Tenant("a").rules.protect[0].Path != "/b" {
		t.Fatalf("%v %v", changed, err)
	}
	still(t, f)
	write(t, dir, "p.yaml", "version: 1\ntenants: {a: {protect: [/c]}}\n") // the same size, at once
	if changed, err := look(t, f); !changed || err != nil || f.Policy().Tenant("a").rules.protect[0].Path != "/c" {
		t.Fatalf("a change of the same size is not seen: %v %v", changed, err)
	}
}

// TestAdvisory_PR3_NoPieceOfAFileIsTaken: it grows byte by byte, and many of its pieces
// are whole policies that protect less. None is in force, whatever a look finds, and the
// whole is once it is there.
func TestAdvisory_PR3_NoPieceOfAFileIsTaken(t *testing.T) {
	const whole = "version: 1\ntenants:\n  a:\n    require: mfa\n    protect:\n      - /a\n      - /b\n  b:\n    hosts: [b.example]\n    require: mfa\n    protect: [/b]\n"
	dir := t.TempDir()
	write(t, dir, "p.yaml", whole)
	f, err := Open(filepath.Join(dir, "p.yaml"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	first, pieces := f.Policy(), 0
	for n := range len(whole) + 1 {
		if _, err := parseText(whole[:n], Options{}); err == nil && n < len(whole) {
			pieces++
		}
		write(t, dir, "p.yaml", whole[:n])
		if changed, _ := f.Look(); changed || f.Policy() != first {
			t.Fatalf("a file is taken as far as %q", whole[:n])
		}
	}
	if pieces < 10 {
		t.Fatalf("only %d pieces are policies", pieces)
	}
	write(t, dir, "p.yaml", whole+"# and more\n")
	if changed, err := look(t, f); !changed || err != nil {
		t.Fatalf("the whole: %v %v", changed, err)
	}
}

// A second write within one tick of the file system's clock changes neither a
// file's size nor its time.
func TestLookSeesAChangeThatTheClockDoesNot(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "p.yaml")
	write(t, dir, "p.yaml", "version: 1\ntenants: {a: {protect: [/a]}}\n")
	f, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "p.yaml", "version: 1\ntenants: {a: {protect: [/b]}}\n")
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if changed, err := look(t, f); !changed || err != nil {
		t.Errorf("%v %v", changed, err)
	}
}

// TestAdvisory_PR2_ABadFileNeverReplacesAGoodOne: nor does one that is empty, cut or gone.
func TestAdvisory_PR2_ABadFileNeverReplacesAGoodOne(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "p.yaml")
	good := "version: 1\ntenants: {a: {protect: [/a]}}\n"
	write(t, dir, "p.yaml", good)
	f, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	first := f.Policy()
	for name, text := range map[string]string{
		"half":       "version: 1\ntenants: {a: {prot",
		"empty":      "",
		"no tenants": "version: 1\n",
		"typo":       "version: 1\ntenants: {a: {protekt: [/a]}}\n",
		"test":       "version: 1\ntenants: {a: {protect: [/a]}}\ntests: [{get: /a, want: allow}]\n",
	} {
		write(t, dir, "p.yaml", text)
		if changed, err := look(t, f); changed || err == nil || f.Policy() != first {
			t.Errorf("fail/%s: %v %v", name, changed, err)
		}
		still(t, f)
	}
	os.Remove(path)
	if changed, err := look(t, f); changed || err == nil || f.Policy() != first {
		t.Errorf("fail/gone: %v %v", changed, err)
	}
	still(t, f)
	write(t, dir, "p.yaml", good)
	if changed, err := look(t, f); !changed || err != nil {
		t.Errorf("ok/back: %v %v", changed, err)
	}
}

// C11: protection must not vanish with a file.
func TestDesign_C11_IncludedFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "p.yaml", "version: 1\ninclude: [t/*.yaml]\ndefaults: {require: mfa}\n")
	write(t, dir, "t/a.yaml", "tenants: {a: {protect: [/a]}}\n")
	write(t, dir, "t/b.yaml", "tenants: {b: {protect: [/b], hosts: [b.example]}}\n")
	f, err := Open(filepath.Join(dir, "p.yaml"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	prefix := func(tenant string) string { return f.Policy().Tenant(tenant).rules.protect[0].Path }

	t.Run("ok/a bad one keeps its own tenants' rules, others move on", func(t *testing.T) {
		write(t, dir, "t/a.yaml", "tenants: {a: {protekt: [/a2]}}\n")
		write(t, dir, "t/b.yaml", "tenants: {b: {protect: [/b2], hosts: [b.example]}}\n")
		changed, err := look(t, f)
		if !changed || err == nil || !strings.Contains(err.Error(), `a.yaml:1:15: unknown key "protekt"`) || prefix("a") != "/a" || prefix("b") != "/b2" {
			t.Fatalf("%v %v %s %s", changed, err, prefix("a"), prefix("b"))
		}
		still(t, f)
	})
	t.Run("ok/one that fails only beside the others does so too", func(t *testing.T) {
		write(t, dir, "t/a.yaml", "tenants: {a: {parent: nobody, protect: [/a3]}, a2: {hosts: [b2.example]}}\n")
		write(t, dir, "t/b.yaml", "tenants: {b: {protect: [/b3], hosts: [b.example]}}\n")
		changed, err := look(t, f)
		if !changed || err == nil || !strings.Contains(err.Error(), `unknown parent "nobody"`) || prefix("a") != "/a" || prefix("b") != "/b3" || f.Policy().Tenant("a2") != nil {
			t.Fatalf("%v %v", changed, err)
		}
	})
	t.Run("ok/a new bad one adds nothing", func(t *testing.T) {
		write(t, dir, "t/a.yaml", "tenants: {a: {protect: [/a4]}}\n")
		write(t, dir, "t/c.yaml", "tenants: {c: {protect: [c]}}\n")
		changed, err := look(t, f)
		if !changed || err == nil || prefix("a") != "/a4" || f.Policy().Tenant("c") != nil {
			t.Fatalf("%v %v", changed, err)
		}
		os.Remove(filepath.Join(dir, "t/c.yaml"))
		if changed, err := look(t, f); !changed || err != nil {
			t.Fatalf("%v %v", changed, err)
		}
	})
	t.Run("ok/a failing test of one keeps its rules", func(t *testing.T) {
		write(t, dir, "t/a.yaml", "tenants: {a: {protect: [/a5]}}\ntests: [{as: {user: u, tenant: a}, get: /a5, want: allow}]\n")
		changed, err := look(t, f)
		if !changed || err == nil || !strings.Contains(err.Error(), "want allow, got enroll") || prefix("a") != "/a4" {
			t.Fatalf("%v %v %s", changed, err, prefix("a"))
		}
	})
	t.Run("ok/a tenant whose file is gone keeps its rules", func(t *testing.T) {
		os.Remove(filepath.Join(dir, "t/a.yaml"))
		changed, err := look(t, f)
		if !changed || err != nil || prefix("a") != "/a4" || len(f.Policy().Warnings()) != 1 || !strings.Contains(f.Policy().Warnings()[0], "a.yaml: the file is gone") {
			t.Fatalf("%v %v %v", changed, err, f.Policy().Warnings())
		}
		write(t, dir, "t/b.yaml", "tenants: {b: {protect: [/b6], hosts: [b.example]}}\n")
		if changed, err := look(t, f); !changed || err != nil || prefix("a") != "/a4" || prefix("b") != "/b6" {
			t.Fatalf("%v %v", changed, err)
		}
	})
	t.Run("ok/one that moved to another file is that file's", func(t *testing.T) {
		write(t, dir, "t/b.yaml", "tenants: {b: {protect: [/b6], hosts: [b.example]}, a: {protect: [/a7]}}\n")
		if changed, err := look(t, f); !changed || err != nil || prefix("a") != "/a7" || len(f.Policy().Warnings()) != 0 {
			t.Fatalf("%v %v %v", changed, err, f.Policy().Warnings())
		}
	})
	t.Run("fail/all files gone", func(t *testing.T) {
		os.Remove(filepath.Join(dir, "t/b.yaml"))
		if changed, err := look(t, f); changed || err == nil || prefix("a") != "/a7" {
			t.Fatalf("%v %v", changed, err)
		}
	})
	t.Run("fail/defaults that break an included tenant", func(t *testing.T) {
		write(t, dir, "t/b.yaml", "tenants: {b: {protect: [/b8]}}\n")
		write(t, dir, "p.yaml", "version: 1\ninclude: [t/*.yaml]\ndefaults: {require: mfa, minimum: 50}\n")
		if changed, err := look(t, f); changed || err == nil || prefix("b") != "/b6" {
			t.Fatalf("%v %v", changed, err)
		}
	})
}

func TestOnlyWhatChangedIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	main := func(defaults string) {
		write(t, dir, "p.yaml", "version: 1\ninclude: [t/*.yaml]\ndefaults: {"+defaults+"}\n")
	}
	main("minimum: 1")
	write(t, dir, "t/a.yaml", "tenants: {a: {protect: [/a]}, c: {parent: b}, d: {parent: c, allow: [/b/d]}}\n")
	write(t, dir, "t/b.yaml", "tenants: {b: {protect: [/b]}}\n")
	f, err := Open(filepath.Join(dir, "p.yaml"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	take := func() *Policy {
		t.Helper()
		if changed, err := look(t, f); !changed || err != nil {
			t.Fatal(changed, err)
		}
		return f.Policy()
	}
	fileA, fileB, before := f.good[1], f.good[2], f.Policy()
	write(t, dir, "t/b.yaml", "tenants: {b: {protect: [/b2], require: mfa}}\n")
	after := take()
	if f.good[1] != fileA || f.good[2] == fileB {
		t.Error("the unchanged file was parsed again, or the changed one was not")
	}
	if after.Tenant("a") != before.Tenant("a") {
		t.Error("a tenant of which nothing changed was made again")
	}
	for _, key := range []string{"b", "c", "d"} { // a parent's change is its children's
		if n := after.Tenant(key); n.Require != RequireMFA || n.rules.protect[0].Path != "/b2" {
			t.Errorf("%s kept what its parent no longer says", key)
		}
		if o := before.Tenant(key); o.Require != RequireNone || o.rules.protect[0].Path != "/b" {
			t.Errorf("%s of the policy before is another one now", key)
		}
	}
	main("minimum: 2")
	last := take()
	if f.good[1] != fileA {
		t.Error("an included file was parsed again for its defaults")
	}
	for _, key := range []string{"a", "b", "c", "d"} {
		if last.Tenant(key).Minimum != 2 || after.Tenant(key).Minimum != 1 {
			t.Errorf("%s does not have the new defaults, or the old policy has", key)
		}
	}
	main("minimum: 90")
	if changed, err := look(t, f); changed || err == nil || strings.Count(err.Error(), "\n") != 0 {
		t.Errorf("defaults that break every tenant: %v %v", changed, err)
	}
	main("minimum: 90") // the same mistakes are found in what is taken over
	write(t, dir, "t/b.yaml", "tenants: {b: {protect: [/b3]}}\n")
	if changed, err := look(t, f); changed || err == nil || f.Policy() != last {
		t.Errorf("%v %v", changed, err)
	}
	main("minimum: 3")
	if p := take(); p.Tenant("a").Minimum != 3 || p.Tenant("d").rules.protect[0].Path != "/b3" {
		t.Error("a good file after bad ones is not taken whole")
	}
}
