package identity

// Named reports whether a header, or a key of the query, of this name carries a
// credential, so that a protected request with one that is not the identity's is
// refused.
func (c *Credentials) Named(name string) bool {
	c = c.orDefault()
	return c.isHeader(name) || c.anywhere[fieldName(name)] || c.sessions[fieldName(name)]
}
