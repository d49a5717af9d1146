package attack

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// TestDesign_C13_ACookieSaysTheArea: PHP without a php.ini, as it comes in its own
// container image, puts cookies into $_REQUEST and over the query. The page that a
// cookie names is protected, and whoever has a harmless cookie passes.
func TestDesign_C13_ACookieSaysTheArea(t *testing.T) {
	dir := t.TempDir()
	hits, addr := filepath.Join(dir, "hits"), free(t)
	write(t, filepath.Join(dir, "www/index.php"), `<?php if (($_SERVER["PATH_INFO"] ?? "") === "/api/me") { header("Content-Type: application/json"); echo '{"login":"bob"}'; }
elseif (in_array("mensagens", (array)($_REQUEST["page"] ?? ""), true)) { file_put_contents("`+hits+`", "x", FILE_APPEND); echo "SECRET"; } else echo "open";`)
	launch(t, exec.Command(apptest.Tool(t, "php", "php-cli"), "-n", "-S", addr, "-t", filepath.Join(dir, "www"), filepath.Join(dir, "www/index.php")), addr)
	looted := tally(hits)
	s := start(t, oneHost, strings.Replace(plainSite, "%APP%", addr, 1)+"http://free.test:0 {\n\treverse_proxy "+addr+"\n}\n")
	s.app.do(func() {})
	cookies := []string{"page=mensagens", "sid=bob; page=%6densagens", "a=b; page[]=mensagens", "a=b; page[x]=mensagens; c=d", "page=home; page[]=mensagens"}
	for _, c := range cookies {
		before := looted()
		raw(t, s.addr, message("GET", "/index.php?page=home", "free.test", "Cookie: "+c))
		if looted() == before && c != cookies[len(cookies)-1] {
			t.Fatalf("%s: the server is not what it should be", c)
		}
		before = looted()
		for _, target := range []string{"/index.php?page=home", "/index.php", "/", "/INDEX.php/x"} {
			raw(t, s.addr, message("GET", target, "office.test", "Cookie: "+c))
			raw(t, s.addr, message("POST", target, "office.test", "Cookie: "+c, "Content-Length: 9", "Content-Type: "+urlencoded)+"page=home")
			if looted() != before {
				t.Fatalf("%s with %s is served", target, c)
			}
		}
	}
	for _, c := range []string{"page=home; sid=bob", "x=mensagens", "sid=bob"} {
		if a := raw(t, s.addr, message("GET", "/index.php?page=home", "office.test", "Cookie: "+c)); a.status != 200 {
			t.Errorf("%s: %d %s", c, a.status, a.reason())
		}
	}
}

// TestDesign_C13_WhatAnAppMakesOfAnId: PHP's (int), JavaScript's Number and others
// make the same number of many texts, and atoi (Nagios) keeps 32 bits of it.
func TestDesign_C13_WhatAnAppMakesOfAnId(t *testing.T) {
	s := start(t, strings.Replace(oneHost, "{path: /index.php, query: {page: mensagens}}", "{path: /, query: {page_id: 42}}", 1), plainSite)
	for _, v := range []string{"42", "042", "%2B42", "-42", "42abc", "42.0", "4.2e1", "4_2", "0x2a", "%2042", "42-title", "%EF%BC%94%EF%BC%92", "4294967338", "-4294967254"} {
		if a := s.get("/?page_id=" + v); a.status == 200 {
			t.Errorf("%s passes", v)
		}
		body := "page_id=" + v
		if a := raw(t, s.addr, message("POST", "/", "office.test", "Cookie: sid=bob", "Content-Type: "+urlencoded, fmt.Sprint("Content-Length: ", len(body)))+body); a.status == 200 {
			t.Errorf("%s in a form passes", v)
		}
	}
	for _, v := range []string{"4", "420", "7", "x42", "", "1e42"} {
		if a := s.get("/?page_id=" + v); a.status != 200 {
			t.Errorf("%s: %d %s", v, a.status, a.reason())
		}
	}
}

// TestDesign_C13_APathSaysTheArea: routers that part pairs take what a path has below
// the script for what a query would say.
func TestDesign_C13_APathSaysTheArea(t *testing.T) {
	s := start(t, oneHost, plainSite)
	for _, target := range []string{"/index.php/page/mensagens", "/index.php/x/y/PAGE/Mensagens/", "/index.php/%70age%2fmensagens", "/index.php/x/page:mensagens", "/index.php/page/mensagens?page=home"} {
		if a := s.get(target); a.status == 200 || s.arrived() != "" {
			t.Errorf("%s passes", target)
		}
	}
	for _, target := range []string{"/index.php/page/home", "/index.php/mensagens/page", "/index.php/page", "/open/page/mensagens"} {
		if a := s.get(target); a.status != 200 || s.arrived() == "" {
			t.Errorf("%s: %d %s", target, a.status, a.reason())
		}
	}
}

