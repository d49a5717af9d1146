package portal

import (
	"errors"
	"net/http"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// linkPart is the mailed link's own part of a page.
type linkPart struct {
	Token string
	Here  bool   // this browser asked for the mail
	Lead  string // key of the text
}

// serveLink is the page behind a mailed link. Opening it changes nothing: mail
// scanners open links, and so does whoever is curious on another device. Only
// its button spends it, and only in the browser that asked; anywhere else it
// says where to type the code. "This was not me" works anywhere.
func (t *turn) serveLink(token string) {
	if !allow(t.w, t.r, t.s, http.MethodGet, http.MethodPost) {
		return
	}
	info, err := t.p.service.PeekLink(t.r.Context(), token)
	if err != nil {
		t.tellLink(err)
		return
	}
	if info.Notice != "" {
		t.serveNotice(token, info)
		return
	}
	here := t.v.Person.User != "" && info.Live && oneCookie(t.r, t.v.FlagCookie+visitSuffix) == info.Visit
	if isRead(t.r) {
		if !info.Live {
			t.tellLink(enroll.ErrExpired)
			return
		}
		part := linkPart{Token: token, Here: here, Lead: "link.lead"}
		title := "link.title"
		switch {
		case !here && info.Only:
			title, part.Lead = "link.elsewhere.title", "link.elsewhere.only"
		case !here:
			title, part.Lead = "link.elsewhere.title", "link.elsewhere.lead"
		}
		x := t.view(t.s.T(title), t.v.Mount+"/link/"+token)
		x.D = part
		t.p.show(t.w, t.r, http.StatusOK, "link", x)
		return
	}
	switch t.in["action"] {
	case "disown":
		if err := t.p.service.Disown(t.r.Context(), token, t.v.Person, t.rules()); err != nil {
			t.tellLink(err)
			return
		}
		t.tell(http.StatusOK, t.s.T("disowned.title"), message{
			Good: true, What: t.s.T("disowned.text"), Next: t.s.T("disowned.next", "tenant", t.v.Rules.TenantName),
			Go: brandLink(t.v.Rules.Brand.Password), Label: t.s.T("disowned.password"),
		})
	case "confirm":
		t.spendLink(token)
	default:
		t.refuseInput(http.StatusBadRequest, nil)
	}
}

func (t *turn) spendLink(token string) {
	visit, err := t.resume()
	switch {
	case err == nil && visit == nil:
		err = enroll.ErrNotHere
	case err == nil && !t.admitted():
		err = enroll.ErrNetwork
	}
	if err == nil {
		err = t.p.service.VerifyLink(t.r.Context(), visit, t.v.Person, t.rules(), token)
	}
	if err != nil {
		t.tellLink(err)
		return
	}
	t.v.step("email")
	t.see(t.page("/enroll"))
}

// tellLink shows why a link is of no use.
func (t *turn) tellLink(err error) {
	e := t.refusal(err)
	if errors.Is(e, enroll.ErrExpired) {
		t.tell(t.status(e), t.s.T("link.over.title"), message{
			What: t.s.T("link.over.text"), Go: t.v.Mount + "/enroll", Label: t.s.T("expired.again"),
		})
		return
	}
	t.tellRefusal(e)
}
