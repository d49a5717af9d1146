package portal

import (
	"net/netip"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// Visit is one request to the gate's pages, or one blocked request, with what
// the gate knows of it. The gate fills it in afresh for every request.
type Visit struct {
	Person   enroll.Person // zero User: nobody
	ByTicket bool          // known by the ticket alone: opens enrol and verify, never manage
	Flag     *enroll.Flag  // the flag that counts for this person, realm and session now; nil: none
	Rules    enroll.Rules  // of the tenant being visited
	Tenants  []TenantRef   // the person's own tenants
	// RulesFor returns the rules of one of Tenants, for ?tenant= and
	// ?tenantId=; nil or false: not to be managed here.
	RulesFor func(key string) (enroll.Rules, bool)
	Ticket   *enroll.Ticket // nil: none
	// Judge says what a GET of a path of this site would get now, as verdict
	// and reason; nil says nothing.
	Judge func(to string) (verdict, reason string)
	// Step hears how far somebody came who enrols: opened, email, secret,
	// first-code, enrolled. Proved hears of every proof: "ok", or the reason of
	// the refusal. Nil: nobody does.
	Step   func(step string)
	Proved func(kind enroll.Kind, result string)
	// Resists says whether a path of this site takes nothing but a
	// phishing-resistant proof; nil: none does.
	Resists func(to string) bool

	Host, Scheme string // as the browser sees them, for absolute addresses in problems
	Mount        string // as the browser sees it: "/.mfa"
	BaseURL      string // for links in mails; "": the mail holds the code alone
	Domain       string // of this site, which codes in texts are bound to; "": they are to none
	Secure       bool   // https: cookies with Secure
	FlagCookie   string // "__Host-mfa", or "mfa" on plain http
	FlagLifetime time.Duration
	Client       netip.Addr
	UserAgent    string
	State        string        // of the identity: known, nobody, conflict, down, mixed
	RetryAfter   time.Duration // where State is down
	// Login is where the app signs people in; "": unknown.
	Login string
}

// step tells how far somebody came.
func (v *Visit) step(step string) {
	if v.Step != nil {
		v.Step(step)
	}
}

// proved tells how a proof ended.
func (v *Visit) proved(kind enroll.Kind, result string) {
	if v.Proved != nil {
		v.Proved(kind, result)
	}
}

// TenantRef names one of a person's tenants.
type TenantRef struct {
	Key  string `json:"key"`
	Name string `json:"name"`
}

// Blocked is one request that the gate did not pass on.
type Blocked struct {
	Visit           *Visit
	Verdict, Reason string        // the closed vocabulary of the gate
	Status          int           // of the answer where no form of it has its own
	Reference       string        // shown on every answer; an administrator can look it up
	To              string        // path and query asked for; "": the ticket's
	Area            string        // name of the area asked for; "": none
	Areas           []string      // names of all areas that are locked
	Fresh           time.Duration // how recent a proof the area asks for; 0: any
	RetryAfter      time.Duration // of a 503
	Foreign         bool          // another site sent it: never offered again

	// Names gives Area and Areas in the language of the answer; nil: they are given.
	Names func(lang string) (area string, areas []string)

	Owed         string    // with the verdict remind: the reason without it
	LastReminder time.Time // with the verdict remind: when it can be put off no more; zero: always
}
