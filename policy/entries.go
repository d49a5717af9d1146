package policy

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	schemaPrefix  = `{"type": "string", "pattern": "^/"}`
	schemaValue   = `{"type": ["string", "number", "boolean"]}`
	schemaQuery   = `{"type": "object", "minProperties": 1, "additionalProperties": {"anyOf": [` + schemaValue + `, {"type": "array", "minItems": 1, "items": ` + schemaValue + `}]}}`
	schemaName    = `{"anyOf": [` + schemaText + `, {"type": "object", "minProperties": 1, "additionalProperties": ` + schemaText + `}]}`
	schemaProtect = `{"type": "array", "items": {"anyOf": [` + schemaPrefix + `, {"type": "object", "required": ["path"], "additionalProperties": false, "properties": {"path": ` + schemaPrefix +
		`, "name": ` + schemaName + `, "query": ` + schemaQuery + `, "fresh": ` + schemaDuration + `, "require": {"enum": ["mfa", "phishing-resistant"]}, "when_store_down": {"enum": ["closed", "last-known"]}}}]}}`
	schemaAllow = `{"type": "array", "items": {"anyOf": [` + schemaPrefix + `, {"type": "object", "required": ["path"], "additionalProperties": false, "properties": {"path": ` + schemaPrefix +
		`, "method": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"type": "string", "pattern": "^[A-Z]+$"}}, "query": ` + schemaQuery + `, "keys": {"type": "array", "uniqueItems": true, "items": ` + schemaText + `}}}]}}`
)

func readProtect(r *reader, n *yaml.Node, s *settings) { s.protect = r.entries(n, "protect") }
func readAllow(r *reader, n *yaml.Node, s *settings)   { s.allow = r.entries(n, "allow") }

// entries reads the list of protect or of allow. An empty list is one: it takes
// back what would be inherited.
func (r *reader) entries(n *yaml.Node, what string) *ruleList {
	list := &ruleList{file: r.file}
	seen := map[string]int{}
	r.items(n, what, func(_ int, n *yaml.Node) {
		rule, ok := r.entry(n, what)
		if !ok {
			return
		}
		id := rule.folded()
		if rule.special != nil && (rule.special.query != nil || rule.special.methods != nil || rule.special.keys != nil) {
			id = fmt.Sprint(id, rule.special.query, rule.special.methods, rule.special.keys)
		}
		if line := seen[id]; line > 0 {
			r.bad(n, "%s is already in %s, on line %d: keep one", rule.Path, what, line)
			return
		}
		seen[id] = n.Line
		list.rules = append(list.rules, rule)
	})
	list.rules = append(make([]rule, 0, len(list.rules)), list.rules...) // no more room than there are rules
	if what == "protect" {
		list.rules = withDerived(list.rules)
		return list // settings keeps their paths
	}
	for i := range list.rules {
		list.rules[i].Path = r.keep(list.rules[i].Path)
	}
	return list
}

var entryKeys = map[string][]string{
	"protect": {"path", "name", "query", "fresh", "require", "when_store_down"},
	"allow":   {"path", "method", "query", "keys"},
}

// entry reads one entry: a prefix, or a mapping that says more.
func (r *reader) entry(n *yaml.Node, what string) (entry rule, ok bool) {
	before := len(r.list)
	var path string
	var area extra
	var ask special
	said := 0 // keys
	if n.Kind == yaml.ScalarNode {
		path = r.prefix(n)
	} else {
		r.mapping(n, "an entry of "+what, entryKeys[what], func(key string, v *yaml.Node) {
			said++
			switch key {
			case "path":
				path = r.prefix(v)
			case "name":
				area.names = r.names(v)
			case "query":
				ask.query = r.query(v)
			case "fresh":
				area.Fresh = r.duration(v, "fresh")
			case "method":
				ask.methods = r.methods(v)
			case "keys":
				ask.keys = r.keys(v)
			case "require":
				area.Resistant = r.word(v, "require, of an entry,", "mfa", "phishing-resistant") == "phishing-resistant"
			case "when_store_down":
				area.LastKnown = r.word(v, key, "closed", "last-known") == "last-known"
			}
		})
		if path == "" && len(r.list) == before {
			r.bad(n, "an entry of %s needs a path: write {path: /…}", what)
		}
	}
	if path == "" || len(r.list) > before {
		return entry, false
	}
	entry = newRule(path)
	entry.line, entry.col = uint32(n.Line), uint32(n.Column) // #nosec G115 -- a file has 16 MiB at most
	if said > 1 {                                            // than the path
		area.special = entry.special
		entry.extra = &area
	}
	if ask.query != nil || ask.methods != nil || ask.keys != nil {
		o := entry.asks()
		o.query, o.methods, o.keys = ask.query, ask.methods, ask.keys
	}
	return entry, true
}

