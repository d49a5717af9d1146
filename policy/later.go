package policy

import "gopkg.in/yaml.v3"

// later lists what the policy file's language knows and this version does not
// enforce yet, with what to write now. It is read, its form is checked, and it
// is refused: a rule that is parsed and ignored protects nobody. Building one
// of these takes its line out.
var later = map[string]string{ // #nosec G101 -- words of the policy, no credentials
	"methods: oidc": "write passkey or totp",
	"limits: oidc":  "leave it out",
	"assign":        "leave it out",
}

// built refuses a key, or a key with a value, that is not enforced yet; true
// means that it is.
func (r *reader) built(n *yaml.Node, what string) bool {
	hint, no := later[what]
	if no {
		r.bad(n, "%s is not enforced by this version, so it is refused and not ignored: %s", what, hint)
	}
	return !no
}
