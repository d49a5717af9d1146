package policy

import (
	"strings"
	"testing"
)

// What an attacker can make the search for readings cost, by the worst targets
// known to us.
func BenchmarkReadingsWorst(b *testing.B) {
	for name, path := range map[string]string{
		"nested":   "/%" + strings.Repeat("25", 120) + strings.Repeat("/%2541;a/.;/..;b/x y./", 340),
		"mixed":    strings.Repeat("/x//%2541;a/.;/..;b/%C0%AE%ef%bc%8e/x.php/\\y%20./%2525ff:$", 120),
		"dots":     strings.Repeat("/..;a/b", 1100),
		"scripts":  strings.Repeat("/a.php", 1300),
		"slashes":  strings.Repeat("/", 8000),
		"nestmany": strings.Repeat("/%252525252525252525252525252525252525252525252541", 160),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var t target
				t.read(Target{Path: path})
			}
		})
	}
}
