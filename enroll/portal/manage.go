package portal

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// managePart is the security page's own part.
type managePart struct {
	Methods  []enroll.Method
	Codes    int
	HasCodes bool
	NoCodes  bool   // the tenant has no recovery codes
	Fresh    bool   // the proof is recent enough for a change
	FreshKey bool   // …for one of a passkey too
	Prove    string // where a fresher one is given
	Remove   *enroll.Method
	LastOne  bool // Remove is the last
	Kept     bool // …and may not go
	Required bool
	Add      string // where a further method is set up; "": none can be
	Own      []TenantRef
	Current  string
	Changed  string // what was just done
	Many     bool
	Passkeys string // those that count, for the browser; "": there never were any
	Devices  []deviceView
	Moves    map[string]string // where the number or the address of a method is changed, by its id
	Outside  bool              // nothing can be registered from where the person is
	OneKind  bool              // nothing but authenticator apps, and nothing else to add
}

// Changes tells whether a method can be changed with the proof that was given.
func (p managePart) Changes(m enroll.Method) bool {
	return p.Fresh && (p.FreshKey || m.Kind != enroll.KindPasskey)
}

// Heading and AddLabel are keys of texts: authenticator apps are called so where
// there is nothing else.
func (p managePart) Heading() string {
	if p.OneKind {
		return "manage.methods.apps"
	}
	return "manage.methods"
}

// AddLabel is the key of the words on the button that adds a method.
func (p managePart) AddLabel() string {
	if p.OneKind {
		return "manage.add.app"
	}
	return "manage.add"
}

// Older tells whether a fresher proof would open more.
func (p managePart) Older() bool {
	return !p.Fresh || slices.ContainsFunc(p.Methods, func(m enroll.Method) bool { return !p.Changes(m) })
}

// serveManage is the list of one's methods. Nobody known by the ticket alone
// comes here, and who has a factor proves it first.
func (t *turn) serveManage() {
	if !allow(t.w, t.r, t.s, http.MethodGet) {
		return
	}
	t.showManage(nil)
}

func (t *turn) showManage(e *enroll.Error) {
	if t.v.ByTicket {
		t.tell(http.StatusUnauthorized, t.s.T("reason.no-identity.title"), message{
			What: t.s.T("manage.signin"), Go: "/", Label: t.s.T("deny.home"),
		})
		return
	}
	account, err := t.p.service.Account(t.r.Context(), t.v.Person.Realm, t.v.Person.User)
	if err != nil {
		t.tellRefusal(t.refusal(err))
		return
	}
	prove := withQuery(withQuery(t.v.Mount+"/verify", "tenantId", t.tenantID()), "next", "manage")
	if len(account.Methods) > 0 && t.v.Flag == nil {
		t.see(prove)
		return
	}
	part := managePart{
		Methods: t.counting(account), Codes: account.CodesLeft, HasCodes: len(account.Methods) > 0, NoCodes: !t.v.Rules.GivesCodes(),
		Fresh: t.freshFor("", account), FreshKey: t.freshFor(enroll.KindPasskey, account), Prove: prove, Required: t.v.Rules.Required, Own: t.v.Tenants, Current: t.v.Rules.Tenant,
	}
	part.Many = len(part.Methods) > 1
	part.Devices = t.devices(account)
	kinds := t.offered()
	part.OneKind = !slices.ContainsFunc(kinds, func(k enroll.Kind) bool { return k != enroll.KindTOTP }) &&
		!slices.ContainsFunc(part.Methods, func(m enroll.Method) bool { return m.Kind != enroll.KindTOTP })
	part.Outside = !t.admitted()
	part.Moves = map[string]string{}
	for _, m := range part.Methods {
		if t.changeable(m) && !part.Outside {
			part.Moves[m.ID] = t.changeAddress(m)
		}
	}
	if len(t.choices(account)) > 0 && !part.Outside {
		part.Add = withQuery(withQuery(t.v.Mount+"/enroll", "tenantId", t.tenantID()), "add", "1")
	}
	if list, err := t.p.service.Passkeys(t.r.Context(), t.v.Person, t.v.Flag, t.party()); err == nil && list != nil {
		if text, err := json.Marshal(list); err == nil {
			part.Passkeys = string(text)
		}
	}
	if changed := t.r.URL.Query().Get("done"); slices.Contains([]string{"renamed", "default", "removed", "untrusted"}, changed) {
		part.Changed = t.s.T("manage.done." + changed)
	}
	x := t.view(t.s.T("manage.title"), withQuery(t.v.Mount+"/", "tenantId", t.tenantID()))
	name := "manage"
	if i := slices.IndexFunc(part.Methods, func(m enroll.Method) bool { return m.ID == t.r.URL.Query().Get("remove") }); i >= 0 {
		name, part.Remove = "remove", &part.Methods[i]
		part.LastOne = len(account.Methods) == 1
		part.Kept = part.LastOne && !t.v.Rules.Undo
		x.Title = t.s.T("remove.title", "name", part.Remove.Name)
	}
	x.Err, x.D = t.fault(e), part
	t.p.show(t.w, t.r, t.status(e), name, x)
}

