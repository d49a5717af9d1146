package attack

import (
	"fmt"
	"strings"
	"testing"
)

// TestAdvisory_GHSA_p224_6x5r_fjpm_PN1_DotSegments: rules were held against the
// path as it was written, and the server behind went up the dots in it.
func TestAdvisory_GHSA_p224_6x5r_fjpm_PN1_DotSegments(t *testing.T) {
	tried(t, oneHost, spellings{
		"GHSA-p224-6x5r-fjpm":  {"/open/../documents", "/open/../documents/1", "/open/x/../../documents", "/open/./../documents/1", "/./documents/1", "/../documents", "/documents/x/..", "/open//../documents"},
		"go-authcrunch c320a6": {"/open/..%2f..%2fdocuments", "/open/%2e%2e/%2e%2e/documents/1", "/open/.%2e/documents"},
	}, "/open/../open", "/open/x/./y", "/open/..documents", "/open/...", "/a.b/documents..x")
}

// TestAdvisory_GHSA_m8m5_v4jf_3wcm_PN2_EncodedSlashesAndDots: one part of a server
// saw a single name where another decoded it and found a way out of its folder.
func TestAdvisory_GHSA_m8m5_v4jf_3wcm_PN2_EncodedSlashesAndDots(t *testing.T) {
	tried(t, oneHost, spellings{
		"GHSA-m8m5-v4jf-3wcm": {"/open/..%2fdocuments", "/open/..%2Fdocuments/1", "/open%2f..%2fdocuments%2f1", "/open/x/..%2f..%2fdocuments"},
		"CVE-2021-29492":      {"/documents%2f1", "/documents%5c1", "/open/..%5cdocuments", "/open%5C..%5Cdocuments%5C1", "/%2fdocuments"},
		"CVE-2025-32431":      {"/open/%2e%2e/documents", "/open/%2E%2E%2Fdocuments", "/open/.%2e%2fdocuments/1", "/open/%2e%2e%2f%2e/documents", "/%2e/documents"},
	}, "/open%2fx", "/open/a%2Fb", "/open/%2e%2ehidden", "/open%2fdocuments", "/open/x%2f..%2fy")
}

// TestAdvisory_CVE_2025_66490_PN3_EncodedDelimiters: a router matched the path with
// these characters encoded, and decoded them for the server behind.
func TestAdvisory_CVE_2025_66490_PN3_EncodedDelimiters(t *testing.T) {
	known := spellings{}
	for name, c := range map[string]string{"slash": "%2f", "backslash": "%5c", "NUL": "%00", "semicolon": "%3b", "question mark": "%3f", "number sign": "%23"} {
		known["CVE-2025-66490 "+name] = []string{"/documents" + c, "/documents" + strings.ToUpper(c) + "1", "/documents" + c + "/1", "/open/../documents" + c}
	}
	tried(t, oneHost, known, "/open%3bx", "/open/x%3Fy", "/x%23y", "/open%3f/documents", "/C%23/documents")
}

// TestAdvisory_PN4_EncodedTwiceOrMore: a percent sign that is encoded itself, for
// servers in a row that each decode once (go-authcrunch 87d594b).
func TestAdvisory_PN4_EncodedTwiceOrMore(t *testing.T) {
	tried(t, oneHost, spellings{
		"twice":  {"/%2564ocuments", "/%2564ocuments/1", "/open/%252e%252e/documents", "/open%252f..%252fdocuments", "/documents%252f1", "/documents%253bx", "/%25%36%34ocuments"},
		"thrice": {"/%252564ocuments", "/open%25252f..%25252fdocuments", "/documents%25252f1"},
		"mixed":  {"/%64%256fcuments", "/open/%2e%252e/documents", "/open/..%25%32%66documents"},
	}, "/100%25", "/open/%2564ocuments", "/50%25%20off/documents", "/open?x=%252fdocuments")
}

