package caddymodule

import (
	"encoding/json"
	"fmt"
	"strings"
)

// openKeys are the keys of a rewritten query whose values are not the
// configuration's own; nil: any key may be set, since the query, or a part of
// it that could hold more pairs, is the client's. own is false where a rewrite
// names no query and so keeps the client's. The gate has read that query
// together with the path that was asked for, not with the one it goes to:
// behind try_files, /nothing?page=x is /index.php?page=x.
func openKeys(query string, own bool) []string {
	if !own {
		return nil
	}
	keys := []string{}
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if strings.Contains(key, "{") {
			return nil
		}
		if strings.Contains(value, "{") {
			keys = append(keys, key)
		}
	}
	return keys
}

// asks says how a rewrite that leaves the path alone can set a key of the query
// that a rule of the policy looks at; empty: it cannot. To take keys away is
// harmless, since a rule protects where its keys are set.
func (w *inspector) asks(fields map[string]json.RawMessage, uri string, in flow) string {
	if in.gate == nil || w.rules.policy == nil {
		return ""
	}
	for _, folder := range foldersOf(in) {
		if _, query, ok := strings.Cut(uri, "?"); ok && w.rules.policy.LooksAtQuery(folder, true, keysOf(query)) {
			return "rewrite to " + uri
		}
		if keys, ok := keysSet(fields["query"]); ok && w.rules.policy.LooksAtQuery(folder, true, keys) {
			return fmt.Sprintf("query %s", fields["query"])
		}
	}
	return ""
}

// foldersOf are the paths a request may have here, each with all below it.
func foldersOf(in flow) []string {
	if len(in.within) == 0 || in.rewrote {
		return []string{"/"}
	}
	var folders []string
	for _, p := range in.within[len(in.within)-1] {
		folders = append(folders, asPrefix(p))
	}
	return folders
}

// keysOf are the keys of a query that the client's own does not give; nil: any.
func keysOf(query string) []string {
	keys := []string{}
	for pair := range strings.SplitSeq(query, "&") {
		key, _, _ := strings.Cut(pair, "=")
		switch {
		case pair == "{http.request.uri.query}", pair == "{http.request.orig_uri.query}":
		case strings.Contains(key, "{"):
			return nil
		default:
			keys = append(keys, key)
		}
	}
	return keys
}

// keysSet are the keys that the operations of `uri query` may give a value, nil
// for any; ok is false where there are none.
func keysSet(raw json.RawMessage) (keys []string, ok bool) {
	type pair struct{ Key, Val string }
	var ops struct {
		Set, Add, Rename []pair
		Replace          []pair
	}
	if len(raw) == 0 || json.Unmarshal(raw, &ops) != nil {
		return nil, false
	}
	keys = []string{}
	for _, p := range ops.Rename {
		p.Key = p.Val // the name it gets
		ops.Set = append(ops.Set, p)
	}
	for _, p := range append(append(ops.Set, ops.Add...), ops.Replace...) {
		if p.Key == "*" || strings.Contains(p.Key, "{") {
			return nil, true
		}
		keys = append(keys, p.Key)
	}
	return keys, len(keys) > 0
}
