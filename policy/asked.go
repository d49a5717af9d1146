package policy

import "slices"

// LooksAtQuery reports whether a rule that protects path for some tenant, or,
// where below is true, something below path, looks at one of the keys of the
// query, in any spelling; nil keys: at any. It is for whoever checks what
// rewrites a target after it was judged.
func (p *Policy) LooksAtQuery(path string, below bool, keys []string) bool {
	var t target
	if !t.read(Target{Path: path}) {
		return true
	}
	folder := foldPrefix(path)
	for _, set := range p.index.sets {
		for i := range set.protect {
			if r := &set.protect[i]; r.looksAt(keys) && (below && under(r.folded(), folder, false) || r.protectsAny(&t, set.sensitive)) {
				return true
			}
		}
	}
	return false
}

func (p *rule) looksAt(keys []string) bool {
	return slices.ContainsFunc(p.query(), func(q queryRule) bool {
		return keys == nil || slices.ContainsFunc(keys, func(k string) bool { return canonKey(k) == q.key })
	})
}

func (p *rule) protectsAny(t *target, sensitive bool) bool {
	for i := range t.len() {
		if p.protects(t.at(i), sensitive) {
			return true
		}
	}
	return false
}

// LooksAtClient reports whether any decision depends on Facts.Client.
func (p *Policy) LooksAtClient() bool { return p.clients }
