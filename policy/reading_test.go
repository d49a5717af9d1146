package policy

import (
	"slices"
	"strings"
	"testing"
)

// protectedBy reports whether a policy of one prefix protects a target.
func protectedBy(t testing.TB, prefix, path string) (hit, ok bool) {
	t.Helper()
	own, err := NewPrefixes([]string{prefix}, "")
	if err != nil {
		t.Fatal(err)
	}
	var tg target
	if !tg.read(Target{Path: path}) {
		return false, false
	}
	return (&ruleset{}).covers(&tg, own.rules, &Facts{Method: "GET"}).hit, true
}

// Every line reaches /documents on some app server. The comments name the
// server or the advisory.
func TestSpellingsOfAProtectedArea(t *testing.T) {
	for _, path := range []string{
		"/documents", "/documents/", "/documents/1", "/documents?x", "/documents/../finance",
		"/DOCUMENTS", "/Documents/1", "/%44ocuments", // CVE-2026-27587
		"/finance/../documents", "/finance/./../documents", "/./documents", "/../documents", // GHSA-p224-6x5r-fjpm
		"/finance/..%2fdocuments", "/finance/%2e%2e/documents", "/finance/%2E%2e%2Fdocuments", // GHSA-m8m5-v4jf-3wcm
		"/finance%2f..%2fdocuments", "/x%2fy/../../documents", "/a/x%2fy/../../%64ocuments",
		"/documents%3b", "/documents%3f", "/documents%23", "/documents%5c1", "/documents%3fa=b/../../x", // GHSA-gm3x-23wp-hc2c
		"/%2564ocuments", "/%252564ocuments", "/finance/%252e%252e%252fdocuments", "/%25%364ocuments", "/%25u0064ocuments",
		"/documents.", "/documents..", "/documents%20", "/documents%20/1", "/documents%20./1", "/documents::$DATA", "/documents::$INDEX_ALLOCATION/1", // CVE-2026-27585
		`/finance\..\documents`, `/finance%5c..%5cdocuments`, `/\documents`,
		"/finance/..;/documents", "/finance/..;x=1/documents", "/documents;x=1", "/documents;x=1/1", "/;x/documents", "/a/.;x/../documents", // CVE-2026-3872
		"/a/../documents;/../../x", "/x/..;a/documents;b", "/documents;jsessionid=1",
		"/documents#x", // CVE-2026-41059
		"//documents", "///documents//1", "//host/documents", "/%2f/documents", `/\host/documents`,
		"http://host/documents", "HTTPS://user@host:1/documents/1", "http://host//documents",
		"/%ef%bd%84ocuments", "/document%c5%bf", "/documents/ｘ", "/ｄocuments", "/%F0%9D%90%9Documents", // GHSA-v4h7-cj44-8fc8
		"/x/%ef%bc%8e%ef%bc%8e/documents", "/%ef%bc%8fdocuments", "/x%ef%bc%8f..%ef%bc%8fdocuments", "/x／..／documents",
		"/%c0%afdocuments", "/x/%c0%ae%c0%ae/documents", "/x/%c0%2e%c0%2e/documents", "/%c1%a4ocuments", "/%e0%81%a4ocuments", "/x/%e0%80%ae%e0%80%ae%e0%80%afdocuments",
		"/docu%ffments", "/doc%e2%80%8buments", "/doc%c2%aduments",
		"/index.php/documents", "/INDEX.PHP/documents/1", "/index.php;x/documents", "/app.fcgi/documents", "/cgi-bin/app/documents", "/a/b.php/documents", "/index%2ephp/documents", "/index.php//documents", "/x.php/../documents",
		"/documents.json", "/documents.JSON", "/documents.php/1", "/documents.json/", "/documents.json;x", "/documents.xml/1",
		"/a/b/../../documents", "/a//../documents", "/a//../../documents",
		"/files../documents", "/files../documents/1", "/files..%2fdocuments", "/a/files../../documents", // an nginx alias without its slash
		"/(S(lit3py55t21z5v55vlm25s55))/documents", "/(S(x))/documents/1", "/(A(b)S(x)F(y))/documents", "/%28S%28x%29%29/documents", "/docu/(S(x))ments", "/documents(S(x))", "/(s(x))//documents", "/(S(a))/(S(b))/documents", "/(S(X))/docu/(S(X))ments/1", // CVE-2023-36899
		"/d%C3%B3cuments", "/DOCUM%C3%89NTS/1", "/documen%C5%A3s", "/docume%CC%81nts", "/%C4%91ocuments", "/docu~ments", "/~documents", "/documents~", "/documents~/1", // collations of MySQL, slugs of WordPress
		"/(primary:documents)", "/(primary:documents/1)", "/%28primary%3adocuments%29", "/(menu:top//documents)", "/(menu:top//primary:documents)/x", "/(open//primary:documents)", "/(documents//menu:top)", "/(primary:documents", // Angular
		"/feed/(..)documents", "/feed/(..)documents/1", "/feed/%28..)documents", "/a/b/(..)(..)documents", "/a/b/(...)documents/1", // Next.js
	} {
		if hit, ok := protectedBy(t, "/documents", path); ok && !hit {
			t.Errorf("%s passes", path)
		}
	}
	for _, path := range []string{"/admin/x/%2e%2e/../../%73ecret", "/admin/a/%2e%2e/../%2e%2e/secret", "/admin/%2e%2e/../secret", "/admin.php/secret", "/admin/index.php/secret", "/admin/sec%2501ret", "/admin;x/secret", "/ADMIN./secret ", "/admin%20/secret", "/admin/(S(x))secret"} {
		if hit, ok := protectedBy(t, "/admin/secret", path); ok && !hit {
			t.Errorf("%s passes", path)
		}
	}
	for _, path := range []string{"/(documents)", "/documents!", "/@documents/1", "/docu,ments", "/docu_ments", "/_documents_", "/...documents", "/.documents", "/-documents-", "/documents--", "/((documents))", "/docu;ments", "/{documents}", "/docu+ments", "/docu_ments.json", "/%5Bdocuments%5D"} { // Zend Framework 1
		if hit, ok := protectedBy(t, "/documents", path); ok && !hit {
			t.Errorf("%s passes", path)
		}
	}
	for _, path := range []string{"/private.area", "/private--area/1", "/-private-area-", "/private_-area", "/private.-.area", "/private!.area", "/private%20area", "/private+area/1", "/private%20%20area", "/private%2Barea", "/priv~ate-area", "/private%20-%20area", "/priv%C3%A4te-area"} {
		if hit, ok := protectedBy(t, "/private-area", path); !ok || !hit {
			t.Errorf("%s passes", path)
		}
	}
	if hit, ok := protectedBy(t, "/my documents", "/my+documents/1"); !ok || !hit {
		t.Error("a plus is no space")
	}
	for _, path := range []string{"/me%C3%9Fages", "/ME%E1%BA%9EAGES"} {
		if hit, ok := protectedBy(t, "/messages", path); !ok || !hit {
			t.Errorf("%s passes", path)
		}
	}
	for _, path := range []string{"/relat%C3%B3rios", "/relatorios", "/RELATORIOS/1", "/relato%CC%81rios", "/RELAT%C3%93RIOS/1", "/relat%F3rios"} {
		if hit, ok := protectedBy(t, "/relatórios", path); !ok || !hit {
			t.Errorf("%s passes", path)
		}
	}
}

