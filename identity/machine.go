package identity

import "context"

// machine names the user of a Basic Authorization that none of the sources
// looks into, "" where that is not the only credential of the request. It is
// for programs that sign in by a password at a site whose people come with a
// cookie. The app checks the password, not the gate: the name is the one thing
// known of it, so it may only ever open what is open to that name alone. Beside
// anybody's session it names nobody, since the app may serve either of the two.
func (c *Chain) machine(ctx context.Context, v *Visit) string {
	creds, others := c.Credentials.orDefault(), false
	creds.inHeaders(v.R.Header, func(header string) bool {
		others = others || header != "Authorization"
		return !others
	})
	values := v.R.Header["Authorization"]
	if others || len(values) != 1 || creds.inTarget(v.R) != "" {
		return ""
	}
	if field, err := creds.inForm(v.R); field != "" || err != nil {
		return ""
	}
	user, basic := basicUser(values[0])
	if !basic || len(user) > maxUser || !clean(user) || isNobody(user) {
		return ""
	}
	for _, src := range c.Sources {
		if a := src.Ask(ctx, v); a.State > Nobody {
			return ""
		}
	}
	return user
}