// TestAdvisory_CVE_2026_27587_PN5_LetterCase: a rule whose prefix is written with
// escapes in a request was compared with regard to case, and a host likewise.
func TestAdvisory_CVE_2026_27587_PN5_LetterCase(t *testing.T) {
	t.Run("CVE-2026-27587", func(t *testing.T) {
		s := start(t, strings.Replace(oneHost, "- /documents", "- /documents\n      - /my documents\n      - /Área", 1), plainSite+ungated)
		s.worth("/DOCUMENTS", "/%44ocuments", "/%64OCUMENTS/1", "/Documents%2f1", "/open/..%2fDOCUMENTS")
		s.closed("/DOCUMENTS", "/%44ocuments", "/%64OCUMENTS/1", "/Documents%2f1", "/open/..%2fDOCUMENTS",
			"/my%20documents", "/MY%20DOCUMENTS/1", "/My%20document%53", "/m%59%20documents", "/%C3%A1rea", "/%C3%81REA/1")
		s.reached("/Open", "/OPEN/DOCUMENTS", "/my%20documentsx", "/MY")
	})
	// The host of the strict tenant falls under a wildcard of a lax one.
	t.Run("CVE-2026-48794", func(t *testing.T) {
		s := start(t, strings.Replace(twoHosts, "[lax.test]", "['*.test']", 1), plainSite)
		for _, host := range []string{"office.test", "OFFICE.test", "Office.Test", "oFFICE.TEST.", "OFFICE.TEST:80", "office.TEST.:443"} {
			if h1, h2 := s.both("GET", documents, host); h1.arrived != "" || h2.arrived != "" {
				t.Errorf("%s reaches the app: %q, %q", host, h1.arrived, h2.arrived)
			}
			s.clean(host)
		}
		for _, host := range []string{"lax.test", "LAX.test", "office2.test"} {
			if h1, h2 := s.both("GET", documents, host); !h1.ok || !h2.ok {
				t.Errorf("%s, which asks for nothing: %v %v", host, h1.ok, h2.ok)
			}
		}
	})
}

// TestAdvisory_CVE_2026_27585_PN6_NamesAsWindowsReadsThem: a backslash parts names,
// a name's last dots and spaces are none of it, and a stream's name neither.
func TestAdvisory_CVE_2026_27585_PN6_NamesAsWindowsReadsThem(t *testing.T) {
	tried(t, oneHost, spellings{
		"CVE-2026-27585":      {`/documents\1`, `/open\..\documents`, `/open/..\documents`, `/\documents`},
		"GHSA-qrp7-cvwr-j2c6": {"/documents%5c1", "/documents%5C..%5Cdocuments", "/%5cdocuments", "/open%5c%2e%2e%5cdocuments"},
		"dots and spaces":     {"/documents.", "/documents./1", "/documents..", "/documents%20", "/documents%20/1", "/documents.%20.", "/documents%2e"},
		"streams":             {"/documents::$DATA", "/documents::$INDEX_ALLOCATION/1", "/documents:$I30:$INDEX_ALLOCATION/1", "/documents%3a%3a$DATA"},
	}, "/open.", "/v1.2./x", "/a%20b", "/documents%20old", "/documents-old:search", "/open/a:b", "/open%5cx")
}

// TestAdvisory_CVE_2026_3872_PN7_Parameters: a servlet container drops what follows
// a semicolon in each name, so that "..;" is the folder above.
func TestAdvisory_CVE_2026_3872_PN7_Parameters(t *testing.T) {
	tried(t, oneHost, spellings{
		"CVE-2026-3872":  {"/open/..;/documents", "/open/..;x=1/documents/1", "/open;x/..;/documents", "/documents;x=1", "/documents;x=1/1", "/documents;/1", "/;x/documents", "/open/..;a;b/documents"},
		"CVE-2026-74909": {"/open/..%3b/documents", "/documents%3bx=1", "/documents%3Bx=1/1", "/open/..%3bx=1/documents/1", "/documents%253bx"},
	}, "/open;x=1", "/a;v=1/b", "/open;documents", "/open;/documents", "/open%3bx/y")
}

