package caddymodule

import "encoding/json"

// unreached refuses the gates in routes that no request gets to, because a
// handler before them answers every one: whoever wrote them thinks the site is
// guarded. A redirect or a fixed answer shows nothing of an app.
func (w *inspector) unreached(routes []branch) {
	for _, b := range routes {
		w.unreachedSteps(b.steps)
	}
}

func (w *inspector) unreachedSteps(steps []step) {
	if w.answered == "" {
		return
	}
	for _, s := range steps {
		if g := gateOf(s); g != nil {
			w.refuse(g, "is never reached: the %s before it answers every request; move the directive before it (a 'route' block keeps the order in which its lines stand, and 'order mfa last' puts the gate behind everything)", w.answered)
		}
		for _, routes := range s.blocks {
			w.unreached(routes)
		}
	}
}

// gateOf is the gate that a step is, nil where it is none, or only shows pages.
func gateOf(s step) *Gate {
	if s.name != "mfa" {
		return nil
	}
	g := new(Gate)
	raw, err := json.Marshal(s.fields)
	if err != nil || json.Unmarshal(raw, g) != nil || g.PagesOnly {
		return nil
	}
	return g
}
