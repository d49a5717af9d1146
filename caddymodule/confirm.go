package caddymodule

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/identity"
	"github.com/caddy-mfa/caddy-mfa/policy"
)

// mayConfirm reports whether a request of nobody known may be shown to the app
// without its credentials: a GET or HEAD, under the paths named.
func (g *gateState) mayConfirm(p *passage) bool {
	if p.r.Method != http.MethodGet && p.r.Method != http.MethodHead {
		return false
	}
	if len(p.r.Header["Upgrade"]) > 0 || p.decision.Verdict != policy.Deny {
		return false
	}
	return g.confirms(p.pathAsked())
}

// pathAsked is the path that the client asked for, decoded.
func (p *passage) pathAsked() string {
	u, err := url.ParseRequestURI(p.sent.Path)
	if err != nil {
		return "" // the server would not have taken it
	}
	return u.Path
}

// confirms reports whether a path is under those named, or none are.
func (g *gateState) confirms(path string) bool {
	return len(g.anonymous.Paths) == 0 || slices.ContainsFunc(g.anonymous.Paths, func(prefix string) bool {
		rest, ok := strings.CutPrefix(path, prefix)
		return ok && (rest == "" || rest[0] == '/' || prefix == "/")
	})
}

// confirm asks the app for the page as a stranger without any credential, and
// releases the answer only if the app still knows nobody by the cookies that
// the answer sets. The app cannot serve a person whom it never sees, so
// neither a race with a sign-in nor a conditional request gets content out.
func (p *passage) confirm() error {
	sub := p.r.Clone(p.innerContext())
	if identity.StripCredentials(sub, p.gate.chain.Credentials) {
		p.endLate()
		return p.block() // a credential in the URL stays in the URL
	}
	rec := &innerWriter{header: make(http.Header)}
	if err := serveInner(p.next, rec, asStranger(sub, false)); err != nil {
		p.endLate()
		return err
	}
	res := rec.response(sub)
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode == http.StatusSwitchingProtocols {
		p.endLate()
		return p.block()
	}
	somebody, renewed := p.knowsSomebody(res.Header["Set-Cookie"])
	if somebody {
		p.endLate()
		return p.block()
	}
	if !isChallenge(res) {
		p.endLate()
	}
	// A servlet container begins a new session at each question: the last counts.
	if len(renewed) > 0 {
		old := slices.DeleteFunc(res.Header["Set-Cookie"], func(c string) bool {
			return slices.ContainsFunc(renewed, func(d string) bool { return identity.SameCookie(c, d) })
		})
		res.Header["Set-Cookie"] = append(old, renewed...)
	}
	h := p.writer().Header()
	for k, v := range res.Header {
		if k != "Trailer" {
			h[k] = append(h[k], v...)
		}
	}
	a := &p.answer
	a.protected = true
	a.WriteHeader(res.StatusCode)
	if p.r.Method != http.MethodHead {
		_, _ = a.Write(body)
	}
	return nil
}

// knowsSomebody asks the identities about a browser that holds only the
// cookies an answer has just set, and tells what the app sets when asked.
func (p *passage) knowsSomebody(set []string) (somebody bool, renewed []string) {
	if len(set) == 0 {
		return false, nil
	}
	v, lent := p.visit()
	defer lent.takeBack()
	stranger := p.r.Clone(p.innerContext())
	identity.StripCredentials(stranger, p.gate.chain.Credentials)
	stranger.URL = &url.URL{Path: "/"}
	identity.MergeSetCookie(stranger, set)
	v.R = stranger
	res := p.gate.chain.Fresh(p.innerContext(), v)
	return res.State != identity.Nobody && res.State != identity.Absent, res.SetCookie
}
