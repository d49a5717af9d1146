package portal

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// turn is one request to the pages or the API, and the answer to it.
type turn struct {
	p    *Portal
	w    http.ResponseWriter
	r    *http.Request
	v    *Visit
	s    *speech
	form bool              // a page's form sent it: the answer is a page
	in   map[string]string // what was sent, by field
	to   string            // the way back
	held bool              // the ticket holds it: it may be followed by itself

	oldCode      bool        // what is over is the mailed code, not the visit
	chosenTenant string      // another of the person's own tenants; "": the default one
	passing      bool        // a pass was sent: the page shown next asks for it
	typed        enroll.Kind // what was typed as a code; "": none was
	way          string      // the kind of method that the page shown next is about; "": none yet
}

// Serve answers a request under the mount, which r.URL.Path no longer holds.
//
// A GET changes nothing but the language cookie. Every change must come from
// this origin (http.CrossOriginProtection), and every page only shows itself in
// a window of its own: a script of the app (an XSS hole in it) that fetches a
// page to read a secret from it, or frames it, gets a refusal.
func (p *Portal) Serve(w http.ResponseWriter, r *http.Request, v *Visit) {
	path := r.URL.Path
	if name, ok := strings.CutPrefix(path, "/assets/"); ok {
		if allow(w, r, p.speak(r, v), http.MethodGet) {
			p.serveAsset(w, r, v, name)
		}
		return
	}
	t := &turn{p: p, w: w, r: r, v: v, s: p.speak(r, v)}
	secure(w.Header())
	if path == "" { // the mount without its slash
		address := v.Mount + "/"
		if r.URL.RawQuery != "" {
			address += "?" + r.URL.RawQuery
		}
		t.see(address)
		return
	}
	t.keepLanguage()
	if !isRead(r) {
		if err := p.cross.Check(r); err != nil {
			t.problem(&enroll.Error{Reason: "not-allowed", Status: http.StatusForbidden, Err: err})
			return
		}
	}
	if !strings.HasPrefix(path, "/api/") && !isWindow(r) {
		t.problem(&enroll.Error{Reason: "not-allowed", Status: http.StatusForbidden})
		return
	}
	if !t.readInput() || !t.chooseTenant() {
		return
	}
	t.readReturn()
	if token, ok := strings.CutPrefix(path, "/link/"); ok && token != "" {
		t.serveLink(token)
		return
	}
	if path == "/language" {
		t.serveLanguage()
		return
	}
	if !t.known() {
		return
	}
	switch {
	case path == "/":
		t.serveManage()
	case path == "/enroll":
		t.serveEnroll()
	case path == "/verify":
		t.serveVerify()
	case strings.HasPrefix(path, "/oidc/"):
		t.serveArrival(strings.TrimPrefix(path, "/oidc/"))
	case strings.HasPrefix(path, "/api/"):
		t.serveAPI(strings.Split(strings.TrimPrefix(path, "/api/"), "/"))
	default:
		p.notFound(w, r, v)
	}
}

// known refuses whoever the gate cannot name, in the words of a blocked
// request.
func (t *turn) known() bool {
	b := &Blocked{Visit: t.v, Verdict: "deny", Status: http.StatusUnauthorized, To: t.to, RetryAfter: t.v.RetryAfter}
	switch t.v.State {
	case "down":
		b.Reason, b.Status = "identity-down", http.StatusServiceUnavailable
	case "conflict":
		b.Reason = "identity-conflict"
	case "mixed":
		b.Reason, b.Status = "mixed-credentials", http.StatusBadRequest
	default:
		if t.v.Person.User != "" {
			return true
		}
		b.Reason = "no-identity"
	}
	t.p.Block(t.w, t.r, b)
	return false
}

func isRead(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// isWindow reports whether the answer will be a page in a window of its own,
// as far as the browser says.
func isWindow(r *http.Request) bool {
	mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	return (mode == "" || mode == "navigate") && (dest == "" || dest == "document")
}

// isSpeculative reports whether the browser only guesses that the person will
// open the page (prefetch, prerender).
func isSpeculative(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Sec-Purpose")+r.Header.Get("Purpose"), "prefetch")
}

// keepLanguage remembers the language that ?lng= chose.
func (t *turn) keepLanguage() {
	wish := t.r.URL.Query().Get("lng")
	if wish == "" || isSpeculative(t.r) {
		return
	}
	if tag := t.p.knownLanguage(wish); tag != "" {
		setCookie(t.w, t.v, languageCookie, tag, 365*24*time.Hour)
	}
}

// serveLanguage is where the picker of a blocked page leads: back to the page,
// now in the language just chosen, where the ticket holds its address.
func (t *turn) serveLanguage() {
	if !allow(t.w, t.r, t.s, http.MethodGet) {
		return
	}
	if t.held {
		t.see(t.to)
		return
	}
	t.see(t.v.Mount + "/")
}

// see sends the browser to another address with a GET.
func (t *turn) see(address string) {
	t.w.Header().Set("Location", address)
	t.w.WriteHeader(http.StatusSeeOther)
}

// allow refuses methods that an address does not have (405). GET includes HEAD.
func allow(w http.ResponseWriter, r *http.Request, s *speech, methods ...string) bool {
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
	}
	if slices.Contains(methods, r.Method) {
		return true
	}
	secure(w.Header())
	w.Header().Set("Allow", strings.Join(methods, ", "))
	newProblem(s, http.StatusMethodNotAllowed, "bad-request", s.T("reason.bad-request.detail")).write(w, r, 0)
	return false
}

// notFound is a page for whoever typed an address, or followed a link to a
// tenant that is not theirs, and a problem for programs.
func (p *Portal) notFound(w http.ResponseWriter, r *http.Request, v *Visit) {
	s := p.speak(r, v)
	if isRead(r) && IsPageVisit(r) && !strings.HasPrefix(r.URL.Path, "/api/") && !strings.HasPrefix(r.URL.Path, "/assets/") {
		x := p.view(s, v, s.T("reason.not-found.title"), "/")
		x.D = message{What: s.T("reason.not-found.detail"), Go: "/", Label: s.T("deny.home")}
		p.show(w, r, http.StatusNotFound, "message", x)
		return
	}
	newProblem(s, http.StatusNotFound, "not-found", s.T("reason.not-found.detail")).write(w, r, 0)
}
