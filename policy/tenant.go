package policy

import (
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A Require says what a tenant demands under its protected prefixes.
type Require uint8

const (
	RequireNone      Require = iota // nothing
	RequireMFA                      // a second factor
	RequireResistant                // one that a phishing site cannot pass on
)

// String returns the word of the policy file.
func (r Require) String() string {
	switch r {
	case RequireMFA:
		return "mfa"
	case RequireResistant:
		return "phishing-resistant"
	}
	return "none"
}

// The words of the keys whose value is one of a few.
const (
	ProveSession     = "session"     // each new sign-in proves a factor
	ProveEnrolled    = "enrolled"    // having a factor is enough
	ShareTenant      = "tenant"      // only enrolments made here count
	ShareEverywhere  = "everywhere"  // also those of tenants that share too
	OnDisableRelease = "release"     // switched off, nobody is asked, and factors stay
	OnDisableKeep    = "keep"        // switched off, whoever has a factor is asked for it
	OnDisableWipe    = "wipe"        // the call that switches off deletes what was made here
	FirstEmail       = "email"       // the address of record is proven before the first factor
	FirstTyped       = "typed-email" // an address is that was typed just before
	FirstPass        = "pass"        // an administrator's temporary access pass is shown
	FirstNone        = "none"        // nothing is
	MethodPasskey    = "passkey"     // a WebAuthn credential
	MethodTOTP       = "totp"        // an authenticator app
	MethodEmail      = "email"       // a code mailed to the address of record: weak
	MethodSMS        = "sms"         // a code in a text message: weak
	MethodCodes      = "codes"       // recovery codes
)

// TrustForever is Terms.TrustDevice where a browser is trusted until revoked.
const TrustForever = time.Duration(math.MaxInt64)

// A Tenant is one tenant's rules with everything inherited filled in. It is
// read-only: many requests share it.
type Tenant struct {
	Key string
	*Terms
	rules  *ruleset
	parent *Tenant

	Name   string // what people call it; the key where the file gives none
	Parent string // key of the tenant above, "" for none
	Hosts  []string
}

// Terms is what a tenant asks of its people: all that it may inherit but its
// prefixes. Tenants that say the same share one, so that a hundred thousand of
// them stay small. What differs from it gets a copy, never a field set.
type Terms struct {
	Require Require
	Locked  bool   // nobody makes a key weaker, by a call or in a tenant below; of a stage, by a call alone
	Stage   string // of a partner: StageTrial, StageProduction; "": it is none

	offStage *Terms // what those below inherit, where a stage makes a difference

	Report   bool // mode: report. What would be refused passes and is counted
	Activate Activate
	Grace    time.Duration // from a person's first protected request: nothing is said of what is owed
	Remind   Reminder      // after it: people are reminded
	Methods  []string
	Recovery []string // kinds that let in who lost every method
	// RecoveryMinimum is how many methods and ways of recovery a user must have
	// in all; RecoveryRequired asks for ways of recovery also where the tenant
	// requires no factor, so many of them.
	RecoveryMinimum  int
	RecoveryRequired bool
	Assign           []assignment // what the people of a domain use
	Limits           map[string]int
	Minimum          int
	Review           time.Duration // how long after they were last looked through methods are shown again; 0: never
	Prove            string
	Share            string
	// OnDisable says what becomes of factors while nothing is required.
	OnDisable string
	First     string
	Manage    time.Duration // how recent a proof must be to change methods; 0: of this session
	Undo      bool          // the last factor may go
	RPID      string        // relying party of passkeys; "": each host is its own
	Language  string        // "" where the file names none
	Brand     Brand
	// TrustDevice is how long a browser may be let pass without being asked
	// again; 0: none may. TrustForever: until it is revoked.
	TrustDevice time.Duration

	CaseSensitive bool

	EnrollFrom      []netip.Prefix // whence methods may be registered; nil: from anywhere
	ServiceAccounts []ServiceAccount
}

// A Brand is how the gate's pages look and where they point. All are optional.
type Brand struct {
	Logo     string // https URL, or a path on the tenant's host
	Color    string // "#rrggbb"
	Support  string // mailto:, tel: or https URL
	Help     string // https URL or path
	Password string // https URL or path where a password is changed
}

// An Area is what one entry of `protect` calls a part of the app. Entries of
// one name are one area to people, whatever their paths.
type Area struct {
	Path string
	*extra
}

type areaName struct{ lang, text string }

// Name returns the area's name in the language (a BCP 47 tag such as "pt-BR"),
// else in its base language, else in English, else any, else its path.
func (a *Area) Name(lang string) string {
	base, _, _ := strings.Cut(lang, "-")
	for _, want := range [...]string{lang, base, "", "en"} {
		for _, n := range a.names {
			if strings.EqualFold(n.lang, want) {
				return n.text
			}
		}
	}
	if len(a.names) > 0 {
		return a.names[0].text
	}
	return a.Path
}

// Areas returns the names of the tenant's protected areas in the language, each
// once, in the order of the policy file.
func (t *Tenant) Areas(lang string) []string {
	var names []string
	for i := range t.rules.protect {
		if n := t.rules.protect[i].area().Name(lang); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// under reports whether t is a, or one of the tenants below it. Parents form no
// cycle: the loader refuses one.
func (t *Tenant) under(a *Tenant) bool {
	for p := t; p != nil; p = p.parent {
		if p == a {
			return true
		}
	}
	return false
}
