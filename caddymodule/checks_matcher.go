package caddymodule

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// readsPath are the matchers that look at the request's path, and pathWords
// what of it can stand inside the others. Caddy's reading of a path is not the
// app's: what a matcher lets by (`/index.php/documents`, `/x/..;/documents`)
// the app may still serve.
var (
	readsPath    = []string{"path", "path_regexp", "file"}
	pathWords    = regexp.MustCompile(`\{(http\.request\.(orig_)?uri|http\.matchers\.file)|\b(path|path_regexp|file)\s*\(`)
	clientLeaves = []string{"header", "header_regexp", "query", "method", "protocol"}
)

// gateMatcher takes the matcher of the directive, if it has one, and leaves
// the cursor on the directive's name. A matcher that reads the path is refused
// with the line to write instead.
func gateMatcher(h httpcaddyfile.Helper) (caddy.ModuleMap, error) {
	var token string
	if h.NextArg() {
		token = h.Val()
		h.Prev()
	}
	if strings.HasPrefix(token, "/") {
		return nil, h.Errf("mfa takes no path matcher, since an app may read a path otherwise than a matcher does: write 'protect %s' in its block", asPrefix(token))
	}
	matcher, err := h.ExtractMatcherSet()
	if err != nil {
		return nil, err
	}
	h.Next()
	if paths, ok := matcherReadsPath(matcher); ok {
		return nil, h.Errf("mfa takes no matcher that reads the path, as %s does, since an app may read a path otherwise than a matcher does: write 'protect %s' in its block, and exceptions as 'allow' in the policy", token, strings.Join(paths, " "))
	}
	for _, name := range clientLeaves {
		if _, ok := matcher[name]; ok {
			warn(h.Dispenser, "mfa "+token+" matches by "+name+", which a client can leave out or change: such a request passes by the gate")
		}
	}
	return matcher, nil
}

// asPrefix is the prefix that covers what a path matcher matches.
func asPrefix(pattern string) string {
	if prefix := strings.TrimRight(strings.TrimRight(pattern, "*"), "/"); prefix != "" {
		return prefix
	}
	return "/"
}

// matcherReadsPath reports whether some part of matcher looks at the path, and
// the prefixes to protect instead, as far as they can be told.
func matcherReadsPath(matcher caddy.ModuleMap) ([]string, bool) {
	var found bool
	paths := []string{}
	for name, raw := range matcher {
		if slices.Contains(readsPath, name) || pathWords.Match(raw) {
			found = true
		}
		switch name {
		case "path":
			var patterns []string
			if json.Unmarshal(raw, &patterns) == nil {
				for _, p := range patterns {
					paths = append(paths, asPrefix(p))
				}
			}
		case "not":
			var sets []caddy.ModuleMap
			if json.Unmarshal(raw, &sets) == nil {
				for _, set := range sets {
					_, inside := matcherReadsPath(set)
					found = found || inside
				}
			}
		}
	}
	if len(paths) == 0 {
		paths = append(paths, "<prefixes...>")
	}
	return paths, found
}