// TestAdvisory_CVE_2026_41059_PN8_FragmentsOnTheWire: no client sends one, and one
// that does means to be read to its end by one server and to the "#" by another.
func TestAdvisory_CVE_2026_41059_PN8_FragmentsOnTheWire(t *testing.T) {
	policy := strings.Replace(oneHost, "- /documents", "- /documents\n    allow: [/documents/1/help]", 1)
	policy = strings.Replace(policy, "      - {path: /index.php, query: {page: mensagens}}\n", "", 1)
	tried(t, policy, spellings{
		"CVE-2026-41059": {"/documents#/open", "/documents/1#/help", "/documents/1#/../help", "/documents/1/help/../#", "/documents%23/open", "/documents/1%23/help"},
		"CVE-2021-32779": {"/documents#x", "/documents/1#", "/open/../documents#", "/documents#?x", "/documents/1#/../../open"},
	}, "/open%23documents", "/documents/1/help", "/open%23")
}

// TestAdvisory_CVE_2025_54576_PN9_AQueryOpensNothing: a rule that leaves areas open
// was held against path and query together.
func TestAdvisory_CVE_2025_54576_PN9_AQueryOpensNothing(t *testing.T) {
	policy := strings.Replace(oneHost, "    protect:", "    allow: [/documents/help, /open]\n    protect:", 1)
	tried(t, policy, spellings{
		"CVE-2025-54576": {"/documents?x=/open", "/documents/1?/open", "/documents/1?/documents/help", "/documents?x=/documents/help", "/documents/1?next=/../open", "/documents/1?x=%2fopen%2f..", "/documents/1??/documents/help/"},
	}, "/open?x=/documents", "/open?next=%2Fdocuments%2F1", "/documents/help?x=/documents", "/?documents=1", "/open?x=/../documents")
}

// TestAdvisory_GHSA_gx7w_56w6_g48x_PN10_AreasEndAtASlash: a prefix was compared by
// its letters alone. What is protected takes no neighbour with it, and what is left
// open inside it opens none.
func TestAdvisory_GHSA_gx7w_56w6_g48x_PN10_AreasEndAtASlash(t *testing.T) {
	tried(t, strings.Replace(oneHost, "    protect:", "    allow: [/documents/help]\n    protect:", 1), spellings{
		"GHSA-gx7w-56w6-g48x": {"/documents", "/documents/", "/documents/1", "/documents/helpdesk", "/documents/help-desk/1", "/documents/help.me/1", "/documents/helpx", "/documents/hel", "/documents/help%2ddesk", "/documents/help_", "/documents/help/../1"},
	}, "/documents-public", "/documents-public/1", "/documentsx", "/documents_old/1", "/documents%2dpublic", "/document", "/my-documents", "/open/documents", "/documents/help", "/documents/help/1", "/documents/HELP/x")
}

