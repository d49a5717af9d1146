package attackflow

import (
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// hostile are ways back that some browser or server reads as another host, a
// script, or a page of the gate. Each host is combined with each beginning.
func hostile() []string {
	list := []string{
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)", "\x01javascript:alert(1)",
		" javascript:alert(1)", "javascript://%0aalert(1)", "javascript:%61lert(1)", "/javascript:alert(1)", "data:text/html,<script>alert(1)</script>",
		"data:text/html;base64,PHNjcmlwdD4=", "vbscript:x", "blob:https://evil.test/x", "about:blank", "file:///etc/passwd", "view-source:x",
		"mailto:a@evil.test", "tel:1", "ws://evil.test", "ftp://evil.test/", "filesystem:http://x/", "intent://evil.test#Intent;end",
		"\"><script>alert(1)</script>", "'><img src=x onerror=alert(1)>", "/\"onmouseover=alert(1)//", "/x\r\nSet-Cookie: a=b", "/x%0d%0aSet-Cookie:a=b",
		"/x\r\nLocation: //evil.test", "/\u2028//evil.test", "/\u2029", "/\u0000", "/%00//evil.test", "/x\x7f", "/\xff\xfe",
		"/.mfa", "/.mfa/", "/.mfa/enroll", "/.mfa/verify?to=/.mfa/verify", "/.MFA/api/sessions", "/./.mfa/", "/a/../.mfa/", "/a/%2e%2e/.mfa/",
		"/%2emfa/", "/%2Emfa/enroll", "/.%6dfa/", "/.mfa;x/", "/;/.mfa/", "/.mfa%2f", "/.mfa./", "/.mfa%20/", "/.mfa\\x", "/\uff0emfa/", "/%252emfa/",
		"/x/..;/.mfa/", "/x/%2e%2e%2f.mfa/", "/.mfa?x", "/.mfa#x", "/.mfa/link/x", "//.mfa/", "/.\tmfa/", "/.m\nfa/",
		"", " ", ".", "..", "#", "?", "\\", "/\\", "//", "///", "/..//", "%2f", strings.Repeat("/", 4000), "/" + strings.Repeat("a", 9000),
	}
	// A host that only looks like this one (GHSA-4mf2-f3wh-gvf2).
	list = append(list, "http://localhost.evil.test", "http://evillocalhost", "http://localhost@evil.test", "http://localhost:80@evil.test/", "//localhost.evil.test", "http:/localhost.evil.test")
	for _, host := range []string{"evil.test", "evil.test/.mfa", "evil.test:80", "user@evil.test", "127.0.0.1", "[::1]", "0x7f000001", "evil。test"} {
		for _, begin := range []string{
			"//", "///", "////", "/\\", "\\/", "\\\\", "/\\/", "//\\", "/\t/", "/\n/", "/\r/", "\t//", "/\r\n/", " //", "/ /", "http://", "HTTPS://", "http:", "http:/", "https:///",
			"/%2f", "/%2F%2f", "/%5c", "/%5C/", "/%09/", "/%0a/", "/%0d/", "/%252f", "/%255c", "/.//", "/./%2f", "/..//", "/a/..//", "/%2e//", "/%2e%2e//", "/;/", "/;//",
			"/\uff0f", "/\u2044/", "/\uff3c", "\uff0f\uff0f", "/\u200b/", "/\ufeff/", "@", "/@/../..//", "http:\\\\", "/\x00/", "/\x0b/",
		} {
			list = append(list, begin+host)
		}
	}
	return list
}

// leaves reads an address as a browser on this page would (WHATWG URL, and a
// plainer reading beside it) and tells where it leads that it must not.
func leaves(base, address string) string {
	u, err := whatwg.ParseRef(base+"/.mfa/enroll", address)
	if err != nil {
		return "an address no browser reads"
	}
	if u.Protocol() != "http:" || "http://"+u.Host() != base {
		return u.Href(false)
	}
	// The plainer reading: control characters dropped, backslashes slashes.
	plain := strings.ReplaceAll(regexp.MustCompile(`[\x00-\x20\x7f]`).ReplaceAllString(address, ""), `\`, "/")
	g, err := url.Parse(plain)
	if err != nil || g.Host != "" && g.Host != strings.TrimPrefix(base, "http://") || strings.HasPrefix(plain, "//") || strings.ContainsAny(address, "\r\n\t") {
		return plain
	}
	return ""
}

// intoGate tells whether a way back is a page of the gate.
func intoGate(base, address string) bool {
	u, err := whatwg.ParseRef(base+"/", address)
	return err == nil && strings.HasPrefix(strings.ToLower(u.Pathname()), "/.mfa")
}

var (
	linkTo = regexp.MustCompile(`(?:href|action|src)="([^"]*)"`)
	hidden = regexp.MustCompile(`name="to" value="([^"]*)"`)
)

