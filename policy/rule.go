package policy

// A ruleset is the prefixes of one tenant, or of one directive.
type ruleset struct {
	areas []*Area
}
