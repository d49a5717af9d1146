package portal

import (
	"net/http"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// serveNotice is the page behind the link of a mail that told of a change. It
// asks nobody who they are: whoever lost their account to somebody else cannot
// sign in. Opening it changes nothing, and it shows nothing that the mail did not.
func (t *turn) serveNotice(token string, info enroll.LinkInfo) {
	if !info.Live {
		t.tellLink(enroll.ErrExpired)
		return
	}
	if isRead(t.r) {
		text := "notme.text"
		if info.Notice == "address-changed" {
			text = "notme.address"
		}
		x := t.view(t.s.T("notme.title"), t.v.Mount+"/link/"+token)
		x.D = noticePart{Token: token, Text: text}
		t.p.show(t.w, t.r, http.StatusOK, "notice", x)
		return
	}
	if t.in["action"] != "disown" {
		t.refuseInput(http.StatusBadRequest, nil)
		return
	}
	// The mail that follows is to the person of the link, whoever presses it here.
	if err := t.p.service.Disown(t.r.Context(), token, enroll.Person{}, t.rules()); err != nil {
		t.tellLink(err)
		return
	}
	t.tell(http.StatusOK, t.s.T("disowned.title"), message{
		Good: true, What: t.s.T("notme.done"), Next: t.s.T("disowned.next", "tenant", t.v.Rules.TenantName) + " " + t.s.T("notme.help", "tenant", t.v.Rules.TenantName),
		Go: brandLink(t.v.Rules.Brand.Password), Label: t.s.T("disowned.password"),
	})
}

// noticePart is the page's own part.
type noticePart struct {
	Token string
	Text  string // key of what it does
}
