package policy

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// What a hundred thousand tenants of ten prefixes cost. `go test -run '^$'
// -bench 'Load|Reload|Look' ./policy` prints it: seconds, and bytes a tenant
// that stay once all is loaded.
const (
	crowd   = 100_000
	aFile   = 100 // tenants of one included file
	aTenant = 10  // prefixes
)

// writeTenant writes one tenant of ten prefixes, in some 150 bytes.
func writeTenant(b *strings.Builder, r *rand.Rand, i int) {
	fmt.Fprintf(b, " t%06d:\n  hosts: [t%06d.test]\n  require: mfa\n  protect: [", i, i)
	seen := map[string]bool{}
	for len(seen) < aTenant {
		prefix := "/" + pathWords[r.IntN(len(pathWords))]
		if r.IntN(4) == 0 || len(seen) > 7 {
			prefix += "/" + pathWords[r.IntN(len(pathWords))]
		}
		if !seen[prefix] {
			seen[prefix] = true
			if len(seen) > 1 {
				b.WriteString(", ")
			}
			b.WriteString(prefix)
		}
	}
	b.WriteString("]\n")
}

// oneFile writes all tenants into one file.
func oneFile(tb testing.TB) string {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("version: 1\ntenants:\n")
	for i := range crowd {
		writeTenant(&b, r, i)
	}
	if b.Len() > maxFile {
		tb.Fatalf("%d bytes", b.Len())
	}
	path := filepath.Join(tb.TempDir(), "p.yaml")
	write(tb, filepath.Dir(path), "p.yaml", b.String())
	return path
}

// manyFiles writes them into included files, and returns what writes one anew.
func manyFiles(tb testing.TB) (path string, again func(file int)) {
	tb.Helper()
	dir := tb.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	again = func(file int) {
		var b strings.Builder
		b.WriteString("tenants:\n")
		for i := range aFile {
			writeTenant(&b, r, file*aFile+i)
		}
		write(tb, dir, fmt.Sprintf("tenants/%03d.yaml", file), b.String())
	}
	for i := range crowd / aFile {
		again(i)
	}
	write(tb, dir, "p.yaml", "version: 1\ninclude: [tenants/*.yaml]\ndefaults: {methods: [passkey, totp]}\n")
	return filepath.Join(dir, "p.yaml"), again
}

func benchmarkLoad(b *testing.B, path string) {
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		f, err := Open(path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(f)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/crowd, "B/tenant")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/crowd, "allocB/tenant")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/crowd, "allocs/tenant")
}

func BenchmarkLoadOneFile(b *testing.B) { benchmarkLoad(b, oneFile(b)) }

func BenchmarkLoadManyFiles(b *testing.B) {
	path, _ := manyFiles(b)
	benchmarkLoad(b, path)
}

func BenchmarkReloadOneOfManyFiles(b *testing.B) {
	path, again := manyFiles(b)
	f, err := Open(path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		again(i % (crowd / aFile))
		if changed, err := f.Look(); changed || err != nil {
			b.Fatal(changed, err)
		}
		runtime.GC()
		b.StartTimer()
		if changed, err := f.Look(); !changed || err != nil {
			b.Fatal(changed, err)
		}
	}
}

func BenchmarkLookAtManyFiles(b *testing.B) {
	path, _ := manyFiles(b)
	f, err := Open(path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if changed, err := f.Look(); changed || err != nil {
			b.Fatal(changed, err)
		}
	}
}
