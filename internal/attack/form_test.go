package attack

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const (
	urlencoded = "application/x-www-form-urlencoded"
	multi      = "multipart/form-data; boundary=B"
)

// part is one field of a multipart form.
func part(name, value string, more ...string) string {
	return "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n" + strings.Join(append(more, ""), "\r\n") + "\r\n" + value + "\r\n"
}

// TestDesign_C13_FormsThatTwoReadersReadTwoWays: a body in which some framework
// finds the field that a rule names, though a plainer reader finds none, is
// protected; plain ones that do not name it pass, byte for byte.
func TestDesign_C13_FormsThatTwoReadersReadTwoWays(t *testing.T) {
	s := start(t, oneHost, plainSite)
	s.app.do(func() {
		s.app.handle = func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("X-Reached", "yes")
			return strings.HasPrefix(r.URL.Path, "/index.php")
		}
	})
	hit, end := part("page", "mensagens"), "--B--\r\n"
	for name, c := range map[string]struct {
		kind, body string
		lines      []string
	}{
		"behind the end (PHP)":                  {multi, part("x", "1") + end + hit + end, nil},
		"another boundary (PHP)":                {"multipart/form-data; xboundary=A; boundary=B", strings.ReplaceAll(hit, "--B", "--A") + "--A--\r\n" + part("x", "1") + end, nil},
		"two boundaries":                        {"multipart/form-data; boundary=A; boundary=B", part("x", "1") + end, nil},
		"base64 (Django)":                       {multi, part("page", "bWVuc2FnZW5z", "Content-Transfer-Encoding: base64") + end, nil},
		"quoted-printable":                      {multi, part("page", "=6Densagens", "Content-Transfer-Encoding: quoted-printable") + end, nil},
		"no disposition that can be read (PHP)": {multi, "--B\r\nContent-Disposition: form-data; name=\"page\"; name=\"x\"\r\n\r\nmensagens\r\n" + end, nil},
		"a name in other quotes (PHP)":          {multi, strings.Replace(hit, `"page"`, `'page'`, 1) + end, nil},
		"an attachment (PHP)":                   {multi, "--B\r\nContent-Disposition: attachment; name=\"page\"\r\n\r\nmensagens\r\n" + end, nil},
		"as related parts (Rack)":               {"multipart/related; boundary=B", hit + end, nil},
		"compressed (Express)":                  {urlencoded, zipped("page=mensagens"), []string{"Content-Encoding: gzip"}},
		"said to be deflated":                   {urlencoded, "x", []string{"Content-Encoding: deflate"}},
		"EBCDIC (Django, ASP.NET)":              {urlencoded + "; charset=ibm037", "%97%81%87%85=%94%85%95%A2%81%87%85%95%A2", nil},
		"UTF-16":                                {urlencoded + "; charset=utf-16le", "p\x00a\x00g\x00e\x00=\x00m\x00", nil},
		"UTF-7":                                 {urlencoded + "; charset=\"UTF-7\"", "+AHA-age=mensagens", nil},
		"JSON (Laravel, Rails)":                 {"application/json", `{"page":"mensagens"}`, nil},
		"JSON, a list":                          {"application/json", `{"page":["home","mensagens"]}`, nil},
		"JSON, twice":                           {"application/json", `{"page":"mensagens","page":"home"}`, nil},
		"JSON, escaped":                         {"application/json; charset=utf-8", `{"p\u0061ge":"\u006densagens"}`, nil},
		"JSON of another type":                  {"application/vnd.api+json", `{"page":"mensagens"}`, nil},
		"text/json":                             {"text/json", `{"page":"mensagens"}`, nil},
		"JSON, an object":                       {"application/json", `{"page":{"0":"mensagens"}}`, nil},
		"JSON, deep":                            {"application/json", `{"page":[{"a":["mensagens"]}]}`, nil},
		"JSON (Rails)":                          {"application/jsonrequest", `{"page":"mensagens"}`, nil},
		"JSON of old (Rails)":                   {"text/x-json", `{"page":"mensagens"}`, nil},
		"JSON patch (Laravel)":                  {"application/json-patch", `{"page":"mensagens"}`, nil},
		"JSON with a mark":                      {"application/json", "\ufeff" + `{"page":"mensagens"}`, nil},
		"JSON with a comment (Jackson)":         {"application/json", `{/**/"page":"mensagens"}`, nil},
		"JSON that is cut":                      {"application/json", `{"page":"mensagens"`, nil},
		"two JSONs":                             {"application/json", `{"page":"mensagens"}{"page":"home"}`, nil},
		"two types":                             {"text/plain", "page=mensagens", []string{"Content-Type: " + urlencoded}},
		"no type":                               {"", "page=mensagens", nil},
	} {
		for _, method := range []string{"POST", "PUT", "GET"} {
			lines := append([]string{"Cookie: sid=bob", fmt.Sprint("Content-Length: ", len(c.body))}, c.lines...)
			if c.kind != "" {
				lines = append(lines, "Content-Type: "+c.kind)
			}
			s.app.last()
			raw(t, s.addr, message(method, "/index.php?page=home", "office.test", lines...)+c.body)
			if r, _ := s.app.last(); r != nil {
				t.Errorf("%s %s reaches the app", method, name)
			}
		}
	}
	for name, c := range map[string]struct{ kind, body string }{
		"a form": {urlencoded, "page=home&x=mensagens"}, "UTF-8": {urlencoded + "; charset=UTF-8", "page=home&n=%C3%A9+x"}, "Latin-1": {urlencoded + "; charset=ISO-8859-1", "n=%E9"}, "an upload": {multi, part("page", "home") + strings.Replace(part("f", "\x00\xff--x", "Content-Type: image/png"), `"f"`, `"f"; filename="mensagens.png"`, 1) + end},
		"JSON": {"application/json", `{"page":"home","x":"mensagens","y":{"page":"mensagens"}}`}, "a JSON list": {"application/json", `[{"page":"mensagens"}]`}, "JSON-RPC": {"application/json", `{"jsonrpc":"2.0","method":"mensagens","id":1}`}, "XML": {"text/xml", "<page>mensagens</page>"}, "a file": {"application/octet-stream", "page=mensagens"}, "plain text": {"text/plain", "page=mensagens"},
	} {
		s.app.last()
		a := raw(t, s.addr, message("POST", "/index.php", "office.test", "Cookie: sid=bob", "Content-Type: "+c.kind, fmt.Sprint("Content-Length: ", len(c.body)))+c.body)
		if _, body := s.app.last(); a.status != 200 || body != c.body {
			t.Errorf("%s, which is harmless: %d %s, arrives as %q", name, a.status, a.reason(), body)
		}
	}
}
