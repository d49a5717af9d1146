package portal

import (
	"cmp"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// codeField is the one box that a code is typed into.
type codeField struct {
	Label, Hint, Wrong string
	Digits             int
	Wide, Auto, Focus  bool
	Keys               bool // passkeys may be offered at it
}

// showStep shows one page of the wizard.
func (t *turn) showStep(z *wizard, e *enroll.Error, name string, part enrollPart) {
	self, title := t.page("/enroll"), name+".title"
	if part.Replaces != "" {
		self = withQuery(t.wayTo(t.way), "replaces", part.Replaces)
		if part.Send == nil {
			title = name + ".change.title"
		}
	}
	x := t.view(t.s.T(title, "label", part.Label), self)
	x.Err = t.fault(e)
	if e == nil && name == "email" && part.Masked == "" {
		x.Err = t.fault(enroll.ErrNoAddress)
	}
	switch {
	case name == "totp":
		part.Code = codeField{Label: t.s.T("totp.code"), Hint: t.s.T("totp.hint"), Digits: 6}
	case name == "smscode":
		part.Code = codeField{Label: t.s.T("verify.sms.label"), Hint: t.s.T("verify.sms.hint"), Digits: 6}
	case name == "pass":
		part.Code = codeField{Label: t.s.T("pass.label"), Hint: t.s.T("pass.hint"), Wide: true, Focus: true}
	case name == "emailcode", name == "mailbox", name == "typedsent" && !z.visit.LinkOnly:
		part.Code = codeField{Label: t.s.T("emailcode.code"), Hint: t.s.T("emailcode.hint"), Digits: 8}
	}
	if x.Err != nil && x.Err.Field == "code" {
		part.Code.Wrong = x.Err.Text
	}
	x.Steps = t.steps(z, name)
	x.D = part
	if part.Send != nil {
		name = "sentcode"
	}
	t.p.show(t.w, t.r, t.status(e), name, x)
}

// steps is the list above the wizard. The first step is there only where it is
// owed.
func (t *turn) steps(z *wizard, page string) []wizardStep {
	if z != nil && len(z.account.Methods) > 0 {
		return nil
	}
	at := map[string]int{"email": 0, "emailcode": 0, "typed": 0, "typedsent": 0, "pass": 0, "choose": 1, "method": 1, "passkey": 1, "totp": 1, "mailbox": 1, "sms": 1, "smscode": 1, "oidc": 1, "codes": 2}[page]
	second := "method"
	if kinds := t.offered(); len(kinds) == 1 {
		second = cmp.Or(map[enroll.Kind]string{enroll.KindPasskey: "passkey", enroll.KindTOTP: "app", enroll.KindSMS: "phone"}[kinds[0]], second)
	}
	var list []wizardStep
	before := "email"
	if page == "pass" || t.v.Rules.First == enroll.FirstPass {
		before = "pass"
	}
	for i, name := range []string{before, second, "codes"} {
		if i == 0 && (t.v.Rules.First == enroll.FirstNone || t.v.Rules.Assigned.IsOIDC()) && (z == nil || t.owed(z) == "") {
			continue
		}
		list = append(list, wizardStep{Name: t.s.T("steps." + name), Now: i == at, Done: i < at})
	}
	return list
}
