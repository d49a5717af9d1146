package store

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// CheckFolder finds fault with a file in a folder that everybody can write. Whoever may
// put another file in its place chooses the key that proofs are signed with, or
// sets the store back. In a folder with the sticky bit (/tmp) only a file's own
// user may. (Windows has no such bits: there the folder's rights decide.)
func CheckFolder(file string) error {
	folder := filepath.Dir(file)
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	if mode := info.Mode(); mode.Perm()&0o002 != 0 && mode&fs.ModeSticky == 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("everybody can write its folder (mode %04o) and put another file in its place: run `chmod o-w %s`, and look whether somebody did", mode.Perm(), folder)
	}
	return nil
}