func TestHarmlessTargetsPass(t *testing.T) {
	for _, path := range []string{
		"", "/", "*", "/finance", "/documents-public", "/documents_old", "/documents2", "/documentsx/1", "/document", "/my/documents",
		"/files/a;b", "/files/a;b=c/d;e", "/search/100%25", "/search/100%2525", "/wiki/C%2B%2B", "/wiki/Special:Search", "/wiki/AC/DC",
		"/files/Annual%20report%202026.pdf", "/files/my.file.v1.2.tar.gz", "/files/.hidden", "/.well-known/acme-challenge/x",
		"/a//b", "/a/./b", "/a/../b", "/a/b/", "/~bob/x", "/a+b", "/a,b", "/@bob", "/x=1&y=2", "/q/'quoted'/(x)/!",
		"/wiki/Caf%C3%A9", "/wiki/Café", "/wiki/%D0%94%D0%BE%D0%BA%D1%83%D0%BC%D0%B5%D0%BD%D1%82%D1%8B", "/wiki/文書", "/wiki/%E6%96%87%E6%9B%B8%20%E4%B8%80", "/wiki/%F0%9F%93%84", "/wiki/caf%E9", "/wiki/مستندات",
		"/index.php", "/index.php/finance", "/a.b/c", "/v1.2/documents", "/static/documents.js/../x",
		"/proxy/http://documents/x", "/a%2fb", "/a%5cb", "/a\\b", "/100%25/x", "/%25", "/a%3Fdocuments", "/a%23documents", "/docu/ments", "/x/;/y", "/x;/documents-public",
		"http://documents/finance", "/files../finance", "/wiki/Mercury_(planet)", "/(1)/documents", "/a/b/(..)documents", "/feed/(.)documents", "/a/(...)/documents-public", "/f(x)/documents", "/wiki/Foo_(Bar_(Baz))", "/(S(x)", "/a..b/documents", "/my%20documents", "/my+documents", "/~bob/documents", "/document", "/c++", "/a+b", "/d%C3%B6kument", "/%E3%83%89%E3%82%AD%E3%83%A5%E3%83%A1%E3%83%B3%E3%83%88",
	} {
		if hit, ok := protectedBy(t, "/documents", path); !ok || hit {
			t.Errorf("%s: hit %v, readable %v", path, hit, ok)
		}
	}
}

