package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFolderOfEverybody(t *testing.T) {
	for name, c := range map[string]struct {
		mode fs.FileMode
		ok   bool
	}{
		"ok/its user's":      {0o700, true},
		"ok/its group's":     {0o770, true},
		"ok/readable by all": {0o755, true},
		"ok/sticky":          {0o777 | fs.ModeSticky, true},
		"fail/everybody's":   {0o777, false},
		"fail/write alone":   {0o702, false},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "mfa")
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(folder, c.mode); err != nil {
				t.Fatal(err)
			}
			err := CheckFolder(filepath.Join(folder, "mfa.db"))
			if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "chmod o-w "+folder) {
				t.Fatalf("%v", err)
			}
		})
	}
}