// TestAdvisory_GHSA_5m6c_jp6f_2vcv_RT1_NoHopLeavesTheHost sends each hostile way
// back by query, by JSON and by form to each page and call that takes one, and
// reads every address in what comes back as a browser would (GHSA-5m6c-jp6f-2vcv,
// GHSA-4mf2-f3wh-gvf2, GHSA-652x-m2gr-hppm, CVE-2024-21497, CVE-2022-28923,
// CVE-2021-29651).
func TestAdvisory_GHSA_5m6c_jp6f_2vcv_RT1_NoHopLeavesTheHost(t *testing.T) {
	s := start(t)
	fresh, proven, unproven := s.signedIn("fresh"), s.signedIn("bob").enrolled(), s.signedIn("bob")
	table := hostile()
	if len(table) < 150 {
		t.Fatalf("only %d values", len(table))
	}
	for _, to := range table {
		q := "?to=" + url.QueryEscape(to)
		for name, r := range map[string]*reply{
			"enroll":         fresh.page("/.mfa/enroll" + q),
			"verify":         unproven.page("/.mfa/verify" + q),
			"verified":       proven.page("/.mfa/verify" + q),
			"done":           proven.page("/.mfa/enroll" + q),
			"manage":         proven.page("/.mfa/" + q),
			"language":       proven.page("/.mfa/language" + q),
			"state":          proven.call("GET", "state"+q, nil),
			"refused code":   unproven.form("/.mfa/api/verify/totp/verify", url.Values{"code": {""}, "to": {to}}),
			"begun proof":    unproven.form("/.mfa/api/verify/totp", url.Values{"to": {to}}),
			"refused mail":   fresh.form("/.mfa/api/email/verify"+q, url.Values{"code": {""}}),
			"refused change": unproven.form("/.mfa/api/recovery-codes", url.Values{"to": {to}}),
		} {
			if r.StatusCode >= 500 {
				t.Errorf("%s %q: status %d", name, to, r.StatusCode)
			}
			checkAddresses(t, s.base, name, to, r)
		}
	}
}

// checkAddresses reads every address of an answer.
func checkAddresses(t *testing.T, base, name, to string, r *reply) {
	t.Helper()
	if len(r.Header.Values("Location")) > 1 || strings.Contains(r.Header.Get("Set-Cookie"), "a=b") {
		t.Errorf("%s %q: fields were added", name, to)
	}
	addresses := r.Header.Values("Location")
	for _, h := range []string{"Hx-Redirect", "Refresh", "Link", "Content-Location"} {
		addresses = append(addresses, r.Header.Values(h)...)
	}
	for _, m := range linkTo.FindAllStringSubmatch(r.body, -1) {
		addresses = append(addresses, html.UnescapeString(m[1]))
	}
	for _, a := range addresses {
		if strings.HasPrefix(a, "data:image/") {
			continue
		}
		if where := leaves(base, a); where != "" {
			t.Errorf("%s %q: %q leads to %s", name, to, a, where)
		}
	}
	var ways []string
	for _, m := range hidden.FindAllStringSubmatch(r.body, -1) {
		ways = append(ways, html.UnescapeString(m[1]))
	}
	var j struct {
		ReturnTo string `json:"return_to"`
	}
	if json.Unmarshal([]byte(r.body), &j) == nil && j.ReturnTo != "" {
		ways = append(ways, j.ReturnTo)
	}
	for _, w := range ways {
		if leaves(base, w) != "" || intoGate(base, w) {
			t.Errorf("%s %q: the way back is %q", name, to, w)
		}
	}
	if strings.Contains(r.body, "<script>alert") || strings.Contains(r.body, "\"onmouseover") {
		t.Errorf("%s %q: reflected as markup", name, to)
	}
}

// TestAdvisory_CVE_2022_28923_RT1_LastPagesAndBlocks checks the hops that are
// reached once: the blocked request itself, whose own path a browser may read as
// another host, the ticket, and the last page after a proof by form.
func TestAdvisory_CVE_2022_28923_RT1_LastPagesAndBlocks(t *testing.T) {
	s := start(t)
	owner := s.signedIn("bob").enrolled()
	for i, path := range []string{
		"/documents//evil.test", "/documents/..//evil.test", "/documents/%0d%0aLocation:%20//evil.test", "/documents?to=//evil.test", "/documents/%5c%5cevil.test",
		"/documents/%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "/documents?x=%22%3E%3Cscript%3Ealert(1)", "/documents;//evil.test", "/documents/%252f%252fevil.test",
		"/documents/%5C%5Cevil.test/%252e%252e%252f",
		"//documents/1", "///documents/1", "//documents", "/%5Cdocuments/1", "/%5c%5cdocuments/%252e%252e%252f", "/%2fdocuments/1", "/.//documents/1", "//admin@documents/1",
	} {
		for _, b := range []*browser{s.signedIn("fresh"), s.signedIn("bob")} {
			r := b.page(path)
			checkAddresses(t, s.base, "block", path, r)
			checkAddresses(t, s.base, "block for a program", path, b.send("GET", path, "", "Accept", "application/json", "HX-Request", "true"))
			checkAddresses(t, s.base, "enrol after a block", path, b.page("/.mfa/enroll"))
			checkAddresses(t, s.base, "verify after a block", path, b.page("/.mfa/verify"))
			checkAddresses(t, s.base, "language after a block", path, b.page("/.mfa/language?lng=en"))
		}
		if i >= len(owner.codes) {
			continue
		}
		b := s.signedIn("bob")
		b.page(path)
		last := b.form("/.mfa/api/verify/codes/verify", url.Values{"code": {owner.codes[i]}}).want(200)
		checkAddresses(t, s.base, "last page", path, last)
	}
}

