package identity

// PlaceholderFacts are the placeholders of the facts, with or without braces.
type PlaceholderFacts struct {
	User, Email, Name, Tenant, Roles, Session, Methods, ACR, Time string
}

// Placeholder takes what the server in front already knows.
type Placeholder struct {
	Facts PlaceholderFacts
	// Carries are the headers that whoever fills the placeholder has checked.
	// Default: Authorization where User is one of {http.auth.user.*}.
	Carries []string
}
