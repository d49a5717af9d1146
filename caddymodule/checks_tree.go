package caddymodule

import (
	"encoding/json"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/intercept"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy/fastcgi"
)

// branch is one route as the checks see it.
type branch struct {
	match    []map[string]json.RawMessage // any of these sets; none: every request
	steps    []step
	group    string
	terminal bool
}

// step is one handler of a route.
type step struct {
	name   string
	fields map[string]json.RawMessage
	blocks [][]branch // routes inside: one list for a subroute, one for each handle_response
	errors []branch   // a subroute's own error routes
}

// readRoutes makes branches of routes. When the first gate is provisioned,
// Caddy has already turned some routes into handlers and thrown their JSON
// away, and others not yet: both are read.
func readRoutes(routes caddyhttp.RouteList) []branch {
	branches := make([]branch, 0, len(routes))
	for _, r := range routes {
		b := branch{group: r.Group, terminal: r.Terminal}
		for _, set := range r.MatcherSetsRaw {
			b.match = append(b.match, set)
		}
		for _, set := range r.MatcherSets {
			b.match = append(b.match, readMatchers(set))
		}
		for _, raw := range r.HandlersRaw {
			b.steps = append(b.steps, readRaw(raw))
		}
		for _, h := range r.Handlers {
			b.steps = append(b.steps, readHandler(h))
		}
		branches = append(branches, b)
	}
	return branches
}

// readMatchers gives back the JSON of matchers that are already made.
func readMatchers(set caddyhttp.MatcherSet) map[string]json.RawMessage {
	read := map[string]json.RawMessage{}
	for _, m := range set {
		if mod, ok := m.(caddy.Module); ok {
			raw, err := json.Marshal(m)
			if err != nil {
				raw = nil
			}
			read[mod.CaddyModule().ID.Name()] = raw
		}
	}
	return read
}

// readRaw reads a handler's JSON; what does not parse is refused by Caddy.
func readRaw(raw json.RawMessage) step {
	var s step
	if json.Unmarshal(raw, &s.fields) != nil {
		return s
	}
	var inside struct {
		Handler string                      `json:"handler"`
		Routes  caddyhttp.RouteList         `json:"routes"`
		Errors  *caddyhttp.HTTPErrorConfig  `json:"errors"`
		Answers []caddyhttp.ResponseHandler `json:"handle_response"`
	}
	_ = json.Unmarshal(s.fields["handler"], &inside.Handler)
	s.name = inside.Handler
	switch s.name {
	case "subroute", "reverse_proxy", "intercept":
		if json.Unmarshal(raw, &inside) == nil {
			s.nest(inside.Routes, inside.Errors, inside.Answers)
		}
	}
	return s
}

// readHandler reads a handler that is already made.
func readHandler(h caddyhttp.MiddlewareHandler) step {
	var s step
	if mod, ok := h.(caddy.Module); ok {
		s.name = mod.CaddyModule().ID.Name()
	}
	switch h := h.(type) {
	case *Gate:
		g := *h
		g.IdentitiesRaw = h.identities
		s.fields = fieldsOf(g)
	case *caddyhttp.Subroute:
		s.nest(h.Routes, h.Errors, nil)
	case *intercept.Intercept:
		s.nest(nil, nil, h.HandleResponse)
	case *reverseproxy.Handler:
		s.nest(nil, nil, h.HandleResponse)
		s.fields = fieldsOf(struct {
			Upstreams reverseproxy.UpstreamPool `json:"upstreams"`
			Rewrite   any                       `json:"rewrite,omitempty"`
			Headers   any                       `json:"headers,omitempty"`
			Transport any                       `json:"transport,omitempty"`
		}{h.Upstreams, h.Rewrite, h.Headers, fastCGIOf(h.Transport)})
	default:
		s.fields = fieldsOf(h)
	}
	return s
}

// fastCGIOf is a transport to PHP, with the member that names it; nil: another.
func fastCGIOf(transport any) any {
	t, ok := transport.(*fastcgi.Transport)
	if !ok {
		return nil
	}
	return map[string]string{"protocol": "fastcgi", "root": t.Root}
}

func (s *step) nest(routes caddyhttp.RouteList, errs *caddyhttp.HTTPErrorConfig, answers []caddyhttp.ResponseHandler) {
	if s.name == "subroute" {
		s.blocks = append(s.blocks, readRoutes(routes))
	}
	for _, a := range answers {
		s.blocks = append(s.blocks, readRoutes(a.Routes))
	}
	if errs != nil {
		s.errors = readRoutes(errs.Routes)
	}
}

// fieldsOf is v as the members of a JSON object.
func fieldsOf(v any) map[string]json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(raw, &fields)
	return fields
}
