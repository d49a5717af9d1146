package portal

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// sendCode is POST email: it opens a visit where there is none, and mails the
// first step's code.
func (t *turn) sendCode() {
	if t.in["address"] != "" && t.v.Rules.First != enroll.FirstTyped {
		t.redo(nil, enroll.ErrNotAllowed)
		return
	}
	z, err := t.wizard()
	if err != nil && !errors.Is(err, enroll.ErrExpired) && !errors.Is(err, enroll.ErrWrongAccount) {
		t.redo(z, err)
		return
	}
	if err := t.inOrder(z, "email"); err != nil {
		t.redo(z, err)
		return
	}
	if err := t.mailFirst(z); err != nil {
		t.redo(z, err)
		return
	}
	if t.form {
		t.see(t.page("/enroll"))
		return
	}
	t.json(http.StatusOK, map[string]any{"masked": maskedOf(z.visit), "expires": stamped(z.visit.Expires)})
}

// mailFirst mails what proves the address that the tenant asks for: the one of
// record, or one typed now.
func (t *turn) mailFirst(z *wizard) error {
	ctx, address := t.r.Context(), t.in["address"]
	write := func(l enroll.Letter) enroll.Mail { return t.p.firstMail(t.s, t.v, l) }
	switch {
	case t.owed(z) == enroll.FirstTyped:
		return t.p.service.SendLink(ctx, z.visit, t.v.Person, t.rules(), address, t.v.BaseURL == "", write)
	case address != "":
		return enroll.ErrNotAllowed
	}
	return t.p.service.SendCode(ctx, z.visit, t.v.Person, t.rules(), write)
}

// maskedOf is the address that the visit's mail goes to, as may be shown.
func maskedOf(v *enroll.Visit) string {
	if v.SentTo != "" {
		return mask(v.SentTo)
	}
	return v.Masked
}

// inOrder looks the move up in the table and opens a visit if there is none; the
// step may be another one then.
func (t *turn) inOrder(z *wizard, move string) error {
	if err := z.may(move); err != nil {
		return err
	}
	if !t.admitted() {
		return enroll.ErrNetwork
	}
	if err := t.begin(z); err != nil {
		return err
	}
	return z.may(move)
}

// verifyCode is POST email/verify.
func (t *turn) verifyCode() {
	t.typed = enroll.KindEmail
	z, err := t.wizard()
	if err == nil {
		err = z.may("email/verify")
	}
	if err == nil && !t.admitted() {
		err = enroll.ErrNetwork
	}
	if err == nil && z.visit == nil {
		err = enroll.ErrWrongStep
	}
	if err == nil {
		err = t.p.service.VerifyCode(t.r.Context(), z.visit, t.v.Person, t.rules(), t.in["code"])
		t.oldCode = errors.Is(err, enroll.ErrExpired) && t.p.now().Before(z.visit.Expires)
	}
	if err != nil {
		t.redo(z, err)
		return
	}
	t.v.step("email")
	if t.form {
		t.see(t.page("/enroll"))
		return
	}
	t.json(http.StatusOK, map[string]any{"verified": true, "return_to": t.to})
}

// finishing reads where an enrolment stands that is about to be finished.
func (t *turn) finishing(kind enroll.Kind) (*wizard, error) {
	t.way = string(kind)
	z, err := t.wizard()
	if err == nil {
		err = z.may("methods/verify")
	}
	if err == nil && z.visit == nil {
		err = enroll.ErrWrongStep
	}
	return z, err
}

// enrolled answers an enrolment that was finished.
func (t *turn) enrolled(z *wizard, done *enroll.Enrolled) {
	t.dropVisit()
	t.v.step("first-code")
	if len(z.account.Methods) == 0 {
		t.v.step("enrolled")
	}
	if err := t.stamp(done.Flag); err != nil {
		t.redo(z, err)
		return
	}
	if t.form {
		switch {
		case len(done.RecoveryCodes) > 0:
			t.showCodes(done.RecoveryCodes, true)
		case done.Method.Kind != enroll.KindTOTP:
			t.showDone(string(done.Method.Kind.Base()))
		default:
			t.showDone("added")
		}
		return
	}
	answer := map[string]any{"method": methodJSON(done.Method), "return_to": t.to}
	if len(done.RecoveryCodes) > 0 {
		answer["recovery_codes"] = done.RecoveryCodes
	}
	t.json(http.StatusOK, answer)
}

// nameFor is the name that was given, else that of the method whose number or
// address is changed, else one in the person's language with a number from the
// second one on, so that two can be told apart.
func (t *turn) nameFor(z *wizard, kind enroll.Kind) string {
	name := strings.TrimSpace(t.in["name"])
	if name != "" {
		return name
	}
	for _, m := range z.account.Methods {
		if z.visit != nil && m.ID == z.visit.Replaces {
			return m.Name // it is the same phone, or mailbox, to whoever named it
		}
	}
	name = t.s.T(string(kind) + ".name")
	n := 1
	for _, m := range z.account.Methods {
		if m.Kind == kind {
			n++
		}
	}
	if n > 1 {
		name += " " + strconv.Itoa(n)
	}
	return name
}

// methodView is a method as the API shows it.
type methodView struct {
	ID       string      `json:"id"`
	Kind     enroll.Kind `json:"kind"`
	Name     string      `json:"name"`
	Created  *string     `json:"created"`
	LastUsed *string     `json:"last_used"`
	Default  bool        `json:"default"`
}

func methodJSON(m enroll.Method) methodView {
	return methodView{
		ID: m.ID, Kind: m.Kind, Name: m.Name, Created: stamped(m.Created), LastUsed: stamped(m.LastUsed), Default: m.Default,
	}
}

// stamped writes a time in UTC (RFC 3339), or null for none.
func stamped(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	text := at.UTC().Format(time.RFC3339)
	return &text
}
