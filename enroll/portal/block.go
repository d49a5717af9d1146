package portal

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// Block answers a request that the gate does not pass on, in the form that
// whoever sent it can read: gRPC, WebSocket, HTMX, another program, or a person
// looking at a page. Not one byte of the app is in it.
func (p *Portal) Block(w http.ResponseWriter, r *http.Request, b *Blocked) {
	s := p.speak(r, b.Visit)
	if b.Names != nil {
		b.Area, b.Areas = b.Names(s.Tag)
	}
	switch {
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"):
		secure(w.Header())
		blockGRPC(w, r, s, b)
	case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"), !IsPageVisit(r):
		p.blockProgram(w, r, s, b)
	case b.Verdict == "verify" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		secure(w.Header())
		w.Header().Set("Location", b.page("/verify"))
		w.WriteHeader(http.StatusSeeOther)
	case b.Verdict == "deny":
		p.blockDenied(w, r, s, b)
	case b.Verdict == "verify":
		p.blockUnsent(w, r, s, b)
	default:
		p.blockPage(w, r, s, b)
	}
}

// to is the way back: where the person wanted to go. Of an address that carries
// a password or a key none is made: it would be written into links and logs.
func (b *Blocked) to() string {
	if b.Reason == "mixed-credentials" {
		return "/"
	}
	to := b.To
	if to == "" && b.Visit.Ticket != nil {
		to = b.Visit.Ticket.To
	}
	return ReturnTo(to, b.Visit.Mount)
}

// page is the address of a page of the gate that leads back afterwards.
func (b *Blocked) page(name string) string {
	to := b.to()
	if to == "/" {
		to = ""
	}
	return withQuery(b.Visit.Mount+name, "to", to)
}

// status is the HTTP status of the answer to anything but gRPC.
func (b *Blocked) status() int {
	if b.Status >= 400 {
		return b.Status
	}
	return http.StatusForbidden
}

// blockProgram writes problem+json. A bearer token that is good but proves too
// little is told so in the words of RFC 9470; HTMX, which swaps what it gets
// into the page, is told to open the gate's page instead.
func (p *Portal) blockProgram(w http.ResponseWriter, r *http.Request, s *speech, b *Blocked) {
	v, h := b.Visit, w.Header()
	status := b.status()
	socket := strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
	problem := newProblem(s, status, b.Reason, p.detail(s, b))
	problem.Reference, problem.Tenant = b.Reference, v.Rules.Tenant
	origin := v.Scheme + "://" + v.Host
	var page string
	switch b.Verdict {
	case "verify":
		page = b.page("/verify")
		problem.VerifyURL, problem.Methods = origin+page, b.methods(provable(v.Rules))
		if isBearer(r) && !socket {
			problem.Status = http.StatusUnauthorized
			h.Set("WWW-Authenticate", stepUp(b.Fresh, b.resists()))
		}
	case "enroll", "remind":
		page = b.page("/enroll")
		problem.EnrollURL, problem.Methods = origin+page, b.methods(v.Rules.Methods)
	default:
		if status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "" { // the app's own challenge stays
			h.Set("WWW-Authenticate", `Mfa error="`+b.Reason+`"`)
		}
	}
	if r.Header.Get("HX-Request") == "true" && page != "" {
		h.Set("HX-Redirect", page)
	}
	problem.write(w, r, b.retryAfter())
}

// resists reports whether nothing but a phishing-resistant proof opens what was
// asked for.
func (b *Blocked) resists() bool {
	v := b.Visit
	return v.Rules.Resistant || v.Resists != nil && v.Resists(b.to())
}

// methods are those of kinds that open what was asked for.
func (b *Blocked) methods(kinds []enroll.Kind) []enroll.Kind {
	if b.resists() {
		return []enroll.Kind{enroll.KindPasskey}
	}
	return kinds
}

// stepUp is the challenge of RFC 9470 section 3. "phr" is the word of OpenID's
// EAP ACR Values 1.0 for a phishing-resistant proof.
func stepUp(fresh time.Duration, resistant bool) string {
	acr := "mfa"
	if resistant {
		acr = "phr"
	}
	c := `Bearer error="insufficient_user_authentication", ` +
		`error_description="A second factor is needed", acr_values="` + acr + `"`
	if fresh > 0 {
		c += fmt.Sprintf(`, max_age="%d"`, int(fresh/time.Second))
	}
	return c
}

func isBearer(r *http.Request) bool {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer")
}

// provable are the kinds a proof can be given with: those that can be enrolled,
// the recovery codes that come with the first of them, and other ways back in.
func provable(rules enroll.Rules) []enroll.Kind {
	kinds := append(append([]enroll.Kind{}, rules.Methods...), enroll.KindCodes)
	for _, k := range rules.Recovery {
		if !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

func (b *Blocked) retryAfter() time.Duration {
	if b.status() != http.StatusServiceUnavailable {
		return 0
	}
	return max(b.RetryAfter, 5*time.Second)
}

// blockGRPC answers with headers alone, as gRPC's "trailers-only" form is
// (gRPC over HTTP/2, "Responses"): HTTP 200 and the status in a header. A page's
// gRPC-Web reads no answer but one of its own kind.
func blockGRPC(w http.ResponseWriter, r *http.Request, s *speech, b *Blocked) {
	code := 7 // PERMISSION_DENIED
	switch {
	case b.status() == http.StatusServiceUnavailable:
		code = 14 // UNAVAILABLE
	case b.status() == http.StatusBadRequest:
		code = 3 // INVALID_ARGUMENT
	case b.status() == http.StatusUnauthorized || b.Verdict == "verify":
		code = 16 // UNAUTHENTICATED
	}
	h := w.Header()
	kind := "application/grpc"
	if web := r.Header.Get("Content-Type"); strings.HasPrefix(web, kind+"-web") {
		kind = web
	}
	h.Set("Content-Type", kind)
	h.Set("Grpc-Status", fmt.Sprint(code))
	message := b.Reason + ": " + s.T("reason."+b.Reason+".title") + " (" + b.Reference + ")"
	h.Set("Grpc-Message", strings.ReplaceAll(url.QueryEscape(message), "+", "%20"))
	w.WriteHeader(http.StatusOK)
}

// detail says in one or two sentences what happened and what to do.
func (p *Portal) detail(s *speech, b *Blocked) string {
	wait := ""
	if retry := b.retryAfter(); retry > 0 {
		wait = s.Wait(retry)
	}
	return s.T("reason."+b.Reason+".detail", "tenant", b.Visit.Rules.TenantName, "area", b.Area, "wait", wait)
}
