package policy

import "net/http"

// A Verdict says what happens to a request.
type Verdict uint8

// The verdicts, in the order in which the documentation lists them. How strict
// one is beside another is Verdict.rank, not its number.
const (
	Allow  Verdict = iota // passed on to the app
	Enroll                // a factor has to be registered first
	Verify                // a registered factor has to be proven first
	Remind                // a page visit is reminded to enrol, anything else passes
	Deny                  // refused, nothing the visitor does on the gate's pages helps
)

var verdictWords = [...]string{"allow", "enroll", "verify", "remind", "deny"}

// String returns the verdict's word, the same in code, log, metric and page.
func (v Verdict) String() string {
	if int(v) < len(verdictWords) {
		return verdictWords[v]
	}
	return "deny"
}

// rank orders verdicts by strictness, for the places where two speak and the
// stricter one holds.
func (v Verdict) rank() int {
	switch v {
	case Allow:
		return 0
	case Remind:
		return 1
	case Verify:
		return 2
	case Enroll:
		return 3
	default:
		return 4
	}
}

// A Reason says why a request got its verdict. The zero Reason is none.
type Reason uint8

// The closed list of reasons. Each belongs to exactly one verdict.
const (
	_ Reason = iota

	ReasonOpen          // under no protected prefix, or a preflight
	ReasonNotRequired   // protected, but its tenant requires nothing
	ReasonVerified      // a second factor was proven
	ReasonEnrolled      // a factor is registered and that is enough here
	ReasonExempt        // a service account
	ReasonTrustedDevice // a device trusted after an earlier proof
	ReasonGrace         // enrolment is owed, but not yet
	ReasonPostponed     // enrolment was put off
	ReasonReported      // would have been refused; the tenant only reports

	ReasonEnroll      // no factor is registered that counts here
	ReasonMoreMethods // fewer factors than the tenant's minimum
	ReasonReview      // the registered factors are due to be looked through

	ReasonVerify // a factor is registered, this session has not proven it
	ReasonStale  // proven, but longer ago than the area allows
	ReasonWeak   // proven, but not strongly enough for the area

	ReasonRemind // enrolment is owed and may be put off

	ReasonNoIdentity       // nobody is signed in
	ReasonIdentityConflict // two sources name two people, or one is forged
	ReasonUnknownTenant    // no tenant, or two that do not belong together
	ReasonBadTarget        // the target cannot be read safely
	ReasonMixedCredentials // a credential rides beside the identity it did not come from
	ReasonIdentityDown     // whoever knows the visitor cannot be asked now
	ReasonStoreDown        // the store of factors cannot be asked now
)

var reasons = [...]struct {
	word    string
	verdict Verdict
	status  int
}{
	{"", Deny, http.StatusForbidden},

	{"open", Allow, http.StatusOK},
	{"not-required", Allow, http.StatusOK},
	{"verified", Allow, http.StatusOK},
	{"enrolled", Allow, http.StatusOK},
	{"exempt", Allow, http.StatusOK},
	{"trusted-device", Allow, http.StatusOK},
	{"grace", Allow, http.StatusOK},
	{"postponed", Allow, http.StatusOK},
	{"reported", Allow, http.StatusOK},

	{"enroll", Enroll, http.StatusForbidden},
	{"more-methods", Enroll, http.StatusForbidden},
	{"review", Enroll, http.StatusForbidden},

	{"verify", Verify, http.StatusForbidden},
	{"stale", Verify, http.StatusForbidden},
	{"weak", Verify, http.StatusForbidden},

	{"remind", Remind, http.StatusForbidden},

	{"no-identity", Deny, http.StatusUnauthorized},
	{"identity-conflict", Deny, http.StatusUnauthorized},
	{"unknown-tenant", Deny, http.StatusForbidden},
	{"bad-target", Deny, http.StatusBadRequest},
	{"mixed-credentials", Deny, http.StatusBadRequest},
	{"identity-down", Deny, http.StatusServiceUnavailable},
	{"store-down", Deny, http.StatusServiceUnavailable},
}

// String returns the reason's word, empty for the zero Reason.
func (r Reason) String() string {
	if int(r) < len(reasons) {
		return reasons[r].word
	}
	return ""
}

// Verdict returns the verdict the reason belongs to. A Reason outside the list
// denies, as the zero Reason does.
func (r Reason) Verdict() Verdict {
	if int(r) < len(reasons) {
		return reasons[r].verdict
	}
	return Deny
}

// Status returns the HTTP status that a page, a problem document or Caddy's
// error routes carry for the reason; 200 for what is allowed. A verify verdict
// is 403 here; where a page visit is sent to the verify page instead, that is
// the caller's redirect.
func (r Reason) Status() int {
	if int(r) < len(reasons) {
		return reasons[r].status
	}
	return http.StatusForbidden
}

// Reasons returns every reason there is, in the order of the documentation.
func Reasons() []Reason {
	all := make([]Reason, 0, len(reasons)-1)
	for r := ReasonOpen; int(r) < len(reasons); r++ {
		all = append(all, r)
	}
	return all
}
