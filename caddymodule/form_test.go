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
	}{
		"ok/urlencoded":             {"application/x-www-form-urlencoded", "page=x&b=2", "x", false},
		"ok/multipart":              {"multipart/form-data; boundary=b", multi, "x", false},
		"ok/json holds no fields":   {"application/json", `{"page":"x"}`, "", false},
		"ok/no type is looked into": {"", "page=x", "x", false},
		"fail/over 64 KiB":          {"application/x-www-form-urlencoded", strings.Repeat("a", maxForm+1), "", true},
		"fail/bad escape":           {"application/x-www-form-urlencoded", "page=%zz", "", true},
		"fail/no boundary":          {"multipart/form-data", multi, "", true},
		"fail/cut multipart":        {"multipart/form-data; boundary=b", multi[:40], "", true},
		"fail/unreadable type":      {"multipart/form-data; boundary", multi, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
			if c.kind != "" {
				r.Header.Set("Content-Type", c.kind)
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
