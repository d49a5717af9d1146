package caddymodule

import (
	"encoding/json"
	"slices"
	"strings"
)

// flow is what may hold at one point of the way a request takes through the
// handlers of a site.
type flow struct {
	gate    *Gate             // the last gate on some way here; nil: none on any
	turned  bool              // on some way, the path was rewritten after that gate
	moved   string            // on some way, it was so that it can lie under a protected prefix: how
	cached  string            // on some way, a cache was passed: its name
	rewrote bool              // on some way, the path is not the browser's
	fixed   bool              // on every way, the path is one of the configuration's
	fields  []string          // header fields that are set or deleted on every way
	vars    map[string]string // names given to values on some way, by vars and map
	authed  bool              // on every way, a handler has signed the visitor in, by basic_auth or its kind
	within  [][]string        // the path matchers of the blocks around, as the browser's path was matched
}

// merge is what may hold where two ways meet.
func (f flow) merge(o flow) flow {
	if f.gate == nil {
		f.gate = o.gate
	}
	f.turned = f.turned || o.turned
	if f.moved == "" {
		f.moved = o.moved
	}
	if f.cached == "" {
		f.cached = o.cached
	}
	f.rewrote = f.rewrote || o.rewrote
	f.fixed = f.fixed && o.fixed
	f.authed = f.authed && o.authed
	f.vars = mergeVars(f.vars, o.vars)
	f.fields = slices.DeleteFunc(slices.Clone(f.fields), func(name string) bool { return !slices.Contains(o.fields, name) })
	return f
}

// inspector walks the routes of one server.
type inspector struct {
	rules    protection
	named    map[string][]branch // named routes, for invoke
	verified func(hosts []string) bool
	hosts    []string // of the site that is walked; nil: any
	inErrors bool     // walking handle_errors of a gated site
	answered string   // the last handler that let no request past it; "": one that shows nothing of an app
	depth    int

	gates    [][]string // the hosts of each gate found
	roots    []string   // the directories that are served under the browser's paths
	aside    []aside    // those served under other paths
	served   []served   // all that file_server shows
	doors    []door
	problems []error
	warnings []string
}

// maxDepth ends the walk of named routes that invoke one another.
const maxDepth = 32

// list walks routes in order; open is false where no request gets past them.
func (w *inspector) list(routes []branch, in flow) (out flow, open bool) {
	for len(routes) > 0 {
		n := 1
		for n < len(routes) && routes[0].group != "" && routes[n].group == routes[0].group {
			n++
		}
		if in, open = w.choice(routes[:n], in); !open {
			w.unreached(routes[n:])
			return in, false
		}
		routes = routes[n:]
	}
	return in, true
}

// choice walks a group of routes, of which only the first that matches runs.
func (w *inspector) choice(routes []branch, in flow) (out flow, open bool) {
	join := func(way flow) {
		if open {
			way = out.merge(way)
		}
		out, open = way, true
	}
	for i, b := range routes {
		if after, on := w.branch(b, in); on && !b.terminal {
			join(after)
		}
		if len(b.match) == 0 {
			if !open {
				w.unreached(routes[i+1:])
			}
			return out, open
		}
	}
	join(in)
	return out, open
}

// branch walks one route.
func (w *inspector) branch(b branch, in flow) (out flow, open bool) {
	outer, hosts := in.within, w.hosts
	if paths := pathsOf(b); paths != nil && !in.rewrote {
		in.within = append(slices.Clone(outer), paths)
	}
	if own := hostsOf(b); own != nil {
		w.hosts = own
	}
	open = true
	for i, s := range b.steps {
		if in, open = w.step(s, b, in); !open {
			w.unreachedSteps(b.steps[i+1:])
			break
		}
	}
	w.hosts = hosts
	in.within = outer
	return in, open
}

// passing are the handlers that hand every request on, the path as it is.
var passing = []string{
	"copy_response_headers", "encode", "log_append", "push", "request_body",
	"templates", "timeouts", "tracing", "rate_limit", "crowdsec", "waf",
}