// TestAdvisory_CVE_2026_48020_PN11_StrippedThenNormalised: a prefix is taken off in
// bytes, and what is left of a name is dots.
func TestAdvisory_CVE_2026_48020_PN11_StrippedThenNormalised(t *testing.T) {
	gate := "mfa {\n%WHOAMI%\n}\n"
	for name, site := range map[string]string{
		"handle_path":         "handle_path /strip* {\n" + gate + "reverse_proxy %APP%\n}\nhandle {\n" + gate + "reverse_proxy %APP%\n}",
		"strip_prefix":        "uri strip_prefix /strip\n" + gate + "reverse_proxy %APP%",
		"by an expression":    "uri path_regexp ^/strip /\n" + gate + "reverse_proxy %APP%",
		"replaced":            "uri replace /strip /\n" + gate + "reverse_proxy %APP%",
		"strip_prefix, twice": "uri strip_prefix /strip\nuri strip_prefix /strip\n" + gate + "reverse_proxy %APP%",
	} {
		s := start(t, oneHost, "http://:0 {\n"+site+"\n}\n")
		for from, targets := range (spellings{
			"CVE-2026-48020": {"/strip../documents", "/strip%2e%2e/documents", "/strip/../documents", "/strip/%2e%2e/documents/1", "/strip/documents", "/strip/x/../documents", "/strip%2f..%2fdocuments", "/strip..%2fdocuments", "/strip..;/documents"},
			"CVE-2026-40912": {"/strip./documents", "/strip%2e/documents", "/strip%2e/documents/1", "/strip/.//documents", "/strip%2f%2e/documents", "/strip%20/documents", "/strip/strip/documents"},
		}) {
			t.Run(name+" "+from, func(t *testing.T) {
				for _, target := range targets {
					if target == "/strip/strip/documents" && !strings.Contains(name, "twice") {
						continue // the path of something else
					}
					s.in(t).closed(target)
				}
			})
		}
		for _, target := range []string{"/strip/open", "/strip/documents-public", "/open"} {
			if h1, h2 := s.both("GET", target, "office.test"); !h1.ok || !h2.ok {
				t.Errorf("%s: %s passes over HTTP/1.1 %v, over HTTP/2 %v", name, target, h1.ok, h2.ok)
			}
		}
	}
}

// TestAdvisory_GHSA_v4h7_cj44_8fc8_PN15_LettersThatFold: letters that some server
// takes for plain ones protect, open nothing, and leave the names of other
// languages alone.
func TestAdvisory_GHSA_v4h7_cj44_8fc8_PN15_LettersThatFold(t *testing.T) {
	known := spellings{
		"GHSA-v4h7-cj44-8fc8": {"/document%c5%bf", "/document%C5%BF/1", "/documentſ", "/documents/%E2%84%AAiosk", "/documents/kio%C5%BFk"},
		"full width":          {"/%ef%bd%84ocuments", "/%EF%BC%A4ocuments/1", "/ｄｏｃｕｍｅｎｔｓ", "/open/%ef%bc%8e%ef%bc%8e/documents", "/documents%ef%bc%8f1"},
		"mathematical":        {"/%f0%9d%90%9documents", "/%f0%9d%93%ad%f0%9d%93%b8cuments/1"},
		"accents":             {"/d%C3%B3cuments", "/do%CC%81cuments/1", "/docum%C3%A8nts"},
	}
	var twins []string
	for _, name := range []string{"relatórios", "日本語", "ドキュメント", "документы", "Έγγραφα", "مستندات", "straße", "İstanbul", "ſtrange", "ｄｏｃｓ", "naïve café", "🙂", "d\u00f3cument", "e\u0301t\u00e9"} {
		twins = append(twins, "/"+escape(name), "/open/"+escape(name)+"/documents")
	}
	tried(t, strings.Replace(oneHost, "    protect:", "    allow: [/documents/kiosk]\n    protect:", 1), known, append(twins, "/documents/kiosk", "/documents/KIOSK/1")...)
}

// TestAdvisory_PN16_FrontControllersAndSuffixes: a script takes what stands behind
// its name for the path, and a router takes a format off the end.
func TestAdvisory_PN16_FrontControllersAndSuffixes(t *testing.T) {
	tried(t, oneHost, spellings{
		"PATH_INFO":            {"/index.php/documents", "/index.php/documents/1", "/INDEX.PHP/documents", "/app/index.php/documents", "/app.php/x/../documents", "/index%2ephp/documents", "/index.php//documents"},
		"a query that is one":  {"/?/documents", "/index.php?/documents/1", "/?/%64ocuments", "/index.php?/documents&a=b", "/?documents/1", "/index.php?a=b&documents/"},
		"a suffix of a router": {"/documents.json", "/documents.xml", "/documents.html", "/documents.php", "/documents.json/", "/documents%2ejson"},
	}, "/index.php", "/index.php/open", "/open/documents.json", "/?open", "/?documents-public", "/login?/documents", "/x.php/open/documents", "/index.php?page=home")
}

