package caddymodule

import (
	"encoding/json"
	"strings"
)

// takesAuth reports whether the gate knows people by what basic_auth and its
// kind found out.
func (g *Gate) takesAuth() bool {
	if g.IdentitiesRaw == nil {
		return true // the default
	}
	for _, raw := range g.IdentitiesRaw {
		var id struct {
			Source string `json:"source"`
			Claims
		}
		if json.Unmarshal(raw, &id) == nil && id.Source == "placeholder" && strings.Contains(id.User, "{http.auth.user.") {
			return true
		}
	}
	return false
}

// authenticate walks a handler that signs people in. A gate that came before it
// and rests on it would refuse everybody: a directive at the site's level runs
// before what is inside a handle.
func (w *inspector) authenticate(in flow) flow {
	if in.gate != nil && !in.authed && in.gate.takesAuth() {
		w.refuse(in.gate, "takes the person from {http.auth.user.id}, and runs before the basic_auth%s that knows it, so that everybody would be nobody: write both in the same block, and 'mount' in the directive where that block has a path", inBlock(in))
	}
	in.authed = true
	return in
}