// step walks one handler.
func (w *inspector) step(s step, b branch, in flow) (out flow, open bool) {
	switch s.name {
	case "mfa":
		return w.meetGate(s, in), true
	case "subroute":
		return w.subroute(s, in)
	case "invoke":
		return w.invoke(s, in)
	case "rewrite":
		return w.rewrite(s.fields, b, in), true
	case "authentication":
		return w.authenticate(in), true
	case "headers":
		w.checkLent(s.fields["request"], in)
		in.fields = append(slices.Clone(in.fields), fieldsSet(s, in)...)
		return in, true
	case "vars", "map":
		return in.named(s), true
	case "intercept":
		for _, routes := range s.blocks {
			w.list(routes, in)
		}
		return in, true
	case "reverse_proxy":
		return w.proxy(s, b, in)
	case "file_server":
		w.serve(s, in)
		w.answered = s.name
		return in, s.flag("pass_thru")
	case "static_response", "error", "copy_response", "acme_server", "metrics":
		w.answered = ""
		return in, false
	}
	if strings.Contains(s.name, "cache") || strings.Contains(s.name, "souin") {
		in.cached = s.name
		return in, true
	}
	if !slices.Contains(passing, s.name) {
		w.serve(s, in)
	}
	return in, true
}

// subroute walks a block, and its own error routes where it has some: they run
// whatever was refused in it, with the URL as it was when the block began.
func (w *inspector) subroute(s step, in flow) (out flow, open bool) {
	before, errorsBefore := len(w.gates), w.inErrors
	out, open = w.list(s.blocks[0], in)
	if s.errors == nil {
		return out, open
	}
	w.inErrors = w.inErrors || len(w.gates) > before
	after, on := w.list(s.errors, in)
	w.inErrors = errorsBefore
	if on && open {
		after = out.merge(after)
	}
	if on {
		out = after
	}
	return out, on || open
}

// invoke walks a named route.
func (w *inspector) invoke(s step, in flow) (flow, bool) {
	routes := w.named[s.text("name")]
	if w.depth++; w.depth > maxDepth {
		return in, true
	}
	out, open := w.list(routes, in)
	w.depth--
	return out, open
}

// proxy walks a reverse_proxy. One whose answer lets the request go on, such
// as forward_auth, only asks somebody; any other is a door to an app.
func (w *inspector) proxy(s step, b branch, in flow) (out flow, open bool) {
	for _, routes := range s.blocks {
		after, on := w.list(routes, in)
		switch {
		case on && open:
			out = out.merge(after)
		case on:
			out, open = after, true
		}
	}
	if open {
		return out, true
	}
	var h struct {
		Request json.RawMessage `json:"request"`
	}
	if json.Unmarshal(s.fields["headers"], &h) == nil {
		w.checkLent(h.Request, in)
	}
	at := in
	var own map[string]json.RawMessage
	if json.Unmarshal(s.fields["rewrite"], &own) == nil && own != nil {
		at = w.rewrite(own, b, in)
	}
	w.serve(s, at)
	w.answered = s.name
	return in, false
}

// text and flag read a member of a handler.
func (s step) text(name string) (value string) {
	_ = json.Unmarshal(s.fields[name], &value)
	return value
}

func (s step) flag(name string) (value bool) {
	_ = json.Unmarshal(s.fields[name], &value)
	return value
}

// pathsOf are the patterns of a route that matches by path alone as far as
// paths go; nil: it matches any path.
func pathsOf(b branch) []string {
	var all []string
	for _, set := range b.match {
		var patterns []string
		if json.Unmarshal(set["path"], &patterns) != nil || len(patterns) == 0 {
			return nil
		}
		all = append(all, patterns...)
	}
	return all
}

// hostsOf are the hosts a route is for; nil: any.
func hostsOf(b branch) []string {
	var all []string
	for _, set := range b.match {
		var hosts []string
		if json.Unmarshal(set["host"], &hosts) != nil || len(hosts) == 0 {
			return nil
		}
		all = append(all, hosts...)
	}
	return all
}
