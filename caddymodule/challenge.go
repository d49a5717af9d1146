package caddymodule

import (
	"net/http"

	"github.com/caddy-mfa/caddy-mfa/identity"
)

// An app that signs people in by HTTP authentication (RFC 9110, section 11)
// answers a request without a password with a challenge, and the browser, or a
// calendar program, sends the request again. Such a request says nothing of a
// sign-out: browsers send the password of themselves only to addresses below
// one that asked for it.

// isChallenge reports whether an answer asks for a password.
func isChallenge(res *http.Response) bool {
	return res.StatusCode == http.StatusUnauthorized && res.Header.Get("Www-Authenticate") != ""
}

// endLate ends a flag that was seen with nobody, once the app was not heard to
// ask for a password.
func (p *passage) endLate() {
	if p.ending {
		p.rare.ending = false
		p.endFlag()
	}
}

// challenge takes over, for a request that the app must not see, the challenge
// by which it would have answered: that of a stranger who only looks.
func (p *passage) challenge() {
	if len(p.r.Header["Upgrade"]) > 0 || !p.gate.confirms(p.pathAsked()) {
		return
	}
	sub := p.r.Clone(p.innerContext())
	if identity.StripCredentials(sub, p.gate.chain.Credentials) {
		return
	}
	if sub.Method != "PROPFIND" {
		sub.Method = http.MethodGet
	}
	sub.Body, sub.ContentLength = http.NoBody, 0
	for _, name := range [...]string{"Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Expect"} {
		delete(sub.Header, name)
	}
	rec := &innerWriter{header: make(http.Header)}
	if serveInner(p.next, rec, asStranger(sub, false)) != nil {
		return
	}
	if res := rec.response(sub); isChallenge(res) {
		p.writer().Header()["Www-Authenticate"] = res.Header["Www-Authenticate"]
		if p.ending {
			p.rare.ending = false // a rare of its own, then
		}
	}
}
