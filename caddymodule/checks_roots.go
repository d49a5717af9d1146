package caddymodule

import (
	"strings"
)

// aside is a directory served under a path that was rewritten after a gate.
type aside struct {
	root    string
	gate    *Gate
	refusal string
}

// rootOf is the directory a file_server or a PHP handler serves from; empty
// where it is Caddy's working directory or cannot be told.
func (in flow) rootOf(s step) string {
	root := s.text("root")
	if root == "" || root == "{http.vars.root}" {
		root = in.vars["http.vars.root"]
	}
	if strings.ContainsAny(root, "{ ") {
		return ""
	}
	if root != "" && strings.Trim(root, "/") == "" {
		return "/"
	}
	return strings.TrimRight(root, "/")
}

// inFolder reports whether a path is a folder or lies below it.
func inFolder(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, strings.TrimRight(folder, "/")+"/")
}

// checkAside refuses directories that are also served under the browser's own
// paths, or lie in one another: there a rewrite is a second door to a protected
// file. One of its own, such as handle_path /static/* with its own root, holds
// nothing of what the gate protects.
func (w *inspector) checkAside() {
	for _, a := range w.aside {
		for _, root := range w.roots {
			if root == "" || a.root == "" || inFolder(root, a.root) || inFolder(a.root, root) {
				w.refuse(a.gate, "%s", a.refusal)
				break
			}
		}
	}
}