// freshFor reports whether the proof is recent enough, and worth enough, for a
// change of a method of the kind.
func (t *turn) freshFor(kind enroll.Kind, a *enroll.Account) bool {
	return t.v.Flag != nil && t.v.Rules.Fresh(kind, t.v.Flag.At, t.p.now()) && t.v.Rules.Enough(a.Methods, t.v.Flag)
}

// helpful puts the kinds first whose proof lets methods be changed. Who has given
// another proof is asked for nothing else, where there is such a kind.
func (t *turn) helpful(a *enroll.Account, kinds []enroll.Kind) []enroll.Kind {
	var helps, others []enroll.Kind
	for _, k := range kinds {
		if a.Helps(t.v.Rules, k) {
			helps = append(helps, k)
		} else {
			others = append(others, k)
		}
	}
	if t.v.Flag != nil && len(helps) > 0 {
		return helps
	}
	return append(helps, others...)
}

// mayManage refuses whoever is known by the ticket alone.
func (t *turn) mayManage() error {
	if t.v.ByTicket {
		return enroll.ErrNotAllowed
	}
	return nil
}

// redoManage answers a change that was refused.
func (t *turn) redoManage(err error) {
	e := t.refusal(err)
	switch {
	case !t.form:
		t.problem(e)
	case e.Status >= http.StatusInternalServerError:
		t.tellRefusal(e)
	default:
		t.showManage(e)
	}
}

// changeMethod is PATCH and DELETE methods/{id}.
func (t *turn) changeMethod(id string, remove bool) {
	ctx, done := t.r.Context(), ""
	err := t.mayManage()
	if err == nil && remove {
		done = "removed"
		err = t.p.service.Remove(ctx, t.v.Person, t.rules(), t.v.Flag, id)
	} else if err == nil {
		done, err = t.editMethod(id)
	}
	if err != nil {
		t.redoManage(err)
		return
	}
	if t.form {
		t.see(withQuery(withQuery(t.v.Mount+"/", "tenantId", t.tenantID()), "done", done))
		return
	}
	if remove {
		t.w.WriteHeader(http.StatusNoContent)
		return
	}
	account, err := t.p.service.Account(ctx, t.v.Person.Realm, t.v.Person.User)
	if err != nil {
		t.problem(err)
		return
	}
	for _, m := range account.Methods {
		if m.ID == id {
			t.json(http.StatusOK, map[string]any{"method": methodJSON(m)})
			return
		}
	}
	t.problem(enroll.ErrNotFound)
}

// editMethod renames a method, makes it the default, or both.
func (t *turn) editMethod(id string) (done string, err error) {
	name, rename := t.in["name"]
	if !rename && !t.chosen("default") {
		return "", &enroll.Error{Reason: "bad-request", Status: http.StatusBadRequest}
	}
	if rename {
		done = "renamed"
		err = t.p.service.Rename(t.r.Context(), t.v.Person, t.rules(), t.v.Flag, id, name)
	}
	if err == nil && t.chosen("default") {
		done = "default"
		err = t.p.service.SetDefault(t.r.Context(), t.v.Person, t.rules(), t.v.Flag, id)
	}
	return done, err
}

// renewCodes is POST recovery-codes.
func (t *turn) renewCodes() {
	err := t.mayManage()
	var codes []string
	if err == nil {
		codes, err = t.p.service.NewRecoveryCodes(t.r.Context(), t.v.Person, t.rules(), t.v.Flag)
	}
	switch {
	case err != nil:
		t.redoManage(err)
	case t.form:
		t.showCodes(codes, false)
	default:
		t.json(http.StatusOK, map[string]any{"recovery_codes": codes})
	}
}

// signOutEverywhere is DELETE sessions: every proof of this person ends, on
// every device, this one's too.
func (t *turn) signOutEverywhere() {
	err := t.mayManage()
	if err == nil && t.v.Flag == nil {
		err = enroll.ErrFreshProof
	}
	if err == nil {
		err = t.p.service.SignOutEverywhere(t.r.Context(), t.v.Person, t.v.Flag)
	}
	if err != nil && !errors.Is(err, enroll.ErrNotFound) {
		t.redoManage(err)
		return
	}
	setCookie(t.w, t.v, t.v.FlagCookie, "", -1)
	setCookie(t.w, t.v, t.v.FlagCookie+deviceSuffix, "", -1)
	if !t.form {
		t.w.WriteHeader(http.StatusNoContent)
		return
	}
	t.tell(http.StatusOK, t.s.T("signedout.title"), message{
		Good: true, What: t.s.T("signedout.text"), Go: "/", Label: t.s.T("deny.home"),
	})
}
