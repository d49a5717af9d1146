package portal

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// label is what people call a kind that has a name of its own.
func (t *turn) label(kind enroll.Kind) string { return t.p.service.Label(kind) }

// callback is where a provider sends browsers back to. It is registered there, so
// a Host field that a client made up leads nowhere.
func (t *turn) callback(kind enroll.Kind) string {
	return t.v.Scheme + "://" + t.v.Host + t.v.Mount + "/oidc/" + strings.TrimPrefix(string(kind), "oidc.")
}

// traveller is this browser, as its cookie says; one without gets it now. All ways
// of one browser share it, so that two tabs do not spoil each other's.
func (t *turn) traveller() string {
	id := oneCookie(t.r, t.v.FlagCookie+tripSuffix)
	if len(id) != len(rand.Text()) {
		id = rand.Text()
		setCookie(t.w, t.v, t.v.FlagCookie+tripSuffix, id, 0)
	}
	return id
}

// beginLink is POST methods/oidc.<name>.
func (t *turn) beginLink(kind enroll.Kind) {
	t.way = string(kind)
	z, err := t.wizard()
	if err == nil {
		err = t.inOrder(z, "methods")
	}
	var address string
	if err == nil {
		address, err = t.p.service.BeginLink(t.r.Context(), z.visit, t.v.Person, t.rules(), t.v.Flag, kind, t.callback(kind), t.traveller(), t.to, "")
	}
	if err != nil {
		t.redo(z, err)
		return
	}
	t.sendAway(kind, address)
}

// beginLinkProof is POST verify/oidc.<name>.
func (t *turn) beginLinkProof(kind enroll.Kind) {
	t.way = string(kind)
	address, err := t.p.service.BeginLinkProof(t.r.Context(), t.v.Person, t.rules(), kind, t.callback(kind), t.traveller(), t.to, t.next(), t.knownBrowser())
	if err != nil {
		t.redoProof(err)
		return
	}
	t.sendAway(kind, address)
}

// sendAway leads to the provider. A form is answered with a page, since a redirect
// out of its answer, and each that follows there, could be blocked by form-action.
func (t *turn) sendAway(kind enroll.Kind, address string) {
	if !t.form {
		t.json(http.StatusOK, map[string]any{"url": address})
		return
	}
	x := t.view(t.s.T("away.title", "label", t.label(kind)), t.page("/enroll"))
	x.D = awayPart{Label: t.label(kind), Address: address}
	t.p.show(t.w, t.r, http.StatusOK, "away", x)
}

// awayPart is the part of the page that leads to a provider.
type awayPart struct{ Label, Address string }

// serveArrival is where a provider sends a browser back to. It is the one address
// at which a GET changes something: it spends a way that this browser began with a
// form of this site, and nothing else can be done with it.
func (t *turn) serveArrival(name string) {
	kind := enroll.Kind("oidc." + name)
	if t.label(kind) == "" {
		t.p.notFound(t.w, t.r, t.v)
		return
	}
	t.form, t.way = true, string(kind)
	if t.r.Method != http.MethodGet || isSpeculative(t.r) {
		allow(t.w, t.r, t.s)
		return
	}
	q := t.r.URL.Query()
	for _, values := range q {
		if len(values) != 1 {
			t.refuseInput(http.StatusBadRequest, nil)
			return
		}
	}
	browser := oneCookie(t.r, t.v.FlagCookie+tripSuffix)
	trip, err := t.p.service.FindTrip(t.r.Context(), t.v.Person, name, q.Get("state"), browser)
	if err == nil && !t.useTenant(trip.Tenant) {
		err = &enroll.Error{Reason: enroll.ErrNotHere.Reason, Status: enroll.ErrNotHere.Status, Detail: "oidc"}
	}
	if err != nil {
		t.tellArrival(err, trip)
		return
	}
	t.goingTo(trip.To)
	z, err := t.wizard()
	if z == nil {
		t.tellArrival(err, trip)
		return
	}
	arrived, err := t.p.service.Arrive(t.r.Context(), t.v.Person, t.rules(), t.v.Flag, enroll.Return{
		Provider: name, State: q.Get("state"), Browser: browser, Code: q.Get("code"), Issuer: q.Get("iss"),
		Denied: q.Get("error") != "", Consent: lacksConsent(q.Get("error"), q.Get("error_description")),
	})
	if err != nil && !trip.Enrol {
		t.v.proved(kind.Base(), t.refusal(err).Reason)
	}
	switch {
	case err != nil:
		t.tellArrival(err, trip)
	case arrived.Enrolled != nil:
		t.enrolled(z, arrived.Enrolled)
	default:
		if err := t.stamp(arrived.Flag); err != nil {
			t.tellArrival(err, trip)
			return
		}
		t.v.proved(kind.Base(), "ok")
		t.follow(trip.Next)
	}
}

// lacksConsent tells whether a provider says that its administrator has yet to
// allow this site: in the standard's word for it (OpenID Connect Core 1.0,
// 3.1.2.6), or in Microsoft's numbers.
func lacksConsent(word, description string) bool {
	if word == "consent_required" {
		return true
	}
	for _, number := range []string{"AADSTS65001", "AADSTS65004", "AADSTS90094", "AADSTS90095", "AADSTS90099"} {
		if word != "" && strings.Contains(description, number) {
			return true
		}
	}
	return false
}

// tellArrival says why a sign-in at a provider did not do, and leads to where it
// can be begun again.
func (t *turn) tellArrival(err error, trip *enroll.TripInfo) {
	e := t.refusal(err)
	m := message{What: t.explain(e), Go: t.page("/verify"), Label: t.s.T("expired.again")}
	if trip == nil || trip.Enrol {
		m.Go = t.page("/enroll")
	}
	if errors.Is(e, enroll.ErrConsent) {
		m.Next = t.s.T("consent.next", "label", t.label(enroll.Kind(t.way)), "tenant", t.v.Rules.TenantName)
	}
	title := "reason." + e.Reason + ".title"
	if strings.HasPrefix(e.Detail, "oidc") || e.Detail == "replayed" { // nobody typed a code
		title = "arrival.title"
	}
	t.tell(t.status(e), t.s.T(title, "label", t.label(enroll.Kind(t.way))), m)
}
