package caddymodule

import (
	"net/http"
	"testing"
	"time"
)

// The field is what net/http makes of the cookie.
func TestTicketCookie(t *testing.T) {
	for _, secure := range []bool{false, true} {
		p := &passage{answer: answer{cookies: namesAfter("__Host-mfa")}, secure: secure}
		const token = "eyJhbGciOiJIUzI1NiJ9.e30.Zm9v-_"
		c := http.Cookie{ // #nosec G124 -- both are tried
			Name: p.answer.cookies.ticket, Value: token, Path: "/", MaxAge: int(ticketLife / time.Second),
			Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		}
		if got := p.ticketCookie(token); got != c.String() {
			t.Errorf("got %s, want %s", got, c.String())
		}
	}
}
