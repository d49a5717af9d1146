package policy

// Prefixes is a directive's own list of protected prefixes, checked.
type Prefixes struct {
	rules *ruleset
}
