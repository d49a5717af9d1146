package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

// meetGate checks a gate where it stands.
func (w *inspector) meetGate(s step, in flow) flow {
	g := new(Gate)
	raw, err := json.Marshal(s.fields)
	if err == nil {
		delete(s.fields, "handler")
		raw, err = json.Marshal(s.fields)
	}
	if err != nil || json.Unmarshal(raw, g) != nil || g.PagesOnly {
		return in
	}
	if in.gate != nil && !in.turned {
		w.refuse(g, "and mfa%s can match one request: keep one of them, or put each in a handle block of its own", in.gate.place())
	}
	if in.cached != "" {
		w.refuse(g, "stands after the cache '%s', which would hand answers of one visitor to others: order %s after mfa", in.cached, in.cached)
	}
	w.checkIdentities(g, in)
	w.checkMountReached(g, in)
	if login, ok := g.Anonymous.loginTarget(); ok && w.rules.coversLogin(g, login, w.hosts) {
		w.refuse(g, "sends visitors to sign in at %s, which is itself protected, and would go round for ever: write an 'allow' for it in the policy, or 'anonymous confirm %s'", login.Path, login.Path)
	}
	if err := checkPlaceholder(in.source(g.Tenant)); err != nil && in.source(g.Tenant) != g.Tenant {
		w.refuse(g, "takes the tenant from %s: %w", g.Tenant, err)
	}
	w.gates = append(w.gates, w.hosts)
	in.gate, in.turned, in.moved = g, false, ""
	return in
}

// contents are the handlers that show something of the app.
var contents = regexp.MustCompile(`proxy|file|php|cgi|dav`)

// serve checks a handler that answers with what it finds or asks.
func (w *inspector) serve(s step, in flow) {
	refusal := fmt.Sprintf("is followed by a rewrite%s (%s) that can lead under a protected prefix, and nobody judges the new path: move the directive into that block, after the rewrite, with the 'mount' its pages have in the browser; where the rule looks at the query alone, write its path as /", inBlock(in), in.moved)
	switch root := in.rootOf(s); {
	case in.moved != "" && s.name == "file_server" && root != "":
		w.aside = append(w.aside, aside{root, in.gate, refusal})
	case in.moved != "":
		w.refuse(in.gate, "%s", refusal)
	case s.name == "file_server" || strings.Contains(string(s.fields["transport"]), "fastcgi"):
		w.roots = append(w.roots, root)
	}
	if w.inErrors && in.gate == nil && contents.MatchString(s.name) && !(s.name == "file_server" && in.fixed) {
		w.problems = append(w.problems, fmt.Errorf("handle_errors of %s has a %s with no mfa before it, which would serve the very page that was refused: write the mfa directive in it, or answer with 'respond'; a file_server may stand there after a rewrite to one page, such as 'rewrite * /{err.status_code}.html'", siteName(w.hosts), s.name))
	}
	w.addDoors(s, in)
}

// checkIdentities refuses header fields that a client could send, and client
// certificates that nobody verified.
func (w *inspector) checkIdentities(g *Gate, in flow) {
	for _, raw := range g.IdentitiesRaw {
		var id struct {
			Source string `json:"source"`
			Claims
		}
		if json.Unmarshal(raw, &id) != nil || id.Source != "placeholder" {
			continue
		}
		for _, value := range id.fields() {
			for _, name := range headersIn(*value) {
				if !settled(in.fields, name) {
					w.refuse(g, "takes the person from the header field %s, which any client can send: let 'forward_auth' with 'copy_headers %s' always run before it, or write 'request_header -%s' in a 'route' before both", name, name, name)
				}
			}
			if from := in.source(*value); from != *value && chosenByClient(from) {
				w.refuse(g, "takes the person from %s, which is %s here, and so chosen by the client", *value, from)
			}
			if strings.Contains(*value, "{http.request.tls.client.") && !w.verified(w.hosts) {
				w.refuse(g, "takes the person from the client's certificate, which this site does not verify: write 'tls { client_auth { mode require_and_verify … } }' with a trust pool (or verify_if_given)")
			}
		}
	}
}

// settled reports whether name is set or deleted for every request; fields may
// hold Caddy's wildcards.
func settled(fields []string, name string) bool {
	return slices.ContainsFunc(fields, func(f string) bool {
		ok, err := path.Match(strings.ToLower(f), strings.ToLower(name))
		return err == nil && ok
	})
}

// fieldsSet are the request's header fields that a headers handler sets or
// deletes. A value taken from the request settles nothing: the client chose it.
func fieldsSet(s step, in flow) []string {
	var ops struct {
		Set    http.Header `json:"set"`
		Delete []string    `json:"delete"`
	}
	if json.Unmarshal(s.fields["request"], &ops) != nil {
		return nil
	}
	names := ops.Delete
	for name, values := range ops.Set {
		if !slices.ContainsFunc(values, func(v string) bool { return chosenByClient(in.source(v)) }) {
			names = append(names, name)
		}
	}
	return names
}

// checkMountReached warns where the blocks around do not let the gate's pages
// in: whoever is asked to enrol would get a 404.
func (w *inspector) checkMountReached(g *Gate, in flow) {
	mount := g.Mount
	if mount == "" {
		mount = defaultMount
	}
	for _, patterns := range in.within {
		if !slices.ContainsFunc(patterns, func(p string) bool { return under(mount, asPrefix(p)) && strings.HasSuffix(p, "*") }) {
			w.warnings = append(w.warnings, fmt.Sprintf("mfa%s: its pages live under %s, which never gets into the block of %s: write 'mount %s/.mfa'", g.place(), mount, strings.Join(patterns, " "), strings.TrimRight(asPrefix(patterns[0]), "/")))
		}
	}
}

// refuse adds a problem of the gate g, with its place.
func (w *inspector) refuse(g *Gate, format string, args ...any) {
	err := fmt.Errorf("mfa%s %w", g.place(), fmt.Errorf(format, args...))
	if !slices.ContainsFunc(w.problems, func(p error) bool { return p.Error() == err.Error() }) {
		w.problems = append(w.problems, err)
	}
}

// place is where the directive stands, for messages.
func (g *Gate) place() string {
	if g.At == "" {
		return ""
	}
	return " at " + g.At
}

// inBlock names the block a request is in.
func inBlock(in flow) string {
	if len(in.within) == 0 {
		return ""
	}
	return " in the block of " + strings.Join(in.within[len(in.within)-1], " ")
}

// siteName names a site for people.
func siteName(hosts []string) string {
	if len(hosts) == 0 {
		return "the site"
	}
	return strings.Join(hosts, ", ")
}
