package portal

import (
	"net/http"
	"strings"
)

// Serve answers a request under the mount, which r.URL.Path no longer holds.
func (p *Portal) Serve(w http.ResponseWriter, r *http.Request, v *Visit) {
	p.notFound(w, r, v)
}

// notFound is a problem for programs and people alike: no page of the gate
// links to an address that is not there.
func (p *Portal) notFound(w http.ResponseWriter, r *http.Request, v *Visit) {
	s := p.speak(r, v)
	newProblem(s, http.StatusNotFound, "not-found", s.T("reason.not-found.detail")).write(w, r, 0)
}

// under returns what follows a folder in a path.
func under(path, folder string) (string, bool) { return strings.CutPrefix(path, folder+"/") }
