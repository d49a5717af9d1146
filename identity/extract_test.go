package identity

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func pageOf(contentType, body string) *page {
	h := http.Header{"Content-Type": {contentType}, "X-User": {"bob"}, "X-Twice": {"a", "b"}}
	return &page{header: h, media: mediaType(h), body: []byte(body)}
}

func TestExpressionFind(t *testing.T) {
	doc := `<!doctype html><p id=user data-id=7> <b>b</b>ob </p><p class=x>a<p class=x>b<i title=""></i>`
	for name, tc := range map[string]struct {
		kind, text, attr, body string
		want                   any // nil: absent; an error: its text
	}{
		"ok/json":                 {"json", "a.b.1", "", `{"a":{"b":[1,"x"]}}`, "x"},
		"ok/json dots in a name":  {"json", "https://x.example/id", "", `{"https://x.example/id":"x"}`, "x"},
		"ok/json big number":      {"json", "id", "", `{"id":9007199254740993}`, json.Number("9007199254740993")},
		"ok/json absent":          {"json", "a.c", "", `{"a":{"b":1}}`, nil},
		"ok/json no such item":    {"json", "a.01", "", `{"a":[1,2]}`, nil},
		"fail/json two ways":      {"json", "a.b", "", `{"a.b":1,"a":{"b":2}}`, errTwoValues},
		"ok/html text":            {"html", "#user", "", doc, "bob"},
		"ok/html attr":            {"html", "p#user", "DATA-ID", doc, "7"},
		"ok/html no attr":         {"html", "#user", "href", doc, nil},
		"ok/html empty attr":      {"html", "i", "title", doc, ""},
		"ok/html absent":          {"html", ".y", "", doc, nil},
		"fail/html two":           {"html", "p.x", "", doc, errTwoMatches},
		"fail/html two of a list": {"html", "#user, i", "", doc, errTwoMatches},
		"ok/regexp":               {"regexp", `id=(\w+)`, "", "x id=bob y", "bob"},
		"ok/regexp optional":      {"regexp", `id=(\d+)?`, "", "x id=bob y", nil},
		"ok/regexp absent":        {"regexp", `ID=(\w+)`, "", "x id=bob y", nil},
		"fail/regexp two":         {"regexp", `id=(\w+)`, "", "id=bob id=bob", errTwoMatches},
		"ok/header":               {"header", "x-user", "", "", "bob"},
		"ok/header absent":        {"header", "x-none", "", "", nil},
		"fail/header two":         {"header", "X-Twice", "", "", errTwoMatches},
	} {
		t.Run(name, func(t *testing.T) {
			x, err := Expression{tc.kind, tc.text, tc.attr}.compile()
			if err != nil {
				t.Fatal(err)
			}
			got, err := x.find(pageOf("text/html", tc.body))
			if wantErr, ok := tc.want.(error); ok {
				if err != wantErr || got != nil {
					t.Errorf("got %v, %v; want %v", got, err, wantErr)
				}
			} else if err != nil || got != tc.want {
				t.Errorf("got %#v, %v; want %#v", got, err, tc.want)
			}
		})
	}
}

// Old apps write Latin-1: two names must not become one by how they are read.
func TestHTMLCharset(t *testing.T) {
	x, _ := Expression{Kind: "html", Text: "p"}.compile()
	for contentType, body := range map[string]string{
		"text/html; charset=ISO-8859-1": "<p>jos\xe9", "text/html": "<meta charset=windows-1252><p>jos\xe9", "text/html; charset=utf-8": "<p>josé",
	} {
		if got, err := x.find(pageOf(contentType, body)); got != "josé" || err != nil {
			t.Errorf("%s: got %q, %v", contentType, got, err)
		}
	}
	if got, err := x.find(pageOf("text/html; charset=utf-8", "<p>jos\xe9")); err == nil {
		t.Errorf("bytes that are no UTF-8 were read as %q", got)
	}
}

func TestExpressionErrors(t *testing.T) {
	for _, tc := range []struct {
		e    Expression
		says string
	}{
		{Expression{Kind: "html"}, `html "#user"`},
		{Expression{Kind: "html", Text: "p["}, "no CSS selector"},
		{Expression{Kind: "html", Text: "p", Attr: "a b"}, "attr <name>"},
		{Expression{Kind: "json"}, "json user.login"},
		{Expression{Kind: "json", Text: "$.user"}, "dotted path"},
		{Expression{Kind: "json", Text: "a..b"}, "dotted path"},
		{Expression{Kind: "json", Text: "a", Attr: "b"}, "no attr"},
		{Expression{Kind: "regexp", Text: "user=x"}, "put the value in parentheses"},
		{Expression{Kind: "regexp", Text: "(a)(b)"}, "(?:…)"},
		{Expression{Kind: "regexp", Text: "("}, "RE2"},
		{Expression{Kind: "regex", Text: "(a)"}, "write json, html, regexp or header"},
		{Expression{Kind: "header", Text: "a b"}, "no name of a header"},
	} {
		if _, err := tc.e.compile(); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%+v: got %v, want %q in it", tc.e, err, tc.says)
		}
	}
}

func TestReadJSON(t *testing.T) {
	for _, bad := range []string{"", "{", "{} {}", `{"a":1,"a":2}`, `[{"a":{"b":1,"\u0062":2}}]`, "\"\xff\"", "{'a':1}", strings.Repeat("[", 70) + strings.Repeat("]", 70)} {
		if v, err := readJSON([]byte(bad)); err == nil {
			t.Errorf("%.40q was read as %v", bad, v)
		}
	}
	for _, good := range []string{"null", " [1,2] ", `{"a":1,"A":2}`, strings.Repeat("[", 60) + strings.Repeat("]", 60)} {
		if _, err := readJSON([]byte(good)); err != nil {
			t.Errorf("%.40q: %v", good, err)
		}
	}
}
