package identity

import "context"

// Fresh is Identify past every cache, for changes that administrators make.
func (c *Chain) Fresh(ctx context.Context, v *Visit) Result {
	w := *v
	w.Fresh = true
	return c.Identify(ctx, &w)
}

// Facts is every fact that some source maps.
func (c *Chain) Facts() FactSet {
	var s FactSet
	for _, src := range c.Sources {
		s |= src.Facts()
	}
	return s
}

// Saw must be called with every request before it passes on, protected or
// not; it reports whether the request ends the sender's flag.
func (c *Chain) Saw(v *Visit) (endsFlag bool) {
	for _, src := range c.Sources {
		if w, ok := src.(Watcher); ok && w.Saw(v) {
			endsFlag = true
		}
	}
	return endsFlag
}

// SawResponse must be called with the app's answer to every request that was
// passed on, when its header is there; it reports whether every flag of the
// person ends.
func (c *Chain) SawResponse(v *Visit, setCookie []string, status int) (endsAll bool) {
	for _, src := range c.Sources {
		if w, ok := src.(Watcher); ok && w.SawResponse(v, setCookie, status) {
			endsAll = true
		}
	}
	return endsAll
}