func TestTargetsThatCannotBeRead(t *testing.T) {
	var many strings.Builder
	for range 400 {
		many.WriteString("%25")
	}
	for name, path := range map[string]string{
		"cut escape": "/a%2", "no hex": "/a%zz", "IIS escape": "/%u0064ocuments",
		"NUL": "/documents%00", "raw NUL": "/a\x00", "CR": "/a%0d%0ab", "tab": "/a\tb", "DEL": "/a%7f",
		"no slash": "documents", "authority form": "host:443", "over 8 KiB": "/" + strings.Repeat("a", maxTarget),
		"deep encoding":      "/%" + strings.Repeat("25", 300) + "41",
		"too many spellings": "/x//%2541;a/.;/..;b/%C0%AE%ef%bc%8e/x.php/\\y%20./%2525ff:$/%253b/%2523a/%255c/y.cgi/..%252f",
	} {
		if _, ok := protectedBy(t, "/documents", path); ok {
			t.Errorf("fail/%s: %.60s is read", name, path)
		}
	}
}

// A target is refused for what reading it costs, not for its length or the
// number of its readings alone.
func TestTheWorkOfReadingIsBounded(t *testing.T) {
	odd := "/x;a/../%2541//b .php/c"
	if _, ok := protectedBy(t, "/documents", odd); !ok {
		t.Error("the short one is not read")
	}
	if _, ok := protectedBy(t, "/documents", odd+"/"+strings.Repeat("a", 6000)); ok {
		t.Error("the long one is read")
	}
	if _, ok := protectedBy(t, "/documents", "/a%20"+strings.Repeat("a", 6000)); !ok {
		t.Error("a long one that is read in one way is not")
	}
}

// Ways of reading one target, written out: what the acts do, in every order.
func TestReadings(t *testing.T) {
	for path, want := range map[string][]string{
		"/a;b":       {"/a;b", "/a"},
		"/a%2fb":     {"/a/b", "/a%2fb"},
		"/%2561":     {"/%61", "/a"},
		"/a/../b":    {"/a/../b", "/b"},
		"/a%20b":     {"/a b"},
		"//h/b":      {"//h/b", "/h/b", "/b"},
		"/x.php/b":   {"/x.php/b", "/x/b", "/b"},
		"/caf%C3%A9": {"/café"},
	} {
		got, ok := readings(path)
		slices.Sort(got)
		slices.Sort(want)
		if !ok || !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestPlainTargetsHaveOneReading(t *testing.T) {
	for _, path := range []string{"/", "/a", "/a/b/", "/A.b/c.html", "/.well-known/x", "/index.php", "/a/b)", "/a-b/c_d", "/_"} {
		if !isPlain(path) {
			t.Errorf("%s is not plain", path)
		}
		if got, ok := readings(path); !ok || len(got) != 1 {
			t.Errorf("%s: plain, but read as %q", path, got)
		}
	}
	for _, path := range []string{"a", "//", "/a//b", "/.", "/..", "/a./b", "/a.", "/a b", "/a;b", "/a%41", "/é", "/a\\b", "/x.php/a", "/cgi-bin/a", "/a:$b", "/..a/..", "/a\x00"} {
		if isPlain(path) {
			t.Errorf("%s is plain", path)
		}
	}
}