// TestDesign_C13_WhatAnAppLeavesOutOfAWord: WordPress takes slashes off the ends of a
// page's name, Roundcube everything that is no letter or digit out of its task, and
// tags besides.
func TestDesign_C13_WhatAnAppLeavesOutOfAWord(t *testing.T) {
	s := start(t, oneHost, plainSite)
	for _, v := range []string{"/mensagens/", "mensagens%2F", "%5Cmensagens", "mensa(gens", "mensa.gens", "mensa%25gens", "mensa%C3%B6gens", "mensa%3Cb%3Egens", "mensa%26x%3Bgens"} {
		if a := s.get("/index.php?page=" + v); a.status == 200 || s.arrived() != "" {
			t.Errorf("%s passes", v)
		}
		body := "page=" + v
		if a := raw(t, s.addr, message("POST", "/index.php", "office.test", "Cookie: sid=bob", "Content-Type: "+urlencoded, fmt.Sprint("Content-Length: ", len(body)))+body); a.status == 200 || s.arrived() != "" {
			t.Errorf("%s in a form passes", v)
		}
	}
	for _, v := range []string{"home", "mensagens2", "a/mensagens", "%3Cb%3E", "a%26b;c", "%E6%96%87"} {
		if a := s.get("/index.php?page=" + v); a.status != 200 || s.arrived() == "" {
			t.Errorf("%s: %d %s", v, a.status, a.reason())
		}
	}
}

// TestAdvisory_PN1_MarkupInAName: WordPress takes tags and entities out of a post's
// name, wherever they stand in it, before it looks for the post.
func TestAdvisory_PN1_MarkupInAName(t *testing.T) {
	s := start(t, oneHost, plainSite)
	for _, target := range []string{"/docu&x;ments", "/docu&x;ments/1", "/&x;documents", "/docu%26x%3Bments", "/docu%3Cb%3Ements", "/docu<b>ments", "/docu%3Cb%20a=%22%3Ex%22%3Ements", "/documents&x;/1"} {
		if a := s.get(target); a.status == 200 || s.arrived() != "" {
			t.Errorf("%s passes", target)
		}
	}
	for _, target := range []string{"/wiki/A&B;C", "/search/a%20%3C%20b", "/docs&x;", "/finance/%3Cb%3Edocuments", "/documents2&x;"} {
		if a := s.get(target); a.status != 200 || s.arrived() == "" {
			t.Errorf("%s: %d %s", target, a.status, a.reason())
		}
	}
}

// TestDesign_C13_AFormSaysAnotherMethod: what is open to POST is not so to the
// DELETE that a form's _method makes of it in Rails, Laravel and Symfony, a key of
// their own in ASP.NET MVC, Catalyst and Restlet, nor what is open to GET to what
// WordPress makes of it by its query.
func TestDesign_C13_AFormSaysAnotherMethod(t *testing.T) {
	s := start(t, oneHost+"    allow: [{path: /documents/inbox, method: [GET, POST]}]\n", plainSite)
	s.app.do(func() { s.app.handle = func(w http.ResponseWriter, _ *http.Request) bool { return true } })
	post := func(target, kind, body string) answer {
		return raw(t, s.addr, message("POST", target, "office.test", "Cookie: sid=bob", "Content-Type: "+kind, fmt.Sprint("Content-Length: ", len(body)))+body)
	}
	for _, c := range [][3]string{
		{"/documents/inbox?_method=DELETE", urlencoded, "a=b"}, {"/documents/inbox", urlencoded, "_method=delete"}, {"/documents/inbox", urlencoded, "a=b&%5Fmethod=PUT"}, {"/documents/inbox", multi, part("_method", "PATCH") + "--B--\r\n"},
		{"/documents/inbox", "application/json", `{"_method":"DELETE"}`}, {"/documents/inbox", urlencoded, strings.Repeat("a=b&", 20000) + "_method=DELETE"},
		{"/documents/inbox", urlencoded, "X-HTTP-Method-Override=PUT"}, {"/documents/inbox", urlencoded, "x-tunneled-method=DELETE"}, {"/documents/inbox?method=DELETE", urlencoded, "a=b"},
	} {
		if a := post(c[0], c[1], c[2]); a.status == 200 {
			t.Errorf("%s with %.40q passes", c[0], c[2])
		}
	}
	for _, c := range [][3]string{{"/documents/inbox", urlencoded, "a=b&_method=POST"}, {"/documents/inbox", multi, part("f", "x") + "--B--\r\n"}, {"/documents/inbox", "application/octet-stream", strings.Repeat("x", 200_000)}, {"/documents/inbox/1?x=1", "application/json", `{"a":1}`}, {"/documents/inbox", urlencoded, "method=card"}} {
		if a := post(c[0], c[1], c[2]); a.status != 200 {
			t.Errorf("%s with %.40q: %d %s", c[0], c[2], a.status, a.reason())
		}
	}
	for target, open := range map[string]bool{"/documents/inbox?_method=DELETE": false, "/documents/inbox?%5FMETHOD[]=put": false, "/documents/inbox?_method=GET&method=card": true} {
		if a := s.get(target); (a.status == 200) != open {
			t.Errorf("GET %s: %d %s", target, a.status, a.reason())
		}
	}
}