// TestAdvisory_RT5_NoWayBackLeadsIntoTheGate: a way back that is itself a page of
// the gate would send people round and round. Every walk from such a link ends, and
// leads on to the app.
func TestAdvisory_RT5_NoWayBackLeadsIntoTheGate(t *testing.T) {
	s := start(t)
	bob := s.signedIn("bob").enrolled()
	walk := func(b *browser, to string) *reply {
		path := "/.mfa/verify?to=" + url.QueryEscape(to)
		for range 4 {
			r := b.page(path)
			if r.StatusCode != 303 {
				return r
			}
			path = r.Header.Get("Location")
		}
		t.Errorf("from %q it goes on and on, to %s", to, path)
		return b.page("/")
	}
	for i, to := range []string{
		"/.mfa/enroll", "/.mfa/verify", "/.mfa/verify?to=/.mfa/verify", "/.mfa/", "/.mfa", "/.MFA/verify", "/%2emfa/verify", "/documents/../.mfa/verify", "/.mfa;x/verify", "//.mfa/verify",
	} {
		checkAddresses(t, s.base, "a fresh one", to, walk(s.signedIn("fresh"), to))
		checkAddresses(t, s.base, "a proven one", to, walk(bob, to))
		pw := s.signedIn("bob")
		checkAddresses(t, s.base, "an unproven one", to, walk(pw, to))
		var done struct {
			ReturnTo string `json:"return_to"`
		}
		pw.post("verify/codes/verify", "code", bob.codes[i], "to", to).want(200).json(&done)
		if done.ReturnTo != "/" {
			t.Errorf("a proof with %q leads to %q", to, done.ReturnTo)
		}
	}
	var state struct {
		ReturnTo string `json:"return_to"`
	}
	bob.call("GET", "state?to=/documents/.mfa/1", nil).json(&state)
	if state.ReturnTo != "/documents/.mfa/1" {
		t.Errorf("the app's own page leads to %q", state.ReturnTo)
	}
}

// TestAdvisory_CVE_2021_29652_RT2_OnlyTheTicketIsFollowed: a way back that came
// by a link alone, or was changed between the steps, is a button that shows it
// and is not followed (CVE-2021-29652); the ticket cannot be written by a
// visitor.
func TestAdvisory_CVE_2021_29652_RT2_OnlyTheTicketIsFollowed(t *testing.T) {
	s := start(t)
	bob := s.signedIn("bob").enrolled()
	follows := func(r *reply) bool { return strings.Contains(r.body, "data-follow=") || r.StatusCode == 303 }
	b := bob.tab()
	if r := b.page("/.mfa/verify?to=/account/delete?ok=1").want(200); follows(r) || !strings.Contains(r.body, ">/account/delete?ok=1<") {
		t.Errorf("a way back that came by a link: followed %v, or not shown", follows(r))
	}
	pw := s.signedIn("bob")
	pw.page("/documents/7").want(303)
	if r := pw.form("/.mfa/api/verify/codes/verify", url.Values{"code": {bob.codes[0]}, "to": {"/account/delete"}}).want(200); follows(r) {
		t.Error("a hidden field that was changed is followed")
	}
	pw = s.signedIn("bob")
	pw.page("/documents/7").want(303)
	good := pw.cookie("mfa-ticket")
	if r := pw.form("/.mfa/api/verify/codes/verify", url.Values{"code": {bob.codes[1]}}).want(200); !follows(r) || !strings.Contains(r.body, `href="/documents/7"`) {
		t.Error("the ticket's own way back is not followed")
	}
	// Another's ticket, one with a byte changed, and a second one count for nothing.
	mallory := s.signedIn("mallory")
	mallory.page("/documents/evil").want(403)
	for name, ticket := range map[string]string{
		"of another": mallory.cookie("mfa-ticket"), "cut": good[:len(good)-2], "changed": strings.Replace(good, ".", ".A", 1), "a flag": bob.cookie("mfa"),
	} {
		b := bob.tab()
		b.plant("mfa-ticket", ticket)
		if r := b.page("/.mfa/verify").want(200); strings.Contains(r.body, "/documents/") {
			t.Errorf("a ticket that is %s leads on", name)
		}
	}
}
