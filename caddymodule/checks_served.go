package caddymodule

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// served is a folder that some file_server shows, gated or not.
type served struct {
	root  string
	hide  []string
	hosts []string
}

// ownFile is a file of the gate's own.
type ownFile struct {
	path, what string
	secret     bool // whoever reads it can forge proofs or try codes at leisure
}

// ownFiles are the files that no visitor may read.
func (s *appState) ownFiles() (files []ownFile) {
	if b, ok := s.storeIn.(*BoltStore); ok {
		files = append(files, ownFile{b.File, "the store", true})
		if s.keys == nil {
			files = append(files, ownFile{b.KeyFile(), "the key", true})
		}
	}
	for _, path := range s.keyFiles {
		files = append(files, ownFile{path, "the key", true})
	}
	if s.policyFile != "" {
		files = append(files, ownFile{s.policyFile, "the policy", false})
	}
	return files
}

// keyFilesOf are the files that keys are read from: {file./path}.
func keyFilesOf(keys []string) (files []string) {
	for _, k := range keys {
		for _, name := range placeholders(k) {
			if path, ok := strings.CutPrefix(name, "file."); ok {
				files = append(files, path)
			}
		}
	}
	return files
}

// checkServed refuses a file_server over the folder in which the store or the
// key lies, and warns of one over the policy, which names tenants and people.
func checkServed(app *caddyhttp.App, files []ownFile) (warnings []string, problems []error) {
	for _, srv := range app.Servers {
		for _, s := range inspectServer(srv, protection{}).served {
			for _, f := range files {
				if !s.shows(f.path) {
					continue
				}
				text := fmt.Sprintf("the file_server of %s shows %s, and with it %s, %s: keep it out of every folder that is served, or write 'hide %s'", siteName(s.hosts), s.root, f.what, f.path, f.path)
				switch err := fmt.Errorf("%s", text); {
				case !f.secret && !slices.Contains(warnings, text):
					warnings = append(warnings, text)
				case f.secret && !slices.ContainsFunc(problems, func(p error) bool { return p.Error() == text }):
					problems = append(problems, err)
				}
			}
		}
	}
	return warnings, problems
}

// shows reports whether a file lies in the folder and is not hidden, as
// file_server hides: a name hides every part of a path, a path all below it.
func (s served) shows(file string) bool {
	root, err := caddy.FastAbs(s.root)
	if err != nil || !inFolder(file, root) {
		return false
	}
	for _, h := range s.hide {
		parts := []string{file}
		if !strings.Contains(h, "/") {
			parts = strings.Split(file, "/")
		} else if abs, err := caddy.FastAbs(h); err == nil && inFolder(file, abs) {
			return false
		}
		if slices.ContainsFunc(parts, func(part string) bool { ok, _ := filepath.Match(h, part); return ok }) {
			return false
		}
	}
	return true
}

// hidden are the patterns of a file_server's hide.
func (s step) hidden() (hide []string) {
	_ = json.Unmarshal(s.fields["hide"], &hide)
	return hide
}
