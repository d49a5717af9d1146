package caddymodule

import (
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Claims says where each fact about a person stands in a record: dot paths in
// a token, or placeholders. Only what is mapped is looked at.
type Claims struct {
	// An id nobody can edit, not a display name. Required.
	User string `json:"user,omitempty"`
	// The e-mail address the first enrolment is proven with.
	Email string `json:"email,omitempty"`
	// What to call the person on a page.
	Name string `json:"name,omitempty"`
	// The key of the policy's tenant the person belongs to.
	Tenant string `json:"tenant,omitempty"`
	// The person's roles in that tenant.
	Roles string `json:"roles,omitempty"`
	// An id that lives as long as one sign-in; a flag then counts only in it.
	Session string `json:"session,omitempty"`
	// How the person signed in (RFC 8176); `mfa` there counts as a proof.
	Methods string `json:"methods,omitempty"`
	// The authentication context class, which may count as a proof.
	ACR string `json:"acr,omitempty"`
	// When the person signed in (auth_time); without it nothing is fresh.
	Time string `json:"time,omitempty"`
}

// fields are the facts by the words of the Caddyfile.
func (c *Claims) fields() map[string]*string {
	return map[string]*string{
		"user": &c.User, "email": &c.Email, "name": &c.Name, "tenant": &c.Tenant, "roles": &c.Roles,
		"session": &c.Session, "methods": &c.Methods, "acr": &c.ACR, "time": &c.Time,
	}
}

// addFacts adds a word for each fact that is not in without; check looks at
// the argument and names the fix.
func (c *Claims) addFacts(w words, check func(d *caddyfile.Dispenser, value string) error, without ...string) {
	for name, to := range c.fields() {
		w[name] = func(d *caddyfile.Dispenser) error {
			if err := oneArg(to)(d); err != nil {
				return err
			}
			return check(d, *to)
		}
	}
	for _, name := range without {
		delete(w, name)
	}
}

// checkDotPath wants words with single dots between them.
func checkDotPath(d *caddyfile.Dispenser, path string) error {
	for part := range strings.SplitSeq(path, ".") {
		if part == "" || strings.ContainsAny(part, "{}[]$ ") {
			return d.Errf("'%s' is no dot path: write for example user.id", path)
		}
	}
	return nil
}