func (r *reader) prefix(n *yaml.Node) (path string) {
	r.follow(n, func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode {
			r.bad(n, "a path is a text, found %s", describe(n))
		} else if err := checkPrefix(n.Value, r.mount); err != nil {
			r.bad(n, "%q: %v", n.Value, err)
		} else {
			path = n.Value
		}
	})
	return path
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// names reads an area's name: one for all languages, or one for each.
func (r *reader) names(n *yaml.Node) (names []areaName) {
	r.follow(n, func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode {
			if text := r.text(n, "name"); text != "" {
				names = []areaName{{"", r.keep(text)}}
			}
			return
		}
		r.mapping(n, "name", nil, func(lang string, v *yaml.Node) {
			if !languageTag.MatchString(lang) {
				r.bad(v, "%q is no language: write one such as en or pt-BR", lang)
			} else if text := r.text(v, "the name in "+lang); text != "" {
				names = append(names, areaName{r.keep(lang), r.keep(text)})
			}
		})
		if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
			r.bad(n, "name is empty: write one, or leave it out")
		}
	})
	return names
}

// query reads the query of a prefix: every key must have one of its values.
func (r *reader) query(n *yaml.Node) (rules []queryRule) {
	r.mapping(n, "query", nil, func(key string, v *yaml.Node) {
		canon := canonKey(key)
		if slices.ContainsFunc(rules, func(q queryRule) bool { return q.key == canon }) {
			r.bad(v, "%q is another spelling of a key that is already there: keep one", key)
			return
		}
		var values []string
		add := func(n *yaml.Node) {
			if s, ok := r.scalar(n, key); ok {
				values = append(values, s)
			}
		}
		r.follow(v, func(v *yaml.Node) {
			if v.Kind != yaml.SequenceNode {
				add(v)
				return
			}
			if len(v.Content) == 0 {
				r.bad(v, "%s is empty: write its values", key)
			}
			r.items(v, key, func(_ int, n *yaml.Node) { add(n) })
		})
		rules = append(rules, newQueryRule(canon, values))
	})
	if len(rules) == 0 {
		r.follow(n, func(n *yaml.Node) {
			if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
				r.bad(n, "query is empty: write {key: value}, or leave it out")
			}
		})
	}
	return rules
}

// keys reads what else a request may set; an empty list says nothing else.
func (r *reader) keys(n *yaml.Node) []string {
	keys := []string{}
	for _, k := range r.texts(n, "keys", true) {
		keys = append(keys, canonKey(k))
	}
	return keys
}

var methodName = regexp.MustCompile(`^[A-Z]+$`)

func (r *reader) methods(n *yaml.Node) []string {
	methods := r.texts(n, "method", false)
	for _, m := range methods {
		switch {
		case m == "TRACE" || m == "CONNECT":
			r.bad(n, "%s is refused everywhere: leave it out", m)
		case !methodName.MatchString(m):
			r.bad(n, "a method is written in capitals such as POST, not %q", m)
		}
	}
	return methods
}

func readHosts(r *reader, n *yaml.Node, s *settings) {
	r.texts(n, "hosts", false)
	r.items(n, "hosts", func(_ int, n *yaml.Node) {
		h := cleanHost(n.Value)
		if strings.Contains(n.Value, "/") || !isHost(h) {
			r.bad(n, "a host is a name such as portal.example or *.portal.example, without scheme and path (xn--… beyond ASCII), not %s", describe(n))
			return
		}
		if slices.Contains(s.Hosts, h) && h != n.Value {
			r.bad(n, "hosts lists %q twice: keep one", h)
			return
		}
		s.Hosts = append(s.Hosts, h)
	})
}

// isHost reports whether a clean host is a name, a wildcard of a name, or an
// address.
func isHost(h string) bool {
	if _, err := netip.ParseAddr(strings.Trim(h, "[]")); err == nil {
		return true
	}
	name := strings.TrimPrefix(h, "*.")
	if len(name) == 0 || len(name) > 253 {
		return false
	}
	for _, label := range strings.Split(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}
