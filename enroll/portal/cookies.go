package portal

import (
	"net/http"
	"time"
)

// languageCookie keeps the language last chosen, for a year.
const languageCookie = "mfa-lng"

// The gate's other cookies are named after the flag.
const (
	visitSuffix  = "-visit"  // an enrolment under way
	knownSuffix  = "-known"  // this browser proved this account before
	askSuffix    = "-ask"    // this browser asked for a code to prove with
	deviceSuffix = "-device" // this browser is not asked again
	tripSuffix   = "-trip"   // this browser is on its way to an identity provider
)

// setCookie sets one of the gate's cookies: never readable by scripts, never
// sent along by another site's form, for the whole host and no other. life 0 is
// a session cookie, below 0 deletes it.
func setCookie(w http.ResponseWriter, v *Visit, name, value string, life time.Duration) {
	c := &http.Cookie{ // #nosec G124 -- Secure wherever the site is https
		Name: name, Value: value, Path: "/", HttpOnly: true, Secure: v.Secure, SameSite: http.SameSiteLaxMode,
	}
	if life < 0 {
		c.MaxAge = -1
	} else {
		c.MaxAge = int(life / time.Second)
	}
	http.SetCookie(w, c)
}

// oneCookie returns the value of a cookie that is there exactly once. Two of
// one name: somebody planted one, and neither counts.
func oneCookie(r *http.Request, name string) string {
	cookies := r.CookiesNamed(name)
	if len(cookies) != 1 {
		return ""
	}
	return cookies[0].Value
}
