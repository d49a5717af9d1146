package enroll

import (
	"net/netip"
	"slices"
	"time"
)

// Kind names a way of proving: "passkey", "totp", "codes" and later ones.
type Kind string

const (
	// KindPasskey is a WebAuthn credential. A site that is not this one cannot
	// use it, so it counts as phishing-resistant.
	KindPasskey Kind = "passkey"
	// KindTOTP is an authenticator app (RFC 6238).
	KindTOTP Kind = "totp"
	// KindCodes are the single-use recovery codes.
	KindCodes Kind = "codes"
	// KindPass is an administrator's temporary access pass: a first proof only.
	KindPass Kind = "pass"
	// KindEmail is a code mailed to the address of record: a first proof, and a
	// weak method where a tenant's rules name it.
	KindEmail Kind = "email"
	// KindSMS is a code in a text message to a number that the person gave: weak.
	KindSMS Kind = "sms"
)

// Person is who a request comes from, as the identity knows it. Realm and User
// together name one account; they are compared byte for byte.
type Person struct {
	Realm   string // directory in which User is unique
	User    string // id nobody can edit; empty: nobody
	Tenant  string // key of the tenant whose rules apply
	Email   string // as the identity gives it now; empty: it gives none
	Name    string // for display
	Session string // the identity's stable session id; empty: it has none

	Client netip.Addr // where the request comes from, by the word of whoever knows
}

// Rules are the parts of a tenant's policy that enrolling depends on.
type Rules struct {
	Tenant     string // key
	TenantName string // for display
	Required   bool   // the tenant asks for a factor
	Methods    []Kind // may be enrolled here
	Recovery   []Kind // let in who lost every method; those that are not Methods too count for nothing else
	// Assigned is the one kind that this person is to use, by the domain of their
	// address; then Methods hold it and nothing else. Empty: none is.
	Assigned        Kind
	AssignedDomains []string     // whose accounts are taken for it
	Limits          map[Kind]int // most methods of a kind; absent: 10 passkeys, 1 e-mail address, 2 phones, 5 of the others
	Resistant       bool         // the tenant asks for a phishing-resistant one
	RPID            string       // relying party of passkeys at this host; empty: none can be used here
	Related         bool         // the host does not lie under RPID, which names it (WebAuthn Level 3, 5.11)
	Minimum         int          // methods a user must have
	First           string       // FirstEmail (also when empty), FirstTyped or FirstNone
	Prove           string       // "session" or "enrolled"
	Share           string       // "tenant" or "everywhere"
	Undo            bool         // the last method may be removed
	// EnrollFrom is whence alone methods may be registered; nil: from anywhere.
	EnrollFrom []netip.Prefix
	// LinkBase is what links in mails begin with; "": mails have none.
	LinkBase string
	// TrustDevice is how long a browser may go without being asked again. 0:
	// none may. TrustForever: until it is revoked.
	TrustDevice time.Duration
	// Of are the rules of another tenant; false: there is none such. Nil: of no
	// other tenant anything is known.
	Of       func(tenant string) (Rules, bool)
	Manage   time.Duration // how fresh a proof must be for a change; 0: any valid one; passkeys: 5 minutes at most
	Language string
	Brand    Brand

	Grace  time.Duration // from the first protected request on, nothing is said of what is owed
	Remind Reminder      // after it
	// RecoveryMinimum is how many methods and ways of recovery a person must have
	// in all; RecoveryRequired asks for ways of recovery where Required does not.
	RecoveryMinimum  int
	RecoveryRequired bool
	Review           time.Duration // how long after they were looked at methods are shown again; 0: never
}

// Takes tells whether a method of the kind may be enrolled here: as a method, or
// as a way back in for who lost all methods.
func (r Rules) Takes(kind Kind) bool {
	return slices.Contains(r.Methods, kind) || kind != KindCodes && kind != KindEmail && slices.Contains(r.Recovery, kind)
}

// Reminder says how what is owed may be put off: for Every, so many Times, 0:
// for ever. The zero Reminder: it may not.
type Reminder struct {
	Every time.Duration
	Times int
}

// Brand is how a tenant's pages and mails look.
type Brand struct{ Logo, Color, Support, Help, Password string }

// Admits tells whether a method may be registered from an address.
func (r Rules) Admits(client netip.Addr) bool {
	client = client.Unmap().WithZone("")
	return r.EnrollFrom == nil || slices.ContainsFunc(r.EnrollFrom, func(n netip.Prefix) bool { return n.Contains(client) })
}
