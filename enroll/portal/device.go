package portal

import (
	"net/http"
	"slices"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// mayTrust reports whether the person may choose not to be asked again in this
// browser: where the rules let it, after a proof that is a whole second factor,
// and where it would change anything.
func (t *turn) mayTrust(kind enroll.Kind) bool {
	return t.v.Rules.TrustDevice > 0 && !t.v.Rules.Resistant && t.next() == "" && !t.resists() &&
		slices.Contains([]enroll.Kind{enroll.KindPasskey, enroll.KindTOTP}, kind)
}

// trustLabel says for how long a browser would be trusted.
func (t *turn) trustLabel() string {
	if t.v.Rules.TrustDevice == enroll.TrustForever {
		return t.s.T("verify.trust.always")
	}
	return t.s.T("verify.trust", "time", t.s.Span(t.v.Rules.TrustDevice))
}

// trust makes this browser a trusted one where the person chose it with the
// proof that was just given. Where the rules do not let it, the choice is as if
// it had not been made.
func (t *turn) trust(f *enroll.Flag) error {
	if !t.chosen("trust_device") || t.v.Rules.TrustDevice <= 0 || !slices.Contains(f.AMR, "mfa") || slices.Contains(f.Methods, string(enroll.KindCodes)) || t.interim(*f) {
		return nil
	}
	token, err := t.p.service.TrustDevice(t.r.Context(), t.v.Person, t.rules(), f, browserName(t.s, t.v.UserAgent))
	if err != nil {
		return err
	}
	setCookie(t.w, t.v, t.v.FlagCookie+deviceSuffix, token, min(t.v.Rules.TrustDevice, enroll.DeviceCookieLife))
	return nil
}

// thisDevice is the id that this browser is trusted by, "" for none.
func (t *turn) thisDevice() string {
	id, _ := t.p.service.ReadDevice(oneCookie(t.r, t.v.FlagCookie+deviceSuffix), t.v.Person.Realm, t.v.Person.User, t.p.now())
	return id
}

// deviceView is a trusted browser as the page and the API show it.
type deviceView struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Since   time.Time `json:"-"`
	Created *string   `json:"created"`
	Expires *string   `json:"expires"` // null: until it is revoked
	Current bool      `json:"current"` // the one that asks
}

// devices are the browsers that the tenant trusts now, the newest first.
func (t *turn) devices(a *enroll.Account) []deviceView {
	list, this := []deviceView{}, t.thisDevice()
	for _, d := range slices.Backward(a.Devices) {
		life := t.v.Rules.TrustDevice
		if d.Tenant != t.v.Rules.Tenant || life <= 0 || t.p.now().Sub(d.Created) > life {
			continue
		}
		view := deviceView{ID: d.ID, Name: d.Name, Since: d.Created, Created: stamped(d.Created), Current: d.ID == this}
		if life != enroll.TrustForever {
			view.Expires = stamped(d.Created.Add(life))
		}
		list = append(list, view)
	}
	return list
}

// serveDevices is devices and devices/{id}. Who has a factor sees and changes
// nothing of it without a proof.
func (t *turn) serveDevices(path []string) {
	id := ""
	if len(path) == 1 {
		id = path[0]
	}
	methods := []string{http.MethodDelete}
	if t.form {
		methods = []string{http.MethodPost}
	} else if id == "" {
		methods = append(methods, http.MethodGet)
	}
	if !allow(t.w, t.r, t.s, methods...) {
		return
	}
	if isRead(t.r) {
		t.listDevices()
		return
	}
	if t.form && t.in["action"] != "remove" {
		t.refuseInput(http.StatusBadRequest, nil)
		return
	}
	err := t.mayManage()
	if err == nil {
		err = t.p.service.EndDevice(t.r.Context(), t.v.Person, t.rules(), t.v.Flag, id)
	}
	switch {
	case err != nil:
		t.redoManage(err)
		return
	case id == "" || id == t.thisDevice():
		setCookie(t.w, t.v, t.v.FlagCookie+deviceSuffix, "", -1)
	}
	if t.form {
		t.see(withQuery(withQuery(t.v.Mount+"/", "tenantId", t.tenantID()), "done", "untrusted"))
		return
	}
	t.w.WriteHeader(http.StatusNoContent)
}

func (t *turn) listDevices() {
	err := t.mayManage()
	if err == nil && t.v.Flag == nil {
		err = enroll.ErrFreshProof
	}
	var account *enroll.Account
	if err == nil {
		account, err = t.p.service.Account(t.r.Context(), t.v.Person.Realm, t.v.Person.User)
	}
	if err != nil {
		t.problem(err)
		return
	}
	t.json(http.StatusOK, map[string]any{"devices": t.devices(account)})
}
