package portal

import (
	"net/http"
	"slices"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// serveVerify is the page that asks for a proof. It is not asked again of whoever
// has just given one, unless the page that is wanted, or a change to be made,
// needs a fresher one.
func (t *turn) serveVerify() {
	if !allow(t.w, t.r, t.s, http.MethodGet) {
		return
	}
	account, err := t.p.service.Account(t.r.Context(), t.v.Person.Realm, t.v.Person.User)
	if err != nil {
		t.tellRefusal(t.refusal(err))
		return
	}
	if len(account.Methods) == 0 {
		t.see(t.page("/enroll"))
		return
	}
	verdict, reason := t.judge()
	if t.v.Flag != nil && t.next() == "" && verdict != "verify" {
		t.showDone("verified")
		return
	}
	if reason == "weak" && t.next() == "" && !slices.Contains(t.ways(account), enroll.KindPasskey) {
		// The passkey that there is belongs to another address: one for this one
		// can be made with the proof that was given.
		t.see(withQuery(t.page("/enroll"), "way", string(enroll.KindPasskey)))
		return
	}
	t.showVerify(account, nil)
}

// next is where a proof leads that is not for a page of the app: "manage",
// "enroll", "add", or "".
func (t *turn) next() string {
	switch next := t.r.URL.Query().Get("next"); next {
	case "manage", "enroll", "add":
		return next
	}
	return ""
}

// verifyPart is the page's own part.
type verifyPart struct {
	Action   string
	Others   []otherWay
	Code     codeField
	Passkey  *keyForm  // nil: a code is asked for
	Send     *sendForm // nil: nothing has to be sent first
	Sent     bool      // it was, and the code can be typed
	Autofill *keyForm  // the browser may offer passkeys at the field of the code; nil: none
	Lead     string    // key of the text above
	Lost     string    // key of the last question
	Trust    string    // label of the choice not to be asked again here; "": there is none
}

// sendForm has a code sent, for the first time or again.
type sendForm struct{ Action, How, Go, Sent, Missing, Look, Other string }

// otherWay is a link to another way to do the same.
type otherWay struct{ Address, Label string }

// showVerify asks for the method that the person wants asked first, or for the
// one that was chosen instead.
func (t *turn) showVerify(a *enroll.Account, e *enroll.Error) {
	lead := "verify.lead"
	if t.v.Flag != nil {
		lead = "verify.fresh"
	}
	kinds := t.ways(a)
	if _, reason := t.judge(); reason == "weak" && t.next() == "" {
		lead = "verify.weak"
		kinds = slices.DeleteFunc(kinds, func(k enroll.Kind) bool { return k != enroll.KindPasskey })
	}
	if t.next() != "" && len(kinds) > 0 {
		if kinds = t.helpful(a, kinds); t.v.Flag != nil && !a.Helps(t.v.Rules, kinds[0]) {
			t.tell(t.status(enroll.ErrFreshProof), t.s.T("reason.needs-fresh-proof.title"), message{
				What: t.explain(enroll.ErrFreshProof), Next: t.s.T("verify.lost.text", "tenant", t.v.Rules.TenantName),
				Go: "/", Label: t.s.T("deny.home"),
			})
			return
		}
	}
	if len(kinds) == 0 {
		t.tellRefusal(&enroll.Error{Reason: enroll.ErrNotOffered.Reason, Status: enroll.ErrNotOffered.Status, Detail: "passkey"})
		return
	}
	kind := kinds[0]
	for _, k := range kinds {
		if string(k) == t.r.URL.Query().Get("way") {
			kind = k
		}
	}
	s := t.s
	name := "verify." + string(kind.Base())
	x := t.view(s.T("verify.title"), withQuery(withQuery(t.page("/verify"), "next", t.next()), "way", t.r.URL.Query().Get("way")))
	x.Err = t.fault(e)
	part := verifyPart{Lead: lead, Lost: "verify.lost", Action: t.verifyAction(kind)}
	if kind == enroll.KindPasskey {
		part.Passkey, part.Lost = t.keyForm(false, part.Action), "verify.lost.passkey"
	} else if kind.IsOIDC() {
		part.Send, part.Lost = &sendForm{
			Action: withQuery(withQuery(t.v.Mount+"/api/verify/"+string(kind), "next", t.next()), "way", string(kind)),
			How:    s.T("verify.oidc.how", "label", t.label(kind)), Go: s.T("oidc.go", "label", t.label(kind)),
		}, "verify.lost.oidc"
	} else {
		part.Code = codeField{
			Label: s.T(name + ".label"), Hint: s.T(name + ".hint"), Digits: digitsOf(kind),
			Wide: kind == enroll.KindCodes, Auto: true, Focus: true,
		}
		if kind == enroll.KindTOTP && slices.Contains(kinds, enroll.KindPasskey) {
			part.Autofill, part.Code.Keys = t.keyForm(false, t.verifyAction(enroll.KindPasskey)), true
		}
	}
	if isSent(kind) {
		part.Send, part.Sent = t.sendForm(kind, t.otherPhone(a, kind)), t.waits(kind)
	}
	if t.mayTrust(kind) {
		part.Trust = t.trustLabel()
		if part.Passkey != nil {
			part.Passkey.Trust = part.Trust
		}
	}
	if x.Err != nil && x.Err.Field == "code" {
		if part.Code.Wrong = x.Err.Text; part.Send != nil && !part.Sent {
			x.Err.Field = "" // its field is not there
		}
	}
	// Whoever has the password alone must not learn what the person's devices are
	// called.
	if kind == enroll.KindTOTP && len(a.Methods) > 1 && a.Methods[0].Kind == kind && t.v.Flag != nil {
		part.Code.Hint = s.T("verify.totp.named", "name", a.Methods[0].Name)
	}
	for _, k := range kinds {
		if k != kind {
			part.Others = append(part.Others, otherWay{
				withQuery(withQuery(t.page("/verify"), "next", t.next()), "way", string(k)), s.T("verify."+string(k.Base())+".other", "label", t.label(k)),
			})
		}
	}
	x.D = part
	t.p.show(t.w, t.r, t.status(e), "verify", x)
}

func digitsOf(kind enroll.Kind) int {
	if kind == enroll.KindEmail {
		return 8
	}
	return 6
}

// sendForm makes the form that has a code sent; other is another phone to send it
// to, "" for none.
func (t *turn) sendForm(kind enroll.Kind, other string) *sendForm {
	name := "verify." + string(kind)
	action := withQuery(withQuery(t.v.Mount+"/api/verify/"+string(kind), "next", t.next()), "way", string(kind))
	f := &sendForm{
		Action: withQuery(action, "phone", t.r.URL.Query().Get("phone")),
		How:    t.s.T(name + ".how"), Go: t.s.T(name + ".go"), Sent: t.s.T(name + ".sent"), Missing: t.s.T(name + ".missing"), Look: t.s.T(name + ".look"),
	}
	if other != "" {
		f.Other = withQuery(action, "phone", other)
	}
	return f
}

func (t *turn) verifyAction(kind enroll.Kind) string {
	return withQuery(withQuery(t.v.Mount+"/api/verify/"+string(kind)+"/verify", "next", t.next()), "way", string(kind))
}

// beginProof is POST verify/{kind}. Neither an app nor a recovery code needs
// anything sent beforehand; the call says whether the kind can be used.
func (t *turn) beginProof(kind enroll.Kind) {
	account, err := t.p.service.Account(t.r.Context(), t.v.Person.Realm, t.v.Person.User)
	if err == nil && !slices.Contains(t.ways(account), kind) {
		err = enroll.ErrNotOffered
	}
	switch {
	case err != nil && t.form:
		t.tellRefusal(t.refusal(err))
	case err != nil:
		t.problem(err)
	case t.form:
		t.see(withQuery(withQuery(t.page("/verify"), "next", t.next()), "way", string(kind)))
	default:
		t.json(http.StatusOK, map[string]any{"kind": kind})
	}
}

// finishProof is POST verify/{kind}/verify.
func (t *turn) finishProof(kind enroll.Kind) {
	t.typed = kind
	var flag *enroll.Flag
	var err error
	switch ctx := t.r.Context(); kind {
	case enroll.KindPasskey:
		flag, err = t.p.service.ProvePasskey(ctx, t.v.Person, t.rules(), t.party(), []byte(t.in["credential"]))
	case enroll.KindEmail:
		flag, err = t.p.service.ProveEmail(ctx, t.v.Person, t.rules(), t.askedID(), t.in["code"], t.knownBrowser())
	case enroll.KindSMS:
		flag, err = t.p.service.ProveText(ctx, t.v.Person, t.rules(), t.askedID(), t.in["code"], t.knownBrowser())
	case enroll.KindCodes:
		flag, err = t.p.service.ProveRecovery(ctx, t.v.Person, t.rules(), t.in["code"], t.knownBrowser())
	default:
		flag, err = t.p.service.ProveTOTP(ctx, t.v.Person, t.rules(), t.in["code"], t.knownBrowser())
	}
	if err == nil {
		err = t.stamp(*flag)
	}
	if err == nil {
		err = t.trust(flag)
	}
	if err != nil {
		t.v.proved(kind, t.refusal(err).Reason)
		t.redoProof(err)
		return
	}
	t.v.proved(kind, "ok")
	if !t.form {
		t.json(http.StatusOK, map[string]any{"return_to": t.to})
		return
	}
	t.follow(t.next())
}

// follow leads on from a proof: to what it was given for, and where it opens no
// more than that, to what is to be set up.
func (t *turn) follow(next string) {
	switch {
	case next == "manage":
		t.see(t.page("/"))
	case next == "add":
		t.see(withQuery(t.page("/enroll"), "add", "1"))
	case next == "enroll", t.v.Flag.Interim:
		t.see(t.page("/enroll"))
	default:
		t.showDone("verified")
	}
}

// redoProof answers a proof that failed with the page it came from.
func (t *turn) redoProof(err error) {
	e := t.refusal(err)
	if !t.form {
		t.problem(e)
		return
	}
	account, accountErr := t.p.service.Account(t.r.Context(), t.v.Person.Realm, t.v.Person.User)
	if accountErr != nil || len(account.Methods) == 0 {
		t.tellRefusal(e)
		return
	}
	t.showVerify(account, e)
}