// TestAdvisory_CVE_2018_14773_PN17_MethodsAndOverrides: an open request whose fields
// tell the app another path or method, and methods that nobody knows. The verdict
// hangs on no method, and TRACE gets nothing.
func TestAdvisory_CVE_2018_14773_PN17_MethodsAndOverrides(t *testing.T) {
	s := start(t, oneHost, plainSite)
	for _, name := range []string{"X-Original-URL", "X-Rewrite-URL", "X-Original-URI", "X-Rewrite-URI", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Method", "x-original-url", "X-ORIGINAL-URL"} {
		for _, version := range []string{"HTTP/1.1", "HTTP/2"} {
			s.app.last()
			if version == "HTTP/1.1" {
				s.get("/open", name+": /documents")
			} else {
				dialH2(t, s.addr).ask(":method", "GET", ":scheme", "http", ":authority", "office.test", ":path", "/open", "cookie", "sid=bob", strings.ToLower(name), "/documents")
			}
			if r, _ := s.app.last(); r == nil || r.Header.Get(name) != "" {
				t.Errorf("%s: with %s on an open path the app gets %v", version, name, r)
			}
		}
	}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "REPORT", "QUERY", "FOO", "get", "Get", "M-SEARCH"} {
		for _, o := range both(s.both(method, documents, "office.test")) {
			if o.arrived != "" || o.ok {
				t.Errorf("%s %s reaches the app: %q, status 200 %v", o.version, method, o.arrived, o.ok)
			}
		}
		s.clean(method)
	}
	for _, method := range []string{"TRACE", "trace", "Trace"} {
		a := raw(t, s.addr, message(method, "/open", "office.test", "Cookie: sid=bob"))
		if strings.Contains(a.body, "sid=bob") || method == "TRACE" && (a.status != 405 || s.arrived() != "") {
			t.Errorf("%s of an open path: %d", method, a.status)
		}
	}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "QUERY", "get"} {
		for _, o := range both(s.both(method, "/open", "office.test")) {
			if !o.ok || o.arrived != method+" /open" {
				t.Errorf("%s %s of an open path: passes %v, the app gets %q", o.version, method, o.ok, o.arrived)
			}
		}
	}
}

func both(h1, h2 outcome) []outcome { return []outcome{h1, h2} }

