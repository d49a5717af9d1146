package portal

import (
	"slices"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// adding reports whether the person asks for a method, owed or not.
func (t *turn) adding() bool { return t.r.URL.Query().Get("add") != "" || t.way != "" }

// kindAhead is the kind of method that is about to be set up, as far as it is
// chosen.
func (t *turn) kindAhead(a *enroll.Account) enroll.Kind {
	if kinds := t.choices(a); len(kinds) == 1 {
		return kinds[0]
	}
	return enroll.Kind(t.way)
}

// wayTo is the wizard's page for one kind of method, or with "choose" the one
// that offers all.
func (t *turn) wayTo(kind string) string { return withQuery(t.page("/enroll"), "way", kind) }

// choice is one kind of method among several.
type choice struct{ Kind, Address, Label string }

// showMethod shows the step in which a method is chosen and set up. What was
// begun goes on, until another kind is chosen; the only kind there is needs no
// choice.
func (t *turn) showMethod(z *wizard, e *enroll.Error, part enrollPart) {
	kinds, old := t.choices(z.account), t.changing(z)
	if old != nil {
		kinds = []enroll.Kind{old.Kind}
		part.Replaces, part.Old = old.ID, leftToRight(old.Masked)
	}
	if len(kinds) == 0 && len(t.offered()) > 0 {
		t.tellRefusal(enroll.ErrLimit)
		return
	}
	if len(kinds) == 0 {
		t.tellRefusal(&enroll.Error{Reason: enroll.ErrNotOffered.Reason, Status: enroll.ErrNotOffered.Status, Detail: "passkey"})
		return
	}
	var begun enroll.Kind
	if z.visit != nil && slices.Contains(kinds, z.visit.Begun) && z.visit.Replaces == part.Replaces && t.r.URL.Query().Get("add") == "" {
		begun = z.visit.Begun
	}
	way := enroll.Kind(t.way)
	switch {
	case slices.Contains(kinds, way), way == "choose":
	case begun != "":
		way = begun
	default:
		way = ""
	}
	if len(kinds) == 1 {
		way = kinds[0]
	} else {
		part.Other = t.wayTo("choose")
	}
	if least, have := t.least(z.account); old == nil && least > 1 && t.wanting(z.account) {
		part.Least = t.s.N("choose.least", least, "tenant", t.v.Rules.TenantName, "have", have)
	}
	switch {
	case way == enroll.KindPasskey:
		part.Passkey = t.keyForm(true, t.v.Mount+"/api/methods/passkey/verify")
		t.showStep(z, e, "passkey", part)
	case way == enroll.KindTOTP && begun == way:
		t.showTOTP(z, e, part)
	case way == enroll.KindTOTP:
		t.showStep(z, e, "method", part)
	case way == enroll.KindEmail:
		t.showMailbox(z, e, part, begun == way)
	case way.IsOIDC():
		part.Kind, part.Label = way, t.label(way)
		t.showStep(z, e, "oidc", part)
	case way == enroll.KindSMS:
		t.showText(z, e, part, begun == way)
	default:
		for _, k := range kinds {
			part.Choices = append(part.Choices, choice{string(k.Base()), t.wayTo(string(k)), t.label(k)})
		}
		t.showStep(z, e, "choose", part)
	}
}
