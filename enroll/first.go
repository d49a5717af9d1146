package enroll

// The words of Rules.First: what a person proves, besides being signed in,
// before a first method.
const (
	FirstEmail = "email"       // a code mailed to the address of record
	FirstTyped = "typed-email" // a link mailed to an address that is typed now
	FirstPass  = "pass"        // an administrator's temporary access pass
	FirstNone  = "none"        // nothing
)

// standing is what of an account decides how an enrolment begins.
type standing struct {
	any, here, had bool // it has methods; some that were made here; it ever had one
	pass           bool // nothing but a pass opens it again
}

func (a *account) standing(tenant string) standing {
	return standing{any: len(a.Methods) > 0, here: a.in(tenant) != nil, had: a.Had, pass: a.OnlyPass}
}

// Owes says what a visit that is begun now would have to prove first: a word of
// Rules.First, or "" for nothing.
func (a *Account) Owes(r Rules, f *Flag) string {
	st := standing{any: len(a.Methods) > 0, had: a.Had, pass: a.onlyPass}
	for _, m := range a.Methods {
		st.here = st.here || m.Tenant == r.Tenant
	}
	return r.owed(st.owes(nil, r, f))
}

// vouched tells whether the identity provider that the person is assigned proves
// what is owed: its account must have the address of record, verified there.
func (r Rules) vouched(owed string) bool { return owed == FirstEmail && r.Assigned.IsOIDC() }

// owed is what the person is asked for first, of what a visit owes.
func (r Rules) owed(owed string) string {
	if r.vouched(owed) {
		return ""
	}
	return owed
}

// owes says what this visit must still prove before a method can be enrolled
// here, "" for nothing.
//
// Somebody without a method owes what the tenant asks for first. Once the
// account has had a method, an address typed now and nothing at all count as
// the mailbox of record: else removing the last one would turn a password alone
// into a new enrolment. Somebody who has methods and proved one owes it only for
// the first enrolment in a tenant that asks for more than the proven method was
// enrolled with: else the laxest tenant of a realm would open all others.
func (st standing) owes(v *visit, r Rules, f *Flag) string {
	want := r.First
	switch {
	case st.pass && !st.any:
		want = FirstPass
	case want == "" || want == FirstTyped && st.had || want == FirstNone && st.had && !st.any:
		want = FirstEmail
	case want == FirstNone:
		return ""
	}
	if v != nil && v.First.meets(want, r.Tenant) || st.here || st.any && f != nil && asGood(f.First, r.First) {
		return ""
	}
	return want
}

// first is what was proven in a visit before any method.
type first struct {
	By string `json:"by"`           // a word of Rules.First; "": nothing yet
	To string `json:"to,omitempty"` // the address, where it was typed
	In string `json:"in,omitempty"` // the tenant whose pass it was
}

// mailed tells whether it was a mailbox.
func (d first) mailed() bool { return d.By == FirstEmail || d.By == FirstTyped }

// meets tells whether it is what is asked for in the tenant, or more. A pass of
// the tenant's own administrator stands for whatever its rules ask for.
func (d first) meets(want, tenant string) bool {
	return asGood(d.By, want) || d.By == FirstPass && d.In == tenant
}

// asGood tells whether one first proof is as good as another: an address of
// record as one that is typed, and nothing is asked for where nothing is. A pass
// is the word of one tenant's administrator, so no other tenant takes it.
func asGood(by, want string) bool {
	switch want {
	case FirstNone:
		return true
	case FirstTyped:
		return by == FirstTyped || by == FirstEmail
	case FirstPass:
		return false
	}
	return by != "" && by == want
}

// firstOf is what an enrolment in this visit is recorded to have been preceded by.
func firstOf(a *account, v *visit, f *Flag, tenant string) string {
	switch {
	case v.First.By != "" && (v.First.By != FirstPass || v.First.In == tenant):
		return v.First.By
	case len(a.Methods) > 0 && f != nil && f.First != "" && (f.First != FirstPass || f.Tenant == tenant):
		return f.First
	}
	return FirstNone
}
