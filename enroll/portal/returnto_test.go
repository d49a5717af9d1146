package portal

import (
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// TestReturnTo_RT1 is the table of ways back: what must be kept as it is, and
// what must become "/" (open redirects, CVE-2021-29651, CVE-2022-28923,
// CVE-2024-21497 and their kin).
func TestReturnTo_RT1(t *testing.T) {
	long := "/" + strings.Repeat("a", maxReturnTo)
	kept := []string{
		"/", "/documents", "/documents/42", "/documents/42/", "/a/b/c.html", "/index.php?page=mensagens",
		"/?q=1", "/a?b=c&d=e", "/a?next=//evil.example", "/a?u=https://evil.example/", "/a?x=%0d%0a", "/a/%C3%A9",
		"/repo/a%2Fb", "/a%20b", "/a+b", "/a;v=1", "/a.b..c", "/~user/", "/@handle", "/a:b", "/a//b", "/-", "/_",
		"/.well-known/x", "/mfa", "/.mfax", "/x/.mfa", "/index.php/.mfa", "/a?/.mfa/enroll", "/a?%5c%5cevil.example",
		"/a,b", "/a=b", "/a&b", "/a$b", "/a!b", "/a(b)", "/a*b", "/%", "/%zz", "/100%", "/a?%zz", "/...", "/..a",
		long[:maxReturnTo],
	}
	changed := map[string]string{
		"/a#top": "/a", "/#": "/", "/#//evil.example": "/", "/a?b#c": "/a?b", "/é": "/%C3%A9",
		`/a?q="x"`: "/a?q=%22x%22", "/a?<script>": "/a?%3Cscript%3E", `/a?b\c`: "/a?b%5Cc", "/a?x='": "/a?x=%27", "/a|b": "/a%7Cb",
	}
	refused := []string{
		"", " ", "a", "a/b", "?q", "#x", ".", "..", "./a", "../a", "//", "///", "////", "//evil.example", "///evil.example",
		"//evil.example/%2f..", `/\evil.example`, `\/evil.example`, `\\evil.example`, `/\/evil.example`, `//\evil.example`, `/a\b`,
		"/\tevil.example", "/\t/evil.example", "\t//evil.example", "/\n/evil.example", "/\r/evil.example", "\n/a", "/a\n", "/a b",
		" /a", "/a ", " //evil.example", "/\x00/evil.example", "/\x00", "/\x0b/evil.example", "/\x7f/a", "/\u0085/a",
		"/%09/evil.example", "/%0a/evil.example", "/%0d/evil.example", "/%00", "/%0d%0aSet-Cookie:x=1",
		"/%2f/evil.example", "/%2fevil.example", "/%2F%2Fevil.example", "/%2f%2fevil.example", "/%5cevil.example", "/%5c%5cevil.example",
		"/%252fevil.example", "/%252f%252fevil.example", "/%25252fevil.example", "/%255cevil.example",
		"/.//evil.example", "/..//evil.example", "/../..//evil.example", "/a/..//evil.example", "/./%2fevil.example", "/%2e/%2fevil.example",
		"/%2e%2e//evil.example", "/;/evil.example", "/;x//evil.example", "/ /evil.example", "/%20/evil.example", "/./\\evil.example",
		"http:evil.example", "http:/evil.example", "http://evil.example", "https://evil.example", "HTTPS://evil.example", "https:evil.example",
		"javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "vbscript:x", "mailto:a@b.example", "file:///etc/passwd",
		"ftp://evil.example", "blob:x", "about:blank", "@evil.example", ":80", "evil.example", "www.evil.example/a",
		"/\uff0fevil.example", "/\uff0f\uff0fevil.example", "/\uff3cevil.example", "/%ef%bc%8fevil.example",
		"\uff0f\uff0fevil.example", "\u2044evil.example", "/\xff", "/a\xc0\xaf", "\xef\xbb\xbf//evil.example", "/\xc0\xaf/evil.example",
		"/.mfa", "/.mfa/", "/.mfa/enroll", "/.mfa/verify?to=/", "/.mfa?x", "/.MFA/enroll", "/./.mfa", "/a/../.mfa", "/a/..;/.mfa/x",
		"/%2emfa", "/%2Emfa/enroll", "/.mf%61", "/%252emfa", "/.mfa;x/enroll", "/.mfa%2fenroll", "/.mfa./x", "/.mfa%20/x",
		"//.mfa/enroll", "/a//../../.mfa", "/a/%2e%2e/.mfa", "/\uff0emfa/enroll", "/%25252525252525252emfa",
		long, "/" + strings.Repeat("é", maxReturnTo/2),
	}
	if n := len(kept) + len(changed) + len(refused); n < 100 {
		t.Errorf("the table has %d values, want 100 or more", n)
	}
	for _, raw := range kept {
		if got := ReturnTo(raw, "/.mfa"); got != raw {
			t.Errorf("ok/%q = %q", raw, got)
		}
	}
	for raw, want := range changed {
		if got := ReturnTo(raw, "/.mfa"); got != want {
			t.Errorf("ok/%q = %q, want %q", raw, got, want)
		}
	}
	for _, raw := range refused {
		if got := ReturnTo(raw, "/.mfa"); got != "/" {
			t.Errorf("fail/%q = %q, want /", raw, got)
		}
	}
}

func TestReturnTo_NamesNoPageUnderADeeperMount(t *testing.T) {
	for raw, want := range map[string]string{
		"/app/.mfa/enroll": "/", "/app/x/../.mfa": "/", "/app/documents": "/app/documents", "/.mfa/enroll": "/.mfa/enroll",
	} {
		if got := ReturnTo(raw, "/app/.mfa"); got != want {
			t.Errorf("%q = %q, want %q", raw, got, want)
		}
	}
}

// FuzzReturnTo asks a parser that follows the WHATWG URL standard, as browsers
// do, where the answer leads: always to this host, to the very path that was
// answered, and never to a page of the gate.
func FuzzReturnTo(f *testing.F) {
	for _, s := range []string{"/a", "//x", `/\x`, "/\t/x", "/%2f/x", "/.mfa", "/é?ü#y", "/a/..//x", "/%5c", "?", "/;/x", "/\u3002", "/%ef%bc%8f/x"} {
		f.Add(s)
	}
	parser := whatwg.NewParser()
	f.Fuzz(func(t *testing.T, raw string) {
		got := ReturnTo(raw, "/.mfa")
		if len(got) > maxReturnTo || got[0] != '/' || strings.ContainsAny(got, "\\\"'<>#\r\n\t \x00") {
			t.Fatalf("%q = %q", raw, got)
		}
		if again := ReturnTo(got, "/.mfa"); again != got {
			t.Fatalf("%q = %q, and that = %q", raw, got, again)
		}
		u, err := parser.ParseRef("https://portal.example/.mfa/verify", got)
		if err != nil {
			t.Fatalf("%q = %q: %v", raw, got, err)
		}
		if u.Protocol() != "https:" || u.Host() != "portal.example" || u.Username() != "" {
			t.Fatalf("%q = %q leads to %s", raw, got, u.Href(false))
		}
		if p := strings.ToLower(u.Pathname()); p == "/.mfa" || strings.HasPrefix(p, "/.mfa/") || strings.HasPrefix(p, "//") {
			t.Fatalf("%q = %q leads to %s", raw, got, p)
		}
		if std, err := url.Parse(got); err == nil && std.Host != "" {
			t.Fatalf("%q = %q: net/url reads host %q", raw, got, std.Host)
		}
	})
}

// TestReturnTo_PlainWays: what is taken for plain reads the same the long way,
// and the gate's own pages are not.
func TestReturnTo_PlainWays(t *testing.T) {
	const letters = "/.-_aA0m%;~ "
	rnd, plain := rand.New(rand.NewPCG(1, 2)), 0
	for range 200_000 {
		raw := []byte("/mf.a/")[:rnd.IntN(7)]
		for range rnd.IntN(8) {
			raw = append(raw, letters[rnd.IntN(len(letters))])
		}
		for _, mount := range []string{"/.mfa", "/m", "/a/m"} {
			if got, want := ReturnTo(string(raw), mount), returnTo(string(raw), mount); got != want {
				t.Fatalf("%q, pages under %q: %q, the long way %q", raw, mount, got, want)
			}
		}
		if isPlainWay(string(raw)) {
			plain++
		}
	}
	if plain < 1000 {
		t.Errorf("only %d were plain", plain)
	}
}