// TestDesign_C13_AFieldMakesAQuestionOfAForm: Payload's pages ask by a POST what is too
// long for an address, and a field says that it is a GET. Without it the application
// makes a record of the question. What is open to POST alone is not so to it.
func TestDesign_C13_AFieldMakesAQuestionOfAForm(t *testing.T) {
	s := start(t, oneHost+"    allow: [{path: /documents/in, method: [POST]}, {path: /documents/both, method: [GET, POST]}, /documents/any]\n", plainSite)
	var asked string
	s.app.do(func() {
		s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/api/me" {
				return false
			}
			if asked = r.Method; r.Method == "POST" && r.Header.Get("X-Payload-HTTP-Method-Override") == "GET" {
				asked = "GET"
			}
			return true
		}
	})
	question := func(target, line string) string {
		asked = "nothing"
		raw(t, s.addr, message("POST", target, "office.test", "Cookie: sid=bob", "Content-Type: "+urlencoded, "Content-Length: 3", line)+"a=b")
		return asked
	}
	const field = "X-Payload-HTTP-Method-Override: GET"
	for target, want := range map[string]string{"/open": "GET", "/documents": "nothing", "/documents/in": "nothing", "/documents/both": "GET", "/documents/any": "GET"} {
		if got := question(target, field); got != want {
			t.Errorf("%s: %s is done, not %s", target, got, want)
		}
	}
	for _, line := range []string{"X-Payload-HTTP-Method-Override: DELETE", "X-Payload-HTTP-Method-Override: get", "X-HTTP-Method-Override: GET", field + "\r\n" + field, "A: b"} {
		if got := question("/documents/in", line); got != "POST" {
			t.Errorf("with %q %s is done", line, got)
		}
	}
}

// TestAdvisory_PN16_APageServedTwice: Next.js and Gatsby serve what is on a page as
// JSON under folders of their own; Next.js, Astro and Nuxt a picture, at another size,
// to whoever names it; JSF, Struts and SAP have words for themselves in a path.
func TestAdvisory_PN16_APageServedTwice(t *testing.T) {
	s := start(t, oneHost, plainSite)
	for _, target := range []string{
		"/_next/data/B1/documents.json", "/_next/data/B1/documents/1.json?id=1", "/%5fnext/data/B1/%64ocuments.json", "/page-data/documents/page-data.json",
		"/_next/image?url=%2Fdocuments%2F1.png&w=64&q=75", "/_next/image?w=64&q=75&url=/x/../%2564ocuments/1.png", "/_next/image/?url=/documents/1.png", "/_next/image?url=/_next/image%3Furl%3D%252Fdocuments%252F1.png",
		"/_image?href=/documents/1.png&f=png", "/%5fimage/?%68ref=%09/documents/1.png",
		"/_ipx/w_200/documents/1.png", "/%5fipx/a%2fb/%64ocuments/1.png", "/_ipx/w?x/documents/1.png",
		"/faces/documents.xhtml", "/faces/documents/1.jsf", "/documents!list.action", "/documents%21list", "/documents(bD1kZQ==)/1",
	} {
		if a := s.get(target); a.status == 200 || s.arrived() != "" {
			t.Errorf("%s passes", target)
		}
	}
	for _, target := range []string{
		"/_next/data/B1/index.json", "/_next/data/B1/finance.json?next=/documents", "/_next/static/chunks/pages/documents-1.js", "/page-data/app-data.json", "/page-data/index/page-data.json",
		"/_next/image?url=%2Flogo.png&w=64&q=75", "/_next/image?url=https%3A%2F%2Fcdn.example%2Fdocuments%2F1.png&w=64", "/login?url=/documents",
		"/faces/index.xhtml", "/index!list.action", "/sap(bD1kZQ==)/documents",
		"/_image?href=/_astro/logo.a1.png&w=64", "/_ipx/w_200/logo.png", "/_ipx/_/logo.png?v=/documents",
	} {
		if a := s.get(target); a.status != 200 || s.arrived() == "" {
			t.Errorf("%s: %d %s", target, a.status, a.reason())
		}
	}
}

