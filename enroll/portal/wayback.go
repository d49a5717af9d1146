package portal

import "net/http"

// readReturn finds the way back: the one that was sent, else the ticket's, else
// "/". Only one that the ticket holds too may be followed by itself: another
// site can make a link to the gate with any way back in it, and following that
// would turn its request into one of this site's own.
func (t *turn) readReturn() {
	ticket, readable := "", false
	if t.v.Ticket != nil {
		ticket = ReturnTo(t.v.Ticket.To, t.v.Mount)
		readable = t.v.Ticket.Method == "" || t.v.Ticket.Method == http.MethodGet || t.v.Ticket.Method == http.MethodHead
	}
	t.to = "/"
	raw, sent := t.in["to"], t.in["to"] != ""
	if !sent {
		raw, sent = t.r.URL.Query().Get("to"), t.r.URL.Query().Has("to")
	}
	switch {
	case sent:
		t.to = ReturnTo(raw, t.v.Mount)
	case ticket != "":
		t.to = ticket
	}
	t.held = ticket != "" && t.to == ticket && readable
}

// waiting reports whether another tab waits with a form that was not sent.
func (t *turn) waiting() bool {
	k := t.v.Ticket
	return k != nil && !k.Foreign && k.Method != "" && k.Method != http.MethodGet && k.Method != http.MethodHead &&
		t.to == ReturnTo(k.To, t.v.Mount)
}

// page is the address of a page of the gate with what it must not forget: the
// way back and the tenant that was chosen.
func (t *turn) page(name string) string {
	address := t.v.Mount + name
	if t.to != "/" {
		address = withQuery(address, "to", t.to)
	}
	return withQuery(address, "tenantId", t.tenantID())
}

// goingTo takes up a way back that was kept, which was read once already.
func (t *turn) goingTo(to string) {
	t.to = ReturnTo(to, t.v.Mount)
	k := t.v.Ticket
	t.held = k != nil && t.to == ReturnTo(k.To, t.v.Mount) && (k.Method == "" || k.Method == http.MethodGet || k.Method == http.MethodHead)
}
