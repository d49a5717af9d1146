package identity

import "time"

// Expression says where in an answer a fact stands.
type Expression struct {
	Kind string // json, html, regexp or header
	Text string // a dotted path, a CSS selector, an RE2 with exactly one capture, or a header field
	Attr string // html only: the attribute to read instead of the text
}

// Before is a first call whose value the second one needs, such as a token
// against forgery.
type Before struct {
	Path string
	Name string // the value is {mfa.before.<name>} in the path and in header_up
	Expr Expression
}

// Header is one header field of a sub-request.
type Header struct{ Field, Value string }

// Expressions are the facts of a whoami; a zero one is not mapped.
type Expressions struct {
	User, Email, Name, Tenant, Roles, Session, Methods, ACR, Time Expression
}

// WhoAmI asks the app who its visitor is.
type WhoAmI struct {
	Path     string   // where the app says who is signed in, with its query
	Method   string   // GET (default) or POST, without a body
	HeaderUp []Header // further header fields of the sub-request
	Before   *Before
	Facts    Expressions
	Cookies  []string       // the cookies that key the cache: only such as the app replaces at every sign-in; default all
	Cache    *time.Duration // how long an answer is remembered; nil: 30s; 0: not at all
	Nobody   []string       // values of user that stand for nobody
	Login    []string       // paths that sign in
	Logout   []string       // paths that sign out
	Password []string       // paths that change or reset a password
	Timeout  time.Duration  // of one sub-request, default 5s
}
