package portal

import "net/http"

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
