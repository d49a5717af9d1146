package caddymodule

import (
	"encoding/json"
	"maps"
	"strings"
)

// named is the flow after a vars or map handler, which give a name to a value:
// one that a client chose stays chosen by the client under another name.
func (in flow) named(s step) flow {
	in.vars = maps.Clone(in.vars)
	if in.vars == nil {
		in.vars = map[string]string{}
	}
	switch s.name {
	case "vars":
		for name, raw := range s.fields {
			var value string
			if name != "handler" && json.Unmarshal(raw, &value) == nil {
				in.vars["http.vars."+name] = value
			}
		}
	case "map":
		var destinations []string
		_ = json.Unmarshal(s.fields["destinations"], &destinations)
		for _, d := range destinations {
			in.vars[strings.Trim(d, "{}")] = s.text("source")
		}
	}
	return in
}

// mergeVars is what names may stand for where two ways meet. A value that is
// not the same on both is kept as both, with a space between them.
func mergeVars(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]string{}
	}
	for name, value := range b {
		if old := all[name]; old != value {
			all[name] = strings.TrimLeft(old, " ") + " " + value
		}
	}
	return all
}

// source is value with the names in it replaced by what they stand for.
func (in flow) source(value string) string {
	for range len(in.vars) {
		again := placeholder.ReplaceAllStringFunc(value, func(found string) string {
			if v, ok := in.vars[strings.Trim(found, "{}")]; ok {
				return v
			}
			return found
		})
		if again == value {
			break
		}
		value = again
	}
	return value
}

// chosenByClient reports whether a value has a part that a client wrote, the
// host too.
func chosenByClient(value string) bool {
	for _, m := range placeholder.FindAllStringSubmatch(value, -1) {
		switch name := m[1]; {
		case strings.HasPrefix(name, "http.request.tls.client."), strings.HasPrefix(name, "http.reverse_proxy."):
			// a certificate, and the word of whoever forward_auth asked
		case strings.HasPrefix(name, "http.request."), clientChosen.MatchString(name):
			return true
		}
	}
	return false
}
