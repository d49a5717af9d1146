package identity

import "slices"

// Scripted is a source whose credential no browser sends of itself.
type Scripted interface{ Scripted() bool }

// scripted reports whether all sources are so.
func (c *Chain) scripted() bool {
	return !slices.ContainsFunc(c.Sources, func(src Source) bool {
		s, ok := src.(Scripted)
		return !ok || !s.Scripted()
	})
}