// TestDesign_C13_ARouteThatAQueryNames: WordPress serves what is below /wp-json by any
// path whose query or form names the route.
func TestDesign_C13_ARouteThatAQueryNames(t *testing.T) {
	s := start(t, strings.Replace(oneHost, "- /documents", "- /wp-json/wp/v2/users", 1), plainSite)
	s.app.do(func() { s.app.handle = func(w http.ResponseWriter, _ *http.Request) bool { return true } })
	for target, open := range map[string]bool{"/?rest_route=/wp/v2/users": false, "/hello/?x=1&rest%5Froute=%2Fwp%2Fv2%2Fusers%2F1": false, "/?rest_route=/wp/v2/posts": true, "/?s=rest_route": true} {
		if a := s.get(target); (a.status == 200) != open {
			t.Errorf("%s: %d %s", target, a.status, a.reason())
		}
	}
	for body, open := range map[string]bool{"rest_route=/wp/v2/users": false, strings.Repeat("a=b&", 20000) + "rest_route=/wp/v2/users": false, "rest_route=/wp/v2/posts": true, "comment=hello": true} {
		a := raw(t, s.addr, message("POST", "/?_method=GET", "office.test", "Cookie: sid=bob", "Content-Type: "+urlencoded, fmt.Sprint("Content-Length: ", len(body)))+body)
		if (a.status == 200) != open {
			t.Errorf("POST of %.40q: %d %s", body, a.status, a.reason())
		}
	}
}

// TestDesign_C13_AListOfRequests: OData and WordPress answer requests that stand in the
// body of another, whose own path is none of theirs.
func TestDesign_C13_AListOfRequests(t *testing.T) {
	s := start(t, strings.Replace(oneHost, "- /documents", "- /odata/Salaries\n      - /wp-json/wp/v2/users", 1), plainSite)
	s.app.do(func() { s.app.handle = func(w http.ResponseWriter, _ *http.Request) bool { return true } })
	for target, open := range map[string]bool{
		"/odata/$batch": false, "/odata/%24batch/": false, "/OData/x/../$Batch?x=1": false, "/wp-json/batch/v1": false, "/?rest_route=/batch/v1": false,
		"/shop/$batch": true, "/odata/$metadata": true, "/wp-json/wp/v2/posts": true,
	} {
		if a := raw(t, s.addr, message("POST", target, "office.test", "Cookie: sid=bob", "Content-Type: application/json", "Content-Length: 2")+"{}"); (a.status == 200) != open {
			t.Errorf("%s: %d %s", target, a.status, a.reason())
		}
	}
}

// TestAdvisory_PN16_AScriptWithoutItsExtension: Apache's MultiViews and `try_files $uri
// $uri.php` run /admin.php for /admin, and for what stands behind it.
func TestAdvisory_PN16_AScriptWithoutItsExtension(t *testing.T) {
	s := start(t, strings.Replace(oneHost, "- /documents", "- /documents\n      - /admin.php\n      - /help/list.aspx", 1), plainSite)
	for _, target := range []string{"/admin.php", "/admin", "/Admin/users", "/admin?x=y", "/%61dmin/", "/help/list", "/help/list/1", "/index?page=mensagens"} {
		if a := s.get(target); a.status == 200 || s.arrived() != "" {
			t.Errorf("%s passes", target)
		}
	}
	for _, target := range []string{"/admins", "/admin-help", "/help", "/help/lists", "/index", "/index?page=home", "/indexes?page=mensagens"} {
		if a := s.get(target); a.status != 200 || s.arrived() == "" {
			t.Errorf("%s: %d %s", target, a.status, a.reason())
		}
	}
}
