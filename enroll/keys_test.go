package enroll

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestNewKeys(t *testing.T) {
	good, other := newKey(t), newKey(t)
	raw, _ := base64.StdEncoding.DecodeString(good)
	for name, tt := range map[string]struct {
		keys []string
		want string
	}{
		"ok/one":           {[]string{good}, ""},
		"ok/two":           {[]string{good, other}, ""},
		"ok/unpadded":      {[]string{strings.TrimRight(good, "=")}, ""},
		"ok/URL alphabet":  {[]string{base64.RawURLEncoding.EncodeToString(raw)}, ""},
		"fail/none":        {nil, "openssl rand -base64 32"},
		"fail/empty":       {[]string{""}, "0 bytes"},
		"fail/short":       {[]string{base64.StdEncoding.EncodeToString(raw[:31])}, "31 bytes long, not 32"},
		"fail/long":        {[]string{base64.StdEncoding.EncodeToString(append(raw, 1))}, "33 bytes long, not 32"},
		"fail/text":        {[]string{"a secret that is no base64!"}, "not base64"},
		"fail/zeros":       {[]string{base64.StdEncoding.EncodeToString(make([]byte, 32))}, "no secret"},
		"fail/second":      {[]string{good, "x"}, "key 2 of 2"},
		"fail/twice":       {[]string{good, good}, "twice"},
		"fail/placeholder": {[]string{"{env.MFA_KEY}"}, "not base64"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := NewKeys(tt.keys...)
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				for _, shown := range []string{fmt.Sprint(k), fmt.Sprintf("%#v", k), fmt.Sprintf("%x", k), fmt.Sprintf("%+v", *k)} {
					if strings.Contains(shown, good) || strings.Contains(shown, fmt.Sprintf("%x", raw)) {
						t.Fatalf("%q shows a key", shown)
					}
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v", err)
			}
			for _, key := range tt.keys {
				if len(key) > 5 && strings.Contains(err.Error(), key) {
					t.Fatalf("%q shows the key", err)
				}
			}
		})
	}
}

func TestSeal(t *testing.T) {
	old, newer := newKey(t), newKey(t)
	k1, _ := NewKeys(old)
	k2, _ := NewKeys(newer, old)
	k3, _ := NewKeys(newer)
	at := place{"account", "default", "bob", 7}
	sealed, err := k1.seal(rand.Reader, at, []byte("the secret"))
	if err != nil || bytes.Contains(sealed, []byte("secret")) {
		t.Fatalf("got %q, %v", sealed, err)
	}
	if plain, err := k2.open(at, sealed); err != nil || string(plain) != "the secret" {
		t.Fatalf("an older key does not open: %v", err)
	}
	if _, err := k3.open(at, sealed); err == nil || !strings.Contains(err.Error(), "older key") {
		t.Fatalf("got %v", err)
	}
	again, _ := k2.seal(rand.Reader, at, []byte("the secret"))
	if _, err := k1.open(at, again); err == nil {
		t.Fatal("the newest key does not seal")
	}
	for name, other := range map[string]place{
		"fail/another kind":             {"link", "default", "bob", 7},
		"fail/another realm":            {"account", "other", "bob", 7},
		"fail/another user":             {"account", "default", "eve", 7},
		"fail/an older version":         {"account", "default", "bob", 8},
		"fail/names shifted by a byte":  {"account", "defaultb", "ob", 7},
		"fail/kind and realm run along": {"accountdefault", "", "bob", 7},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := k1.open(other, sealed); err == nil {
				t.Fatal("it opens in another place")
			}
		})
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := k1.open(at, bad); err == nil {
			t.Fatalf("byte %d can be changed", i)
		}
		if _, err := k1.open(at, sealed[:i]); err == nil {
			t.Fatalf("it can be cut to %d", i)
		}
	}
}

func TestLoadOrMakeKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "conf", "mfa.key")
	var wg sync.WaitGroup
	made := make([]*Keys, 20)
	for i := range made {
		wg.Go(func() {
			k, err := LoadOrMakeKey(path)
			if err != nil {
				t.Error(err)
				return
			}
			made[i] = k
		})
	}
	wg.Wait()
	for _, k := range made {
		if k == nil || k.newest().id != made[0].newest().id {
			t.Fatal("twenty processes at once do not read one key")
		}
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Fatalf("got %v, %v", fi.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Fatalf("left over: %v", left)
	}
	text, _ := os.ReadFile(path)
	rotated := filepath.Join(t.TempDir(), "two.key")
	if err := os.WriteFile(rotated, append([]byte(newKey(t)+"\n\n"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	two, err := LoadOrMakeKey(rotated)
	if err != nil || len(two.ring) != 2 || two.ring[1].id != made[0].newest().id {
		t.Fatalf("got %v, %v", two, err)
	}
}

func TestLoadOrMakeKeyFails(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("file", "x", 0o600)
	everybodys := filepath.Join(t.TempDir(), "mfa.key")
	if err := errors.Join(os.WriteFile(everybodys, []byte(newKey(t)), 0o600), os.Chmod(filepath.Dir(everybodys), 0o777)); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		path string
		want []string
	}{
		"fail/group reads":       {write("group", newKey(t), 0o640), []string{"0640", "chmod 600 " + filepath.Join(dir, "group")}},
		"fail/everyone reads":    {write("all", newKey(t), 0o604), []string{"0604", "chmod 600"}},
		"fail/everyone's folder": {everybodys, []string{"0777", "chmod o-w"}},
		"fail/empty":             {write("empty", "", 0o600), []string{"none is given"}},
		"fail/comment only":      {write("comment", "# x\n", 0o600), []string{"none is given"}},
		"fail/half a key":        {write("half", newKey(t)[:20], 0o600), []string{"15 bytes"}},
		"fail/folder":            {dir, []string{"not a file"}},
		"fail/no folder":         {filepath.Join(file, "mfa.key"), []string{"as "}},
		"fail/read-only":         {"/proc/mfa/mfa.key", []string{"XDG_DATA_HOME", "as "}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadOrMakeKey(tt.path)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, w := range append(tt.want, tt.path) {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q lacks %q", err, w)
				}
			}
		})
	}
}
