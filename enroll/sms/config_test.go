package sms

import (
	"net/http"
	"strings"
	"testing"
)

func TestNew(t *testing.T) {
	const form = "To={mfa.sms.number}&Body={mfa.sms.text}"
	const object = `{"to":"{mfa.sms.number}","text":"{mfa.sms.text}"}`
	tests := []struct {
		name string
		c    Config
		err  string
	}{
		{"ok/form", Config{URL: "https://gw.example/send", Body: form}, ""},
		{"ok/json", Config{URL: "https://gw.example/send?v=1", Method: "PUT", Body: object}, ""},
		{"ok/xml", Config{URL: "https://gw.example", Header: http.Header{"Content-Type": {"text/xml; charset=utf-8"}}, Body: "<m to='{mfa.sms.number}'>{mfa.sms.text}</m>"}, ""},
		{"ok/plain", Config{URL: "https://gw.example", Header: http.Header{"Content-Type": {"text/plain"}}, Body: "{mfa.sms.number}\n{mfa.sms.text}"}, ""},
		{"ok/this machine", Config{URL: "http://127.0.0.1:9000", Body: form}, ""},
		{"fail/no URL", Config{Body: form}, "there is none: write https://"},
		{"fail/in clear", Config{URL: "http://gw.example", Body: form}, "in clear over the network"},
		{"fail/scheme", Config{URL: "ftp://gw.example", Body: form}, "its scheme is not https"},
		{"fail/password in it", Config{URL: "https://u:planted@gw.example", Body: form}, "header Authorization"},
		{"fail/not a URL", Config{URL: "https://gw.example/%zzplanted", Body: form}, "not a URL"},
		{"fail/GET", Config{URL: "https://gw.example", Method: "GET", Body: form}, "it is POST or PUT"},
		{"fail/no body", Config{URL: "https://gw.example"}, "{mfa.sms.number} must stand in it once"},
		{"fail/no text", Config{URL: "https://gw.example", Body: "To={mfa.sms.number}"}, "{mfa.sms.text} must stand in it once"},
		{"fail/number twice", Config{URL: "https://gw.example", Body: form + "&x={mfa.sms.number}"}, "stands 2 times"},
		{"fail/another placeholder", Config{URL: "https://gw.example", Body: form + "&key={env.KEY}"}, "{env.KEY} is no placeholder of a body"},
		{"fail/not JSON", Config{URL: "https://gw.example", Body: `{"to":{mfa.sms.number},"text":"{mfa.sms.text}"}`}, ""},
		{"fail/broken JSON", Config{URL: "https://gw.example", Body: `{to:"{mfa.sms.number}","text":"{mfa.sms.text}"}`}, "it is no application/json"},
		{"fail/unknown type", Config{URL: "https://gw.example", Header: http.Header{"Content-Type": {"application/octet-stream"}}, Body: form}, "how to escape"},
		{"fail/line end", Config{URL: "https://gw.example", Header: http.Header{"X-Key": {"planted\r\nX: y"}}, Body: form}, "the value of X-Key"},
		{"fail/field name", Config{URL: "https://gw.example", Header: http.Header{"X Key": {"planted"}}, Body: form}, "is no field name"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := New(test.c)
			switch {
			case test.err == "" && strings.HasPrefix(test.name, "ok") && (err != nil || s.Server() == ""):
				t.Fatalf("%v", err)
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "planted")):
				t.Fatalf("error: %v\nwant:  %s", err, test.err)
			}
		})
	}
}

// TestFill: nothing in a text breaks out of the body, and neither placeholder is
// looked for in what fills the other.
func TestFill(t *testing.T) {
	for kind, c := range map[string]struct{ body, want string }{
		"application/json":                  {`{"n":"{mfa.sms.number}","t":"{mfa.sms.text}"}`, `{"n":"+31","t":"a\"b\\\n{mfa.sms.number}\u003c\u0026"}`},
		"application/x-www-form-urlencoded": {`n={mfa.sms.number}&t={mfa.sms.text}`, `n=%2B31&t=a%22b%5C%0A%7Bmfa.sms.number%7D%3C%26`},
		"application/xml":                   {`<m n="{mfa.sms.number}">{mfa.sms.text}</m>`, `<m n="+31">a&#34;b\&#xA;{mfa.sms.number}&lt;&amp;</m>`},
	} {
		s, err := New(Config{URL: "https://gw.example", Header: http.Header{"Content-Type": {kind}}, Body: c.body})
		if err != nil {
			t.Fatal(kind, err)
		}
		if got := s.fill("+31", "a\"b\\\n{mfa.sms.number}<&"); got != c.want {
			t.Errorf("%s: %s\nwant %s", kind, got, c.want)
		}
	}
}
