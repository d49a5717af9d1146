package policy

import (
	"net/netip"
	"net/url"
	"time"
)

// A Target is what a request asks for.
type Target struct {
	Path     string // escaped, as on the wire, without the query; "" means "/"
	RawQuery string // what follows the first "?", as on the wire
}

// A Place is where requests come in: a host, and what the directive there says.
type Place struct {
	Host         string
	Mount        string    // where the gate's own pages live, as the browser sees it; "" is not checked
	Protect      *Prefixes // the directive's own prefixes, on top of every tenant's; nil: none
	TenantBy     TenantBy
	TenantMapped bool // an identity or placeholder of this site can name a tenant
}

// A TenantBy says whose word names the tenant.
type TenantBy uint8

const (
	ByBoth     TenantBy = iota // host and identity; where both speak they must fit
	ByHost                     // the host alone
	ByIdentity                 // the identity alone
)

// A Who says how the question "who is asking?" was answered.
type Who uint8

const (
	NotAsked Who = iota // not yet
	Known               // Facts.User is the person
	Nobody              // no one is signed in
	Conflict            // two sources name two people, or one is forged
	Down                // a source cannot be asked now
	Mixed               // a credential rides beside the identity it did not come from, or alone; alone, Facts.User is whom it names
)

// Facts is everything Decide looks at. The caller fills it in stages: first
// what the request itself says, then, as Decision.Ask demands, who is asking
// and what the account holds.
type Facts struct {
	Place
	Method          string
	Sent, Rewritten Target // as sent, and as Caddy's routes rewrote it; a zero Rewritten is the same as Sent

	// Form reads the form in the request's body; nil means there is no body. It
	// is called only where a rule with a query needs it. An error means that the
	// body cannot be read as a form, which protects.
	Form func() (url.Values, error)

	// Cookies are the Cookie fields that the app would get. Only rules with a
	// query look into them.
	Cookies []string

	MadeGet   bool // the app takes it for a GET, whatever its method
	Preflight bool // OPTIONS with Origin and Access-Control-Request-Method

	Now      time.Time
	Timeless bool // a question of no particular time: what begins at a date has begun
	Client   netip.Addr

	// Began tells when the visitor's session began, or was first seen, where it
	// is known that the tenant required nothing then; else the zero time. Nil:
	// it is never known. It is called only where a tenant asks.
	Began func(t *Tenant) time.Time

	Who    Who
	User   string
	Tenant string // the tenant the identity names; "" for none
	Roles  []string
	Email  string // as the identity gives it; for `assign`

	Proof   Proof
	Account Account
}

// A Proof says that the visitor proved a second factor: the gate's own flag, or
// the identity's mapped claim. The zero Proof is none.
type Proof struct {
	At        time.Time // zero in a Claim that does not say when: then nothing is fresh
	Tenant    string    // the tenant it was made in
	First     string    // how that enrolment was first proven: FirstEmail, FirstTyped or FirstNone
	Methods   []string  // kinds: "passkey", "totp", "email", "sms", "oidc.<name>", "codes"
	Claim     bool      // the identity's own claim, not a proof of the gate's
	Resistant bool      // made by a method that phishing cannot forward
	Interim   bool      // made by a method that was not the person's to use then: it opens the pages of the gate, to register the right one, and no area
	Reviewed  time.Time // since when none of the account's methods was looked at, as known at the proof; zero: not known
	// LastKnown says that the store has been silent for too long to know that the
	// proof still stands; it did when the store was last heard.
	LastKnown bool
}

// An AccountState says how the question "what is registered?" was answered.
type AccountState uint8

const (
	AccountNotAsked AccountState = iota // not yet
	AccountKnown                        // Account.Methods holds what is registered
	AccountDown                         // the store cannot be asked now
)

// An Account is what the store knows of the person. The zero Account has not
// been asked for.
type Account struct {
	State   AccountState
	Methods []AccountMethod
	Had     bool          // the person ever had a method
	Codes   bool          // there are recovery codes left
	Mailed  bool          // there is an address of record, to which codes can be mailed
	Due     []Due         // of tenants that the person owes, or owed, something
	Device  TrustedDevice // the browser the request came from
}

// A TrustedDevice is a browser that was trusted after a proof. The zero one is
// none.
type TrustedDevice struct {
	Tenant string        // whose rules trusted it
	At     time.Time     // when the proof was given
	Method AccountMethod // what was proven
}

// An AccountMethod is one registered factor.
type AccountMethod struct {
	Kind   string // "passkey", "totp", "codes"
	Tenant string // the tenant it was registered in
	First  string // how that enrolment was first proven

	Reviewed time.Time  // when the person last looked at it: registered it, or said that it is right
	From     netip.Addr // whence it was registered; zero: not known
}

// An Ask names the part of Facts that Decide needs next.
type Ask uint8

const (
	AskNothing  Ask = iota // the decision is made
	AskIdentity            // fill in Who, and where known User, Tenant, Roles, Proof
	AskAccount             // fill in Account
	AskDue                 // have the store note now as the first time for Decision.Tenant, where it has none, and add it to Account.Due
)

// A Decision is the answer to one request.
type Decision struct {
	Ask     Ask // when not AskNothing, fill in that part of Facts and decide again
	Verdict Verdict
	Reason  Reason
	Would   Reason // with ReasonReported: why it would have been refused; with ReasonRemind, what is owed

	Preflight bool          // passes, but only stripped of all credentials
	Protected bool          // a protected prefix covers the target: a passed answer must stay private
	Resistant bool          // only a phishing-resistant proof counts here
	Tenant    *Tenant       // the one that decided; nil where none did
	Area      *Area         // the protecting rule that decided; nil where none did
	Fresh     time.Duration // how recent a proof has to be here; 0: as old as the flag lives
}
