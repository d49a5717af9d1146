package portal

import (
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// blockView begins a page at the app's own address. Its language picker goes by
// way of the gate, since the app's address is not ours to add to.
func (p *Portal) blockView(s *speech, b *Blocked, title string) *view {
	x := p.view(s, b.Visit, title, "/language")
	for i, l := range x.Languages {
		if to := b.to(); to != "/" {
			x.Languages[i].URL = withQuery(l.URL, "to", to)
		}
	}
	x.Reference = b.Reference
	x.To = b.to()
	return x
}

// sent reports whether the person sent something that a new visit to the
// address would not: it is not lost silently.
func sent(r *http.Request) bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }

// again is the part of a page that waits for a proof given in another tab.
// State is the address that says when it was.
type again struct {
	Text, Area, Go, State string
	Need                  string // key of what it takes
	Start                 string // key of the words on the button
	Areas                 []string
	Rest                  bool // there is more of the site, and it is open
	Unsent, NewTab        bool
	Foreign               bool
	Later                 string        // where "not now" is said; "": it cannot be
	Last                  template.HTML // until when it can be; "": for ever
}

func (b *Blocked) again(r *http.Request, page, text string) again {
	return again{
		Text: text, Area: b.Area, Go: b.page(page), Foreign: b.Foreign, Need: "block.need", Start: "block.start",
		State:  withQuery(b.Visit.Mount+"/api/state", "to", b.to()),
		Unsent: sent(r), NewTab: sent(r) && !b.Foreign,
	}
}

// isPath reports whether an area has no name of its own: it is then called
// "this page", since a path means nothing to most people.
func isPath(area string) bool { return area == "" || strings.HasPrefix(area, "/") }

// named are the areas to list: all of the site ("/") is none to list.
func (b *Blocked) named() []string {
	return slices.DeleteFunc(slices.Clone(b.Areas), func(area string) bool { return area == "/" || area == "" })
}

// blockPage asks for enrolment: who requires it, what is locked, what is needed
// and how long it takes, and one button.
func (p *Portal) blockPage(w http.ResponseWriter, r *http.Request, s *speech, b *Blocked) {
	text, keyed := "block."+b.Reason, b.Reason == "enroll" && b.resists()
	if b.Reason == "remind" && b.Owed != "enroll" {
		text = "block." + b.Owed
	}
	if s.T(text+".lead") == text+".lead" {
		text = "block.enroll"
	}
	if keyed {
		text = "block.passkey"
	}
	if isPath(b.Area) {
		text += ".page"
	}
	x := p.blockView(s, b, s.T(text+".title", "area", b.Area))
	x.Keep = sent(r) && !b.Foreign
	part := b.again(r, "/enroll", text)
	part.Areas = b.named()
	part.Rest = len(part.Areas) == len(b.Areas)
	if keyed {
		part.Need = "block.passkey.need"
		if !b.Visit.Rules.Resistant { // what else is locked, and to whom, is not known here
			part.Areas, part.Rest = nil, false
		}
	}
	if b.Reason == "review" || b.Owed == "review" {
		part.Need, part.Start = "block.review.need", "block.review.start"
	}
	if b.Verdict == "remind" {
		part.Areas, part.Rest, part.Later = nil, false, b.Visit.Mount+"/api/remind"
		if !b.LastReminder.IsZero() {
			part.Last = s.Local(b.LastReminder)
		}
	}
	x.D = part
	p.show(w, r, b.status(), "block", x)
}

// blockUnsent says that a form was not sent, and waits for the proof so that it
// can be sent again. A form that another site sent is never offered again:
// reloading would turn its forgery into a request of this site's own.
func (p *Portal) blockUnsent(w http.ResponseWriter, r *http.Request, s *speech, b *Blocked) {
	text := "unsent"
	if isPath(b.Area) {
		text += ".page"
	}
	x := p.blockView(s, b, s.T("unsent.title"))
	x.Keep = !b.Foreign
	x.D = b.again(r, "/verify", text+".lead")
	p.show(w, r, b.status(), "unsent", x)
}

// blockDenied says what happened, what it means, and what to do next.
func (p *Portal) blockDenied(w http.ResponseWriter, r *http.Request, s *speech, b *Blocked) {
	v := b.Visit
	m := message{
		What:  p.detail(s, b),
		Means: s.T("deny."+b.Reason+".means", "tenant", v.Rules.TenantName),
		Next:  s.T("deny."+b.Reason+".next", "tenant", v.Rules.TenantName, "wait", s.Wait(b.retryAfter())),
		Go:    "/", Label: s.T("deny.home"),
	}
	if wait := b.retryAfter(); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(ceil(wait, time.Second)))
		if !sent(r) {
			m.Go, m.Label = b.to(), s.T("deny.again")
		}
	}
	if b.Reason == "no-identity" && brandLink(v.Login) != "" {
		m.Go, m.Label = v.Login, s.T("deny.signin")
	}
	x := p.blockView(s, b, s.T("reason."+b.Reason+".title"))
	x.D = m
	p.show(w, r, b.status(), "message", x)
}

// message is a page of words: what happened, what it means, what to do next.
type message struct {
	Good              bool
	What, Means, Next string
	Go, Label         string
}
