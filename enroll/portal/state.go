package portal

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// emailState is what state says of the first step.
type emailState struct {
	Verified bool   `json:"verified"` // in this enrolment, never of the account
	Masked   string `json:"masked"`
}

// stateAnswer is the answer of GET state.
type stateAnswer struct {
	User     string        `json:"user"`
	Tenant   string        `json:"tenant"`
	Tenants  []TenantRef   `json:"tenants"`
	Verdict  string        `json:"verdict"`
	Reason   string        `json:"reason"`
	ReturnTo string        `json:"return_to"`
	Step     step          `json:"step"`
	Email    emailState    `json:"email"`
	Offered  []enroll.Kind `json:"offered"`
	Methods  []methodView  `json:"methods"`
	Expires  *string       `json:"expires"` // of the visit; null: none is open
}

// state says where the person stands. Who has a factor and has not proved it
// learns no more of it than the kinds on offer: no name, time or address.
func (t *turn) state() {
	z, err := t.wizard()
	if err != nil && !errors.Is(err, enroll.ErrExpired) {
		t.problem(err)
		return
	}
	a := stateAnswer{
		User: t.v.Person.User, Tenant: t.v.Rules.Tenant, Tenants: t.v.Tenants, ReturnTo: t.to,
		Step: z.step, Offered: t.choices(z.account), Methods: []methodView{},
	}
	if a.Tenants == nil {
		a.Tenants = []TenantRef{}
	}
	a.Verdict, a.Reason = t.judge()
	if z.step == stepProve {
		a.Step, a.Offered = stepDone, t.ways(z.account)
		t.json(http.StatusOK, a)
		return
	}
	if !t.v.ByTicket {
		for _, m := range t.counting(z.account) {
			a.Methods = append(a.Methods, methodJSON(m))
		}
	}
	if z.visit != nil {
		a.Email = emailState{Verified: z.visit.EmailVerified, Masked: maskedOf(z.visit)}
		a.Expires = stamped(z.visit.Expires)
	} else if t.owed(z) == enroll.FirstEmail {
		a.Email.Masked = mask(t.v.Person.Email)
	}
	t.json(http.StatusOK, a)
}

// ways are the kinds an account can be proved with at this host, the one that is
// asked for first at the head. A passkey works only for the relying party it was
// made for.
func (t *turn) ways(a *enroll.Account) []enroll.Kind {
	kinds := []enroll.Kind{}
	party := t.party().ID
	for _, m := range a.Methods {
		if !slices.Contains(kinds, m.Kind) && (m.Kind != enroll.KindPasskey || party != "" && m.Party == party) {
			kinds = append(kinds, m.Kind)
		}
	}
	kinds = t.rightful(kinds)
	if a.TakesCodes(t.v.Rules) {
		kinds = append(kinds, enroll.KindCodes)
	}
	if len(a.Methods) > 0 && a.Reachable && slices.Contains(t.v.Rules.Recovery, enroll.KindEmail) && !slices.Contains(kinds, enroll.KindEmail) {
		kinds = append(kinds, enroll.KindEmail)
	}
	return kinds
}

// rightful leaves what is the person's to use: who has set up the kind that is
// assigned has that one, and an account at a provider that is not assigned is
// asked for where there is nothing else.
func (t *turn) rightful(kinds []enroll.Kind) []enroll.Kind {
	if k := t.v.Rules.Assigned; k != "" && slices.Contains(kinds, k) {
		return []enroll.Kind{k}
	}
	others := slices.DeleteFunc(slices.Clone(kinds), enroll.Kind.IsOIDC)
	if t.v.Rules.Assigned != "" || len(others) == 0 {
		return kinds
	}
	return others
}

// counting are the methods that count in the tenant being visited.
func (t *turn) counting(a *enroll.Account) []enroll.Method {
	var methods []enroll.Method
	for _, m := range a.Methods {
		if t.v.Rules.Share == "everywhere" || m.Tenant == t.v.Rules.Tenant {
			methods = append(methods, m)
		}
	}
	return methods
}

// mask hides an address but for its first letter and its domain.
func mask(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" {
		return ""
	}
	for _, first := range local {
		return string(first) + "•••@" + domain
	}
	return ""
}
