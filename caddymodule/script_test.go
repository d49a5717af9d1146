package caddymodule

import (
	"net/http"
	"strings"
	"testing"
	"time"

	golangjwt "github.com/golang-jwt/jwt/v5"
)

const scriptKey = "0123456789abcdef0123456789abcdef"

// scripted is a single-page app: its script sends the token, its pages carry
// nobody.
var scripted = strings.NewReplacer("identity whoami /api/me {\n\t\t\tuser json login\n\t\t\temail json email\n\t\t\tname json name\n\t\t\tlogin /login\n\t\t\tlogout /logout\n\t\t}",
	"identity jwt {\n\t\t\theader Authorization\n\t\t\tsecret {file.%DIR%/key}\n\t\t\tuser sub\n\t\t\temail email\n\t\t}").Replace(simple)

func bearer(t *testing.T, user string) string {
	t.Helper()
	text, err := golangjwt.NewWithClaims(golangjwt.SigningMethodHS256, golangjwt.MapClaims{
		"sub": user, "email": user + "@mail.test", "iat": time.Now().Add(-time.Minute).Unix(), "exp": time.Now().Add(100 * time.Hour).Unix(),
	}).SignedString([]byte(scriptKey))
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + text
}

// fetch is a call of the script of the page /app?tab=2.
func (b *browser) fetch(path, token string) *reply {
	b.t.Helper()
	return b.fetchFrom(b.s.base+"/app?tab=2", path, token)
}

func (b *browser) fetchFrom(page, path, token string) *reply {
	b.t.Helper()
	return b.get(path, "Authorization", token, "Accept", "application/json", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty",
		"Sec-Fetch-Site", "same-origin", "Referer", page)
}

// A person whom only the page's script can name enrols on the gate's pages, and
// the gate's cookie binds the browser from then on.
func TestScript_EnrolsByTheTicket(t *testing.T) {
	s := start(t, scripted, map[string]string{"key": scriptKey})
	b, token := s.browser(), bearer(t, "bob")
	b.page("/app").want(200)
	b.call("POST", "/.mfa/api/email", map[string]any{}).want(401)
	b.fetch("/documents/1", token).want(403).reason("enroll")
	var st struct {
		User     string
		ReturnTo string `json:"return_to"`
	}
	b.get("/.mfa/api/state", "Accept", "application/json").want(200).json(&st)
	if st.User != "bob" || st.ReturnTo != "/app?tab=2" {
		t.Errorf("%+v", st)
	}
	b.enroll()
	b.fetch("/documents/1", token).want(200)

	// A page that carries nobody is refused, and says nothing against bob.
	b.page("/documents/1").want(401)
	b.fetch("/documents/1", token).want(200)
	// Another person's script in the same browser does.
	b.fetch("/documents/1", bearer(t, "eve")).want(403).reason("enroll")
	// A bearer is told in its own words what is missing (RFC 9470).
	got := b.fetch("/documents/1", token).want(401).reason("verify")
	if challenge := got.Header.Get("WWW-Authenticate"); !strings.Contains(challenge, "insufficient_user_authentication") {
		t.Errorf("WWW-Authenticate %q", challenge)
	}
}

// No ticket is given to what another site's page asks for, nor in the place of
// that of a page.
func TestScript_TicketIsOfThePage(t *testing.T) {
	s := start(t, scripted, map[string]string{"key": scriptKey})
	token := bearer(t, "mallory")
	for name, fields := range map[string][]string{
		"another site":    {"Sec-Fetch-Site", "cross-site"},
		"a sister site":   {"Sec-Fetch-Site", "same-site"},
		"no browser":      {"Sec-Fetch-Mode", ""},
		"a bad token":     {"Authorization", token + "x"},
		"a guessed visit": {"Authorization", "", "Sec-Purpose", "prefetch"},
	} {
		b := s.browser()
		r, err := http.NewRequest("GET", s.base+"/documents/1", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", token)
		r.Header.Set("Sec-Fetch-Mode", "cors")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		for i := 0; i < len(fields); i += 2 {
			r.Header.Del(fields[i])
			if fields[i+1] != "" {
				r.Header.Set(fields[i], fields[i+1])
			}
		}
		res, err := b.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if set := res.Header["Set-Cookie"]; name != "no browser" && len(set) > 0 {
			t.Errorf("%s: %q", name, set)
		}
	}
	b := s.browser()
	b.fetchFrom("https://evil.test/x", "/documents/1", bearer(t, "bob")).want(403)
	var st struct {
		ReturnTo string `json:"return_to"`
	}
	b.get("/.mfa/api/state", "Accept", "application/json").want(200).json(&st)
	if st.ReturnTo != "/" {
		t.Errorf("another host's page is the way back: %q", st.ReturnTo)
	}
}
