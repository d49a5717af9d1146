package caddymodule

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/policy"
)

// protection is what is protected, for the checks of a configuration.
type protection struct {
	policy *policy.Policy // nil: no policy file, the directives' own prefixes alone
}

// covers reports whether a plain target is protected, by the gate itself or for
// some tenant of the policy.
func (p protection) covers(g *Gate, t policy.Target) bool {
	for _, prefix := range g.Protect {
		if under(t.Path, prefix) {
			return true
		}
	}
	if p.policy == nil {
		return false
	}
	return p.closes(policy.Place{TenantMapped: true}, t)
}

func (p protection) closes(at policy.Place, t policy.Target) bool {
	d := p.policy.Decide(&policy.Facts{Place: at, Method: "GET", Sent: t})
	return d.Ask != policy.AskNothing || d.Reason != policy.ReasonOpen
}

// coversLogin is covers for where a site's strangers are sent. Where the host alone
// says whose rules hold, what the tenants of other hosts protect does not matter.
func (p protection) coversLogin(g *Gate, t policy.Target, hosts []string) bool {
	if !p.covers(g, t) {
		return false
	}
	named := g.Tenant != "" || slices.ContainsFunc(g.IdentitiesRaw, func(raw json.RawMessage) bool {
		var id struct {
			Tenant json.RawMessage `json:"tenant"`
		}
		return json.Unmarshal(raw, &id) != nil || len(id.Tenant) > 0
	})
	if p.policy == nil || len(hosts) == 0 || named && g.Tenant != "host" || slices.ContainsFunc(g.Protect, func(prefix string) bool { return under(t.Path, prefix) }) {
		return true
	}
	return slices.ContainsFunc(hosts, func(host string) bool {
		return strings.ContainsAny(host, "*{") || p.closes(policy.Place{Host: host, TenantBy: policy.ByHost}, t)
	})
}

// rewrite is the flow after a rewrite, which counts only behind a gate: what
// stands before it the gate has judged.
func (w *inspector) rewrite(fields map[string]json.RawMessage, b branch, in flow) flow {
	uri := step{fields: fields}.text("uri")
	path, _, _ := strings.Cut(uri, "?")
	if path == "" && !changesPath(fields) {
		if how := w.asks(fields, uri, in); how != "" && !w.judged(in) {
			in.turned, in.moved = true, how
		}
		return in
	}
	in.rewrote = true
	in.fixed = !changesPath(fields) && isFixed(path)
	if in.gate == nil {
		return in
	}
	in.turned = true
	if how := w.leads(fields, uri, b, in); how != "" && !w.judged(in) {
		in.moved = how
	}
	return in
}

// pathChanges are the members of a rewrite that change a part of the path.
var pathChanges = []string{"strip_path_prefix", "strip_path_suffix", "uri_substring", "path_regexp"}

func changesPath(fields map[string]json.RawMessage) bool {
	for _, name := range pathChanges {
		if len(fields[name]) > 0 {
			return true
		}
	}
	return false
}

// judged reports whether every request that gets here was already held to a
// prefix of the gate itself, because a block around is for such paths only.
func (w *inspector) judged(in flow) bool {
	every := func(paths []string) bool {
		for _, path := range paths {
			covered := false
			for _, prefix := range in.gate.Protect {
				covered = covered || under(asPrefix(path), prefix)
			}
			if !covered {
				return false
			}
		}
		return true
	}
	if every([]string{"/"}) {
		return true
	}
	for _, paths := range in.within {
		if every(paths) {
			return true
		}
	}
	return false
}

// leads says how a rewrite can lead under a protected prefix; empty: it cannot.
func (w *inspector) leads(fields map[string]json.RawMessage, uri string, b branch, in flow) string {
	for _, name := range pathChanges {
		if raw := fields[name]; len(raw) > 0 {
			return fmt.Sprintf("%s %s", name, strings.Trim(string(raw), `"`))
		}
	}
	if w.reaches(uri, b, in.gate) {
		return "rewrite to " + uri
	}
	if !startsJudged(uri) {
		uri = "" // looked at above, with the path it goes to
	}
	return w.asks(fields, uri, in)
}

// reaches reports whether a rewritten target can lie under a protected prefix.
func (w *inspector) reaches(uri string, b branch, g *Gate) bool {
	path, query, own := strings.Cut(known.Replace(uri), "?")
	if startsJudged(path) {
		return false
	}
	if strings.HasPrefix(path, "{http.matchers.file.") {
		return w.filesReach(b, g)
	}
	literal, _, dynamic := strings.Cut(path, "{")
	switch {
	case !strings.HasPrefix(path, "{") && !strings.HasPrefix(path, "/"):
		literal = "/" + literal
	case literal == "":
		return true
	}
	to := "/" + strings.Trim(literal, "/")
	if w.rules.covers(g, policy.Target{Path: to, RawQuery: query}) || w.rules.policy != nil && w.rules.policy.LooksAtQuery(to, dynamic, openKeys(query, own)) {
		return true
	}
	if !dynamic {
		return false
	}
	for _, prefix := range g.Protect {
		if strings.HasPrefix(strings.ToLower(prefix), strings.ToLower(literal)) {
			return true
		}
	}
	return w.rules.policy != nil
}

// judgedStarts are how a path begins that a gate has judged, with something
// after it, or that the app itself names in answer to a request that was
// (X-Accel-Redirect).
var judgedStarts = []string{
	"{http.request.uri.path}", "{http.request.uri}", "{http.request.orig_uri.path}", "{http.request.orig_uri}",
	"{http.reverse_proxy.header.", "{http.intercept.header.",
}

func startsJudged(path string) bool {
	return slices.ContainsFunc(judgedStarts, func(start string) bool { return strings.HasPrefix(path, start) })
}

// known are placeholders whose value is one of a few words.
var known = strings.NewReplacer("{http.error.status_code}", "000", "{http.mfa.verdict}", "verdict", "{http.mfa.reason}", "reason")

// isFixed reports whether a path is one of the configuration's, whatever the
// request.
func isFixed(path string) bool {
	return path != "" && !strings.Contains(known.Replace(path), "{")
}

// filesReach looks at the candidates of the file matcher that found the file.
func (w *inspector) filesReach(b branch, g *Gate) bool {
	found := false
	for _, set := range b.match {
		var m struct {
			TryFiles []string `json:"try_files"`
		}
		if raw, ok := set["file"]; !ok || json.Unmarshal(raw, &m) != nil {
			return true
		}
		found = true
		for _, candidate := range m.TryFiles {
			if !strings.HasPrefix(candidate, "=") && !strings.HasPrefix(candidate, "{http.matchers.") && w.reaches(candidate, branch{}, g) {
				return true
			}
		}
	}
	return !found
}