// TestAdvisory_PN18_HeadOptionsRange: a look at the fields, at what is allowed, or
// at a part is a look. A real preflight is the one thing that passes, without
// anything that says who asks.
func TestAdvisory_PN18_HeadOptionsRange(t *testing.T) {
	s := start(t, oneHost, plainSite)
	for _, c := range [][]string{
		{"HEAD"}, {"HEAD", "Range: bytes=0-0"}, {"OPTIONS"}, {"OPTIONS", "Origin: http://x.test"}, {"OPTIONS", "Access-Control-Request-Method: GET"}, {"OPTIONS", "Origin:", "Access-Control-Request-Method: GET"},
		{"GET", "Range: bytes=0-0"}, {"GET", "Range: bytes=-1", `If-Range: "x"`}, {"GET", "If-None-Match: *"}, {"GET", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"}, {"GET", "Origin: http://x.test", "Access-Control-Request-Method: GET"}, {"HEAD", "Origin: http://x.test", "Access-Control-Request-Method: GET"},
	} {
		for _, o := range both(s.both(c[0], documents, "office.test", c[1:]...)) {
			if o.arrived != "" || o.ok {
				t.Errorf("%s %q reaches the app: %q", o.version, c, o.arrived)
			}
		}
		s.clean(fmt.Sprint(c))
	}
	for _, c := range [][]string{{"HEAD"}, {"OPTIONS", "Origin: http://x.test"}, {"GET", "Range: bytes=0-0"}, {"GET", "If-None-Match: *"}} {
		for _, o := range both(s.both(c[0], "/open", "office.test", c[1:]...)) {
			if !o.ok || o.arrived != c[0]+" /open" {
				t.Errorf("%s %q of an open path: passes %v, the app gets %q", o.version, c, o.ok, o.arrived)
			}
		}
	}
	s.app.last()
	raw(t, s.addr, message("OPTIONS", documents, "office.test", "Cookie: sid=bob", "Origin: http://x.test", "Access-Control-Request-Method: PUT"))
	if r, _ := s.app.last(); r == nil || r.Header.Get("Cookie") != "" {
		t.Errorf("of a preflight the app gets %v", r)
	}
	s.clean("preflight")
}

// TestAdvisory_PN19_FormsOfTheTarget: a target may name a host, or no path at all
// (RFC 9112, 3.2), and a tunnel has none.
func TestAdvisory_PN19_FormsOfTheTarget(t *testing.T) {
	s := start(t, oneHost, plainSite+ungated)
	for from, targets := range (spellings{
		"absolute": {"http://office.test/documents", "HTTP://office.test/documents/1", "https://office.test/documents", "http://office.test//documents", "http://office.test/open/../documents", "http://office.test/%64ocuments", "http://office.test:80/documents", "http://user@office.test/documents"},
		"slashes":  {"//documents", "///documents/1", "//x/../documents", "/.//documents", "//office.test/../documents", "//office.test//../documents"},
	}) {
		t.Run(from, func(t *testing.T) {
			s := s.in(t)
			s.worth(targets...)
			s.closed(targets...)
		})
	}
	s.closed("//office.test/documents", "//x/documents/1", "///x/documents", "/%2foffice.test/documents") // URL parsers see a host
	for _, line := range []string{
		"CONNECT office.test:80", "CONNECT office.test:443", "CONNECT /documents", "CONNECT http://office.test/documents", "CONNECT 127.0.0.1:80", "CONNECT /open", "CONNECT http://office.test/open", "GET office.test/documents", "GET documents", "GET office.test:80", "GET ?/documents", "GET #/documents", "GET ", "GET http:/documents", "GET http:///documents", "GET javascript://office.test/documents",
	} {
		method, target, _ := strings.Cut(line, " ")
		s.app.last()
		a := raw(t, s.addr, message(method, target, "office.test", "Cookie: sid=bob"))
		if got := s.arrived(); method == "CONNECT" && (got != "" || a.status != 405 && a.status != 400) || strings.Contains(got, "documents") {
			t.Errorf("%q: %d, the app gets %q", line, a.status, got)
		}
		s.clean(line)
	}
	if a := raw(t, s.addr, message("GET", "http://office.test/open", "office.test", "Cookie: sid=bob")); a.status != 200 || s.arrived() == "" {
		t.Errorf("an open path in absolute form: %d", a.status)
	}
	s.reached("//open", "/x//documents", "/http://office.test/open")
}

// TestAdvisory_CVE_2026_58055_PN20_UpgradesWithABody: a proxy that hands on an upgrade
// and a body leaves the app to take the body for the next request. Only a whole
// handshake of a WebSocket goes on, none has a body, and none reaches an area.
func TestAdvisory_CVE_2026_58055_PN20_UpgradesWithABody(t *testing.T) {
	s := start(t, oneHost, plainSite)
	socket := []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
	inner := "GET /documents/1 HTTP/1.1\r\nHost: office.test\r\nCookie: sid=bob\r\n\r\n"
	length := fmt.Sprint("Content-Length: ", len(inner))
	for from, c := range map[string]struct {
		method string
		lines  []string
	}{
		"CVE-2026-58055":           {"GET", append([]string{length}, socket...)},
		"CVE-2026-58055 by POST":   {"POST", append([]string{length}, socket...)},
		"CVE-2026-58055 of h2c":    {"GET", []string{length, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"}},
		"h2c":                      {"GET", []string{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"}},
		"h2c beside a handshake":   {"GET", append([]string{"Upgrade: h2c"}, socket...)},
		"a handshake without keys": {"GET", socket[:2:2]},
	} {
		t.Run(from, func(t *testing.T) {
			s := s.in(t)
			s.app.last()
			body := ""
			if c.lines[0] == length {
				body = inner
			}
			a := raw(t, s.addr, message(c.method, "/open", "office.test", append(c.lines, "Cookie: sid=bob")...)+body)
			s.app.do(func() {
				if len(s.app.seen) > 1 {
					t.Errorf("the app sees %d requests", len(s.app.seen))
				}
			})
			r, got := s.app.last()
			if r == nil || a.status == 101 || r.Header.Get("Upgrade") != "" || r.Header.Get("Http2-Settings") != "" || got != body {
				t.Errorf("%d, and the app gets %v with %q", a.status, r, got)
			}
			s.clean(from)
		})
	}
	s.app.last()
	if a := s.get(documents, socket...); a.status != 403 || s.arrived() != "" {
		t.Errorf("a handshake under an area: %d", a.status)
	}
	s.get("/open", socket...)
	if r, _ := s.app.last(); r == nil || r.Header.Get("Upgrade") != "websocket" {
		t.Errorf("of a whole handshake on an open path the app gets %v", r)
	}
}

// TestAdvisory_PN21_TheTargetOfHTTP2: a :path is taken from no request line, so that
// it may be what no line can hold, and cookies come in fields of their own.
func TestAdvisory_PN21_TheTargetOfHTTP2(t *testing.T) {
	s := start(t, oneHost, plainSite)
	for _, path := range []string{
		"//documents", "/open/../documents", "/open/%2e%2e/documents", "http://office.test/documents", "/documents#x", "/documents\x00", "/documents\r\nX: y", "/documents HTTP/1.1\r\n\r\nGET /x", "/open\n/documents", "/documents /1", "documents", "", "*", "?/documents", "office.test/documents", "/\x7f/../documents", "/documents\xff",
	} {
		for _, pairs := range [][]string{{":authority", "office.test"}, {"host", "office.test"}, {":authority", "office.test", "host", "lax.test"}} {
			s.app.last()
			ask := append([]string{":method", "GET", ":scheme", "http", ":path", path}, pairs...)
			dialH2(t, s.addr).try(append(ask, "cookie", "a=b", "cookie", "sid=bob")...)
			if got := s.arrived(); strings.Contains(got, "documents") {
				t.Errorf("%q by %q reaches the app as %q", path, pairs, got)
			}
			s.clean(path)
		}
	}
	flag := s.visitor("office.test", "mallory").enrol().cookie("mfa")
	ask := []string{":method", "GET", ":scheme", "http", ":authority", "office.test", ":path", documents, "cookie", "a=b"}
	if status := dialH2(t, s.addr).ask(append(ask, "cookie", "sid=mallory", "cookie", "mfa="+flag)...); status != "200" {
		t.Errorf("mallory herself, each cookie in a field of its own: %s", status)
	}
	for _, more := range [][]string{{"cookie", "sid=mallory; mfa=" + flag, "cookie", "mfa=x"}, {"cookie", "mfa=x", "cookie", "sid=mallory; mfa=" + flag}, {"cookie", "sid=bob", "cookie", "mfa=" + flag}} {
		s.app.last()
		if status := dialH2(t, s.addr).ask(append(ask, more...)...); status == "200" || s.arrived() != "" {
			t.Errorf("%.40q: %s", more, status)
		}
		s.clean(more[1])
	}
}
