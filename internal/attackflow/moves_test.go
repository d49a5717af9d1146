package attackflow

import (
	"encoding/json"
	"net/url"
	"strings"
)

// move is one request to the pages or the API, with nothing in it that a
// person at that step would have: no code that is right.
type move struct {
	name         string
	method, path string // below the mount
	body         string
	form, page   bool // form: urlencoded; page: an address of a page
}

// changes are the calls that change something for whoever may make them, by
// JSON and by form.
func changes(id string) []move {
	var list []move
	add := func(method, path string, form bool, fields ...string) {
		m := move{method: method, path: path, form: form}
		if form {
			v := url.Values{}
			for i := 0; i+1 < len(fields); i += 2 {
				v.Set(fields[i], fields[i+1])
			}
			m.body = v.Encode()
		} else if fields != nil {
			j, _ := json.Marshal(object(fields...))
			m.body = string(j)
		}
		kind := " json "
		if form {
			kind = " form "
		}
		m.name = method + " " + path + kind + m.body
		list = append(list, m)
	}
	both := func(path string, bodies ...[]string) {
		for _, b := range bodies {
			add("POST", path, false, b...)
			add("POST", path, true, b...)
		}
	}
	nothing, empty, junk := []string{}, []string{"code", ""}, []string{"code", "12"}
	codeless := [][]string{nil, nothing, empty, junk, {"code", "true"}, {"code", "AAAA-AAAA-AAAA"}, {"step", "done"}, {"verified", "true"}, {"credential", "{}"}}
	both("/api/email", nil, nothing, []string{"address", "evil@evil.test"})
	both("/api/email/verify", codeless...)
	both("/api/methods/totp", nil, nothing, []string{"replaces", id}, []string{"replaces", "x"})
	both("/api/methods/totp/verify", codeless...)
	for _, kind := range []string{"passkey", "email", "sms", "pass", "codes", "oidc.evil"} {
		both("/api/methods/"+kind, nil, []string{"number", "+15550100"})
		both("/api/methods/"+kind+"/verify", nil, []string{"code", "000000"}, []string{"credential", "{}"})
	}
	for _, kind := range []string{"passkey", "email", "sms", "pass", "oidc.evil"} {
		both("/api/verify/"+kind, nil)
		both("/api/verify/"+kind+"/verify", nil, []string{"code", "000000"})
	}
	for _, kind := range []string{"totp", "codes"} {
		both("/api/verify/"+kind+"/verify", codeless...)
	}
	for _, which := range []string{id, "x"} {
		add("PATCH", "/api/methods/"+which, false, "name", "stolen")
		add("PATCH", "/api/methods/"+which, false, "default", "true")
		add("DELETE", "/api/methods/"+which, false)
		for _, action := range []string{"rename", "default", "remove", ""} {
			add("POST", "/api/methods/"+which, true, "action", action, "name", "stolen")
		}
	}
	both("/api/recovery-codes", nil, nothing)
	add("DELETE", "/api/sessions", false)
	add("POST", "/api/sessions", true)
	both("/api/review", nil)
	both("/api/remind", nil)
	add("DELETE", "/api/devices", false)
	add("DELETE", "/api/devices/x", false)
	both("/api/state", nil, []string{"step", "done"})
	both("/api/", nil)
	for _, p := range []string{"/enroll", "/verify", "/", "/language", "/link/x", "/link/"} {
		for _, action := range []string{"extend", "confirm", "disown", "skip", ""} {
			add("POST", p, true, "action", action)
			list[len(list)-1].page = true
		}
	}
	return list
}

// looks are the requests that only read.
func looks() []move {
	var list []move
	for _, p := range []string{
		"/", "/enroll", "/enroll?add=1", "/enroll?step=done", "/verify", "/verify?way=codes", "/verify?next=manage", "/?remove=x",
		"/?done=removed", "/link/x", "/language?lng=en", "/enroll?tenantId=lax", "/enroll?tenant=Lax",
	} {
		for _, method := range []string{"GET", "HEAD"} {
			list = append(list, move{name: method + " " + p, method: method, path: p, page: true})
		}
	}
	for _, p := range []string{
		"state", "email", "email/verify?code=123", "methods/totp", "methods/totp/verify?code=123", "recovery-codes", "sessions",
		"verify/totp", "verify/totp/verify?code=123", "devices", "methods/x?action=remove", "review", "remind",
	} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
			list = append(list, move{name: method + " " + p, method: method, path: "/api/" + p})
		}
	}
	return list
}

// make sends the move from a copy of the browser, so that what an answer does
// to cookies is the attack's own affair.
func (m move) make(b *browser) *reply {
	b.t.Helper()
	tab := b.tab()
	kind := "application/json"
	if m.form {
		kind = "application/x-www-form-urlencoded"
	}
	h := []string{"Content-Type", kind, "Origin", b.s.base, "Sec-Fetch-Site", "same-origin"}
	if m.page || m.form {
		h = append(h, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Accept", "text/html")
	} else {
		h = append(h, "Sec-Fetch-Mode", "cors", "Accept", "application/json")
	}
	return tab.send(m.method, "/.mfa"+m.path, m.body, h...)
}

// gave reports what an answer hands over that no wrong move may get.
func gave(r *reply) string {
	for _, c := range r.Cookies() {
		if c.Name == "mfa" && c.Value != "" {
			return "a flag"
		}
		if strings.HasSuffix(c.Name, "-known") && c.Value != "" {
			return "the mark of a browser that proved"
		}
	}
	for what, mark := range map[string]string{
		"a secret": "otpauth", "a QR code": "<rect", "recovery codes": "recovery_codes", "codes": `id="codes"`,
		"the app": "SECRET of", "a key": `id="key"`,
	} {
		if strings.Contains(r.body, mark) {
			return what
		}
	}
	return ""
}
