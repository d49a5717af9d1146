package portal

import (
	"cmp"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// serveEnroll is the wizard's page: whatever step the enrolment stands at. Its
// one POST asks for more time.
func (t *turn) serveEnroll() {
	if !allow(t.w, t.r, t.s, http.MethodGet, http.MethodPost) {
		return
	}
	z, err := t.wizard()
	if err == nil && !isRead(t.r) {
		err = t.extend(z)
		if err == nil {
			t.see(t.page("/enroll"))
			return
		}
	}
	if err != nil {
		t.tellRefusal(t.refusal(err))
		return
	}
	t.way = t.r.URL.Query().Get("way")
	adding := t.adding()
	switch {
	case z.step == stepProve, z.step == stepMethod && len(z.account.Methods) > 0 && !t.freshFor(t.kindAhead(z.account), z.account):
		t.see(withQuery(t.page("/verify"), "next", "enroll"))
	case adding && len(z.account.Methods) > 0 && !t.freshFor(t.kindAhead(z.account), z.account):
		t.see(withQuery(t.page("/verify"), "next", "add"))
	default:
		if z.visit == nil && len(z.account.Methods) == 0 {
			t.v.step("opened")
		}
		t.showEnroll(z, nil)
	}
}

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

// extend gives a visit that still lives another 15 minutes.
func (t *turn) extend(z *wizard) error {
	if t.in["action"] != "extend" || z.visit == nil {
		return enroll.ErrWrongStep
	}
	return t.p.service.ExtendVisit(t.r.Context(), z.visit)
}

// enrollPart is the wizard's own part of a page.
type enrollPart struct {
	Masked   string
	Sent     bool
	Proven   bool   // the mailbox was proven in this visit
	MailWait string // until another mail can be asked for; "": now
	Minutes  string // left of the visit
	Address  string // that was typed
	Wrong    string // what is wrong with it, or with the number
	Number   string // that was typed
	Kind     enroll.Kind
	Label    string    // of an identity provider
	Send     *sentPart // nil: no code was sent
	Replaces string    // the method that this one takes the place of; "": none
	Old      string    // where that one's codes go, hidden
	Pass     string    // where a pass is shown; "": none was issued
	Setup    *enroll.TOTP
	QR       template.HTML
	Link     template.URL // otpauth:
	Key      []string     // the key in groups of four
	Code     codeField
	Choices  []choice
	Least    string // how many methods are asked for, where it is more than one
	Other    string // where the choice is; "": there is none
	Passkey  *keyForm
}

// choice is one kind of method among several.
type choice struct{ Kind, Address, Label string }

// codeField is the one box that a code is typed into.
type codeField struct {
	Label, Hint, Wrong string
	Digits             int
	Wide, Auto, Focus  bool
	Keys               bool // passkeys may be offered at it
}

// admitted reports whether methods may be registered from where the person is.
func (t *turn) admitted() bool { return t.v.Rules.Admits(t.v.Person.Client) }

// showEnroll shows the step that the enrolment stands at, with what was wrong.
func (t *turn) showEnroll(z *wizard, e *enroll.Error) {
	if z.step == stepProve {
		t.tellRefusal(enroll.ErrFreshProof)
		return
	}
	if !t.admitted() && (z.step != stepDone || t.adding() || e != nil) {
		t.tellRefusal(enroll.ErrNetwork)
		return
	}
	part := enrollPart{}
	if z.visit != nil {
		part.Masked = z.visit.Masked
		part.Minutes = t.s.Wait(z.visit.Expires.Sub(t.p.now()))
		part.Sent = !z.visit.CodeSent.IsZero()
		if z.visit.MailsLeft == 0 {
			part.MailWait = t.s.Wait(max(z.visit.MailAt.Sub(t.p.now()), time.Second))
		}
	} else {
		part.Masked = mask(t.v.Person.Email)
	}
	if t.hasPass(z) {
		part.Pass = withQuery(t.page("/enroll"), "pass", "1")
	}
	switch {
	case t.showsPass(z):
		t.showStep(z, e, "pass", part)
	case z.step == stepEmail && t.owed(z) == enroll.FirstTyped:
		t.showTyped(z, e, part)
	case z.step == stepEmail && part.Sent:
		part.Send = t.sentTo("emailcode", part)
		t.showStep(z, e, "emailcode", part)
	case z.step == stepEmail:
		t.showStep(z, e, "email", part)
	case z.step == stepMethod || t.adding() || e != nil || z.visit != nil && z.visit.Begun != "":
		t.showMethod(z, e, part)
	case z.step == stepReview:
		t.showReview(z.account)
	default:
		t.showDone("already")
	}
}

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

// showTOTP shows the key of the app being set up. Reading it again changes
// nothing: it is the same for the life of the visit.
func (t *turn) showTOTP(z *wizard, e *enroll.Error, part enrollPart) {
	setup, err := t.p.service.BeginTOTP(t.r.Context(), z.visit, t.v.Person, t.rules(), t.v.Flag, "")
	if err != nil {
		t.tellRefusal(t.refusal(err))
		return
	}
	qr, err := qrSVG(setup.URI, t.s.T("totp.qr"))
	if err != nil {
		t.tellRefusal(t.refusal(err))
		return
	}
	part.Setup, part.QR = setup, template.HTML(qr) // #nosec G203 -- made by qrSVG, its label escaped
	if strings.HasPrefix(setup.URI, "otpauth://totp/") {
		part.Link = template.URL(setup.URI) // #nosec G203 -- the scheme has been checked
	}
	for rest := setup.Secret; rest != ""; {
		n := min(4, len(rest))
		part.Key, rest = append(part.Key, rest[:n]), rest[n:]
	}
	t.showStep(z, e, "totp", part)
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

// codesPart is the recovery codes' own part of a page.
type codesPart struct {
	Codes []string
	First bool   // they came with the first method
	Next  string // where the box that says "saved" leads
	Site  string // the host they are for, on the sheet that is printed
}

// showCodes shows new recovery codes, this once.
func (t *turn) showCodes(codes []string, first bool) {
	x := t.view(t.s.T("codes.title"), t.page("/enroll"))
	x.Keep = true // another language is another page, without the codes
	part := codesPart{Codes: codes, First: first, Next: t.page("/"), Site: t.v.Host}
	if first {
		x.Last, x.Steps, part.Next = true, t.steps(nil, "codes"), t.page("/enroll")
	}
	x.D = part
	t.p.show(t.w, t.r, http.StatusOK, "codes", x)
}

// donePart is the last page's own part.
type donePart struct {
	Text    string
	Follow  bool // a script may go on by itself
	Soon    bool // at once: there is nothing to read
	Waiting bool // another tab waits with a form
	More    bool // a second device would be good to have
	List    bool // it belongs to the list of methods
	mine
}

// showDone is the end of a way: a page whose one link out of the mount leads on.
func (t *turn) showDone(what string) {
	x := t.view(t.s.T("done."+what+".title"), t.page("/enroll"))
	x.Last = true
	waiting := t.waiting()
	m := t.mine(what)
	x.D = donePart{
		mine: m,
		Text: t.s.T("done." + what + ".text"), Follow: t.held && !waiting && !(m.Methods != nil && t.v.Rules.Review > 0), Soon: what == "verified" || what == "later" || what == "reviewed",
		Waiting: waiting, More: what == "already" && !t.v.ByTicket, List: what != "already" && what != "verified" && what != "later" && what != "reviewed" && !t.v.ByTicket,
	}
	t.p.show(t.w, t.r, http.StatusOK, "done", x)
}

// tellRefusal shows a refusal that no form can be shown again for. Where nothing
// better can be done, its button leads to the start page.
func (t *turn) tellRefusal(e *enroll.Error) {
	m := message{What: t.explain(e), Go: "/", Label: t.s.T("deny.home")}
	switch {
	case errors.Is(e, enroll.ErrFreshProof):
		m.Go, m.Label = withQuery(t.page("/verify"), "next", "enroll"), t.s.T("verify.start")
	case e.Detail == enroll.ErrNetwork.Detail:
		m.Next = t.s.T("network.next", "tenant", t.v.Rules.TenantName)
		m.Go, m.Label = t.page("/enroll"), t.s.T("deny.again")
	case errors.Is(e, enroll.ErrExpired), errors.Is(e, enroll.ErrWrongAccount), errors.Is(e, enroll.ErrWrongStep),
		errors.Is(e, enroll.ErrNotHere):
		m.Go, m.Label = t.page("/enroll"), t.s.T("expired.again")
	case e.Status >= http.StatusInternalServerError:
		m.Next = t.s.T("down.next") // no reference: none is given to what the gate's own pages answer
		m.Go, m.Label = t.page("/enroll"), t.s.T("deny.again")
	case errors.Is(e, enroll.ErrTooMany):
		m.Go, m.Label = t.page("/enroll"), t.s.T("deny.again")
	case errors.Is(e, enroll.ErrLimit) && !t.v.ByTicket:
		m.Go, m.Label = withQuery(t.v.Mount+"/", "tenantId", t.tenantID()), t.s.T("done.list")
	}
	t.tell(t.status(e), t.s.T("reason."+e.Reason+".title"), m)
}
