package caddymodule

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestFormBody(t *testing.T) {
	multi := "--b\r\nContent-Disposition: form-data; name=\"page\"\r\n\r\nx\r\n--b--\r\n"
	for name, c := range map[string]struct {
		kind, body string
		page       string
		bad        bool
		coding     string
	}{
		"ok/urlencoded":             {"application/x-www-form-urlencoded", "page=x&b=2", "x", false, ""},
		"ok/multipart":              {"multipart/form-data; boundary=b", multi, "x", false, ""},
		"ok/json":                   {"application/json", `{"page":"x","a":{"page":"y"}}`, "x", false, ""},
		"ok/json, a list":           {"application/vnd.api+json", `{"page":["x",2]}`, "x", false, ""},
		"ok/json, an object":        {"application/json", `{"page":{"a":[{"b":"x"}]}}`, "x", false, ""},
		"ok/json, a number":         {"application/json", `{"page":4.2e1}`, "4.2e1", false, ""},
		"ok/json, a boolean":        {"application/json", `{"page":false}`, "false", false, ""},
		"ok/json, null":             {"application/json", `{"page":null}`, "", false, ""},
		"ok/json to Rails":          {"application/jsonrequest", `{"page":"x"}`, "x", false, ""},
		"ok/json of old":            {"text/x-json; charset=utf-8", `{"page":"x"}`, "x", false, ""},
		"fail/json with a mark":     {"application/json", "\ufeff" + `{"page":"x"}`, "", true, ""},
		"fail/json with comments":   {"application/json", `{/**/"page":"x"}`, "", true, ""},
		"fail/json without end":     {"application/json", strings.Repeat(`{"page":`, 9000) + `"x"`, "", true, ""},
		"fail/json over 64 KiB":     {"application/json", `{"page":"` + strings.Repeat("a", maxForm) + `"}`, "", true, ""},
		"ok/json without names":     {"text/json", `["page","x"]`, "", false, ""},
		"ok/json, empty":            {"application/json", " ", "", false, ""},
		"ok/another kind":           {"text/xml", "<page>x</page>", "", false, ""},
		"fail/json, cut":            {"application/json", `{"page":"x"`, "", true, ""},
		"fail/json, two":            {"application/json", `{"page":"x"}{}`, "", true, ""},
		"ok/no type is looked into": {"", "page=x", "x", false, ""},
		"fail/over 64 KiB":          {"application/x-www-form-urlencoded", strings.Repeat("a", maxForm+1), "", true, ""},
		"fail/bad escape":           {"application/x-www-form-urlencoded", "page=%zz", "", true, ""},
		"fail/no boundary":          {"multipart/form-data", multi, "", true, ""},
		"fail/cut multipart":        {"multipart/form-data; boundary=b", multi[:40], "", true, ""},
		"fail/unreadable type":      {"multipart/form-data; boundary", multi, "", true, ""},
		"fail/another form's type":  {"multipart/related; boundary=b", strings.ReplaceAll(multi, "form-data", "attachment"), "", true, ""},

		// TestDesign_C13: what one reader takes for another field, or for none.
		"ok/file name":                 {"multipart/form-data; boundary=b", strings.Replace(multi, `"page"`, `"page"; filename="a b.pdf"`, 1), "x", false, ""},
		"ok/file name in UTF-8":        {"multipart/form-data; boundary=b", strings.Replace(multi, `"page"`, `"page"; filename="a"; filename*=utf-8''%C3%A9`, 1), "x", false, ""},
		"ok/name without quotes":       {"multipart/form-data; boundary=b", strings.Replace(multi, `"page"`, `page`, 1), "x", false, ""},
		"ok/LF alone":                  {"multipart/form-data; boundary=b", strings.ReplaceAll(multi, "\r\n", "\n"), "x", false, ""},
		"fail/name in other quotes":    {"multipart/form-data; boundary=b", strings.Replace(multi, `"page"`, `'page'`, 1), "", true, ""},
		"fail/file in other quotes":    {"multipart/form-data; boundary=b", strings.Replace(multi, `"page"`, `"q"; filename='a'`, 1), "", true, ""},
		"ok/quotes of the other kind":  {"multipart/form-data; boundary=b", strings.Replace(multi, `"page"`, `"page"; filename="it's"; filename*=utf-8'en'it%27s`, 1), "x", false, ""},
		"fail/name twice":              {"multipart/form-data; boundary=b", strings.Replace(multi, `"page"`, `"page"; name="q"`, 1), "", true, ""},
		"fail/name in UTF-8":           {"multipart/form-data; boundary=b", strings.Replace(multi, `name="page"`, `name="page"; name*=utf-8''q`, 1), "", true, ""},
		"fail/escaped quote":           {"multipart/form-data; boundary=b", strings.Replace(multi, `"page"`, `"page\"q"`, 1), "", true, ""},
		"fail/encoded value":           {"multipart/form-data; boundary=b", strings.Replace(multi, "\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1), "", true, ""},
		"fail/no name":                 {"multipart/form-data; boundary=b", strings.Replace(multi, `; name="page"`, ``, 1), "", true, ""},
		"fail/two dispositions":        {"multipart/form-data; boundary=b", strings.Replace(multi, "\r\n\r\n", "\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\n", 1), "", true, ""},
		"fail/boundary after LF alone": {"multipart/form-data; boundary=b", strings.Replace(multi, "x\r\n", "x\n--b\nContent-Disposition: form-data; name=\"page\"\n\ny\r\n", 1), "", true, ""},
		"fail/two boundaries":          {"multipart/form-data; boundary=c; x=boundary=b", multi, "", true, ""},
		"fail/boundary in UTF-8":       {"multipart/form-data; boundary*=utf-8''b", multi, "", true, ""},
		"fail/compressed":              {"application/x-www-form-urlencoded\x00gzip", "page=x", "", true, ""},
		"fail/charset":                 {"application/x-www-form-urlencoded; charset=ibm037", "page=x", "", true, ""},
		"fail/charset of a form":       {"application/x-www-form-urlencoded; charset=utf-16", "page=x", "", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.kind, c.coding, _ = strings.Cut(c.kind, "\x00")
			r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
			if c.kind != "" {
				r.Header.Set("Content-Type", c.kind)
			}
			if c.coding != "" {
				r.Header.Set("Content-Encoding", c.coding)
			}
			form := formBody(r)
			for range 2 {
				v, err := form()
				if (err != nil) != c.bad || v.Get("page") != c.page {
					t.Fatalf("%v, %v", v, err)
				}
			}
			if rest, err := io.ReadAll(r.Body); err != nil || string(rest) != c.body {
				t.Errorf("the app would get %d of %d bytes, %v", len(rest), len(c.body), err)
			}
		})
	}
}
