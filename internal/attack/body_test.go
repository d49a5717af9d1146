package attack

import (
	"fmt"
	"strings"
	"testing"
)

// TestAdvisory_RT4_NoByteOfABlockedBody: what somebody who has not proved sends is
// neither forwarded, kept, waited for nor sent on by a redirect. Of a form the
// gate reads 64 KiB, for a credential may be in it; no more.
func TestAdvisory_RT4_NoByteOfABlockedBody(t *testing.T) {
	s := start(t, oneHost, plainSite)
	s.app.do(func() { s.app.users["again"] = "mallory" })
	proven := s.visitor("office.test", "mallory").enrol()
	s.app.last()
	form := strings.Repeat("planted=1&", 7000)
	for who, cookies := range map[string]string{"unenrolled": "sid=bob", "unproven": "sid=again", "nobody": "a=b"} {
		for _, how := range []string{"Content-Length: 2097152", "Content-Length: 2097152\r\nExpect: 100-continue", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nExpect: 100-continue"} {
			for kind, begin := range map[string]string{"application/octet-stream": "planted=1", "application/json": `{"planted":`, "text/plain": "planted=1", urlencoded: form, "multipart/form-data; boundary=B": part("planted", form)} {
				if strings.Contains(how, "chunked") {
					begin = fmt.Sprintf("%x\r\n%s\r\n", len(begin), begin)
				}
				if strings.Contains(how, "Expect") && strings.Contains(kind, "form") {
					continue // it is told to go on: the gate reads the beginning
				}
				// Only the beginning is sent: whoever waits for the rest waits in vain.
				a := raw(t, s.addr, message("POST", documents, "office.test", "Cookie: "+cookies, "Content-Type: "+kind, how, "Accept: text/html")+begin)
				if a.status != 403 && a.status != 401 {
					t.Errorf("%s, %s, %q: status %d", who, kind, how, a.status)
				}
			}
		}
	}
	if r, body := s.app.last(); r != nil {
		t.Errorf("the app saw %s %s with %q", r.Method, r.URL, body)
	}
	// Of somebody who has proved, every byte arrives.
	whole := strings.Repeat("planted=1&", 210_000)
	if a := proven.send("POST", documents, whole, "Content-Type", urlencoded, "Origin", "http://office.test"); a.status != 200 {
		t.Errorf("a proven body: %d", a.status)
	}
	if _, body := s.app.last(); body != whole {
		t.Errorf("of %d bytes %d arrived", len(whole), len(body))
	}
}

// TestAdvisory_PR4_LongBodiesAreRefused on the gate's own pages and calls.
func TestAdvisory_PR4_LongBodiesAreRefused(t *testing.T) {
	s := start(t, oneHost, plainSite)
	for _, path := range []string{"/.mfa/api/email", "/.mfa/api/methods/totp", "/.mfa/api/verify/totp/verify", "/.mfa/enroll", "/.mfa/link/x"} {
		for _, kind := range []string{"application/json", "application/x-www-form-urlencoded"} {
			for name, body := range map[string]string{
				"long": `{"code":"` + strings.Repeat("1", 1<<20) + `"}`, "many": "code=1" + strings.Repeat("&a=b", 200_000), "deep": strings.Repeat("[", 60_000),
			} {
				a := raw(t, s.addr, message("POST", path, "office.test", "Cookie: sid=bob", "Origin: http://office.test", "Sec-Fetch-Site: same-origin", "Content-Type: "+kind, fmt.Sprint("Content-Length: ", len(body)))+body)
				// Status 0: closed while the rest was still being sent.
				if long := len(body) > 64<<10; a.status != 0 && (a.status < 400 || a.status >= 500 || long && a.status != 413) {
					t.Errorf("%s, %s, %s: %d", path, kind, name, a.status)
				}
			}
		}
	}
	if a := s.get("/open"); a.status != 200 {
		t.Errorf("after all that an open page gives %d", a.status)
	}
}

// TestAdvisory_CA4_PartsOfAProtectedPageAreProtected: styles, scripts and pictures
// below the area, however they are asked for (CA3: and by a browser that only
// guesses).
func TestAdvisory_CA4_PartsOfAProtectedPageAreProtected(t *testing.T) {
	s := start(t, oneHost, plainSite)
	for _, target := range []string{"/documents/app.css", "/documents/app.js?v=1", "/documents/a/b.png", "/documents/favicon.ico", "/documents/.well-known/x", "/documents/manifest.json", "/documents/sw.js", "/documents/robots.txt"} {
		for _, lines := range [][]string{
			{"Sec-Fetch-Dest: style", "Sec-Fetch-Mode: no-cors"}, {"Sec-Fetch-Dest: image", "Accept: image/*"}, {"Service-Worker: script"}, {"Sec-Purpose: prefetch;prerender"}, {"Purpose: prefetch"}, {"X-Moz: prefetch"}, {"Range: bytes=0-"}, {"If-None-Match: *"},
		} {
			if a := s.get(target, lines...); a.status != 403 || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s with %q: %d, Cache-Control %q", target, lines, a.status, a.header.Get("Cache-Control"))
			}
		}
	}
	s.clean("a part")
	if r, _ := s.app.last(); r != nil {
		t.Errorf("%s reached the app", r.RequestURI)
	}
	if a := s.get("/app.css", "Sec-Fetch-Dest: style", "Sec-Fetch-Mode: no-cors"); a.status != 200 {
		t.Errorf("the style of an open page: %d", a.status)
	}
}

// TestDesign_M16_TheMountIsOneReading: what is a page of the gate by one reading and
// the app's by another is neither.
func TestDesign_M16_TheMountIsOneReading(t *testing.T) {
	s := start(t, oneHost, plainSite)
	for _, target := range []string{
		"/.mfa/..%2fdocuments", "/documents/../.mfa/", "/documents/../.mfa/enroll", "/documents/%2e%2e/.mfa/", "/.mfa/../documents/1", "/.mfa/..;/documents", "/.mfa//../documents", "/.mfa/%2e%2e/documents", "/.mfa%2fenroll", "/%2emfa/enroll",
		"/.mfa;x/enroll", "/.mfa/./enroll", "/.mfa/\\..\\documents", "/.MFA/enroll", "/./.mfa/enroll", "//.mfa/enroll", "/x/../.mfa/enroll", "/.mfa/enroll;/../../documents", "http://office.test/.mfa/../documents", "/index.php/.mfa/enroll",
	} {
		a := s.get(target, "Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
		if a.status != 400 {
			t.Errorf("%s: %d %s, want 400", target, a.status, a.reason())
		}
		if r, _ := s.app.last(); r != nil {
			t.Errorf("%s reached the app as %s", target, r.RequestURI)
		}
	}
	for _, target := range []string{"/.mfa", "/.mfa/", "/.mfa/enroll", "/.mfa/enroll?to=/x", "/.mfa/api/state"} {
		if a := s.get(target, "Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"); a.status >= 400 {
			t.Errorf("%s: %d", target, a.status)
		}
	}
	// Names that begin alike are the app's.
	for _, target := range []string{"/.mfa2", "/.mfax/enroll", "/mfa", "/x/.mfa", "/.mf", "/.mfa.html"} {
		if a := s.get(target); a.status != 200 {
			t.Errorf("%s: %d", target, a.status)
		}
	}
}
