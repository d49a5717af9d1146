package policy

import "errors"

// A MailState says whether the server can send mail, or text messages.
type MailState uint8

const (
	MailUnknown MailState = iota // a file is looked at by itself
	MailYes
	MailNo
)

// SingleOptions says what a server without a policy file has.
type SingleOptions struct{ Mail MailState }

// DefaultTenant is the key of the one tenant there is without a policy file.
const DefaultTenant = "default"

// ErrNoMail is Single's and Load's answer where a first enrolment could not be
// proven.
var ErrNoMail = errors.New("`first: email` needs mail to prove a first enrolment: " +
	"write `mail smtp <url> { from <address> }` into the global option mfa, " +
	"or `first: none` into a policy file, after which whoever knows a password can register a factor of their own for it")

// Single returns the policy of a server without a policy file: one tenant,
// "default", for every host and whatever tenant an identity names. It requires
// a factor under the prefixes that a directive lists (Facts.Protect).
func Single(o SingleOptions) (*Policy, error) {
	if o.Mail == MailNo {
		return nil, ErrNoMail
	}
	t := &Tenant{
		Key: DefaultTenant, Terms: standardTerms(),
		rules: &ruleset{},
	}
	t.Require = RequireMFA
	var keys names[int]
	keys.add(t.Key, 0)
	p := newPolicy([]*Tenant{t}, keys)
	p.single = true
	return p, nil
}
