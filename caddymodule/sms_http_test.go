package caddymodule

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// smsBy is a gateway at this URL with these lines.
func smsBy(url, lines string) string { return global("sms http " + url + " {\n" + lines + "\n}") }

const smsBody = "body `{\"to\":\"{mfa.sms.number}\",\"text\":\"{mfa.sms.text}\"}`"

func TestParseSMS(t *testing.T) {
	for _, test := range []adaptCase{
		{name: "ok/json", caddyfile: smsBy("https://gw.example/m", "header Authorization {env.GW}\n"+smsBody), want: `json:"sms":{"body":"{\"to\":\"{mfa.sms.number}\",\"text\":\"{mfa.sms.text}\"}","headers":{"Authorization":["{env.GW}"]},"module":"http","url":"https://gw.example/m"}`},
		{name: "ok/form", caddyfile: smsBy("https://gw.example/m", "method PUT\nheader X-Key {file./run/key}\nbody To={mfa.sms.number}&Body={mfa.sms.text}"), want: `json:"method":"PUT"`},
		{name: "ok/this machine", caddyfile: smsBy("http://127.0.0.1:8081", smsBody)},
		{name: "ok/URL from outside", caddyfile: smsBy("{env.GW_URL}", smsBody), want: `json:"url":"{env.GW_URL}"`},
		{name: "warn/literal key", caddyfile: smsBy("https://gw.example", "header Authorization planted\n"+smsBody), warn: "the header Authorization of 'sms http' is a literal"},
		{name: "fail/in clear", caddyfile: smsBy("http://gw.example", smsBody), want: "in clear over the network"},
		{name: "fail/no URL", caddyfile: global("sms http {\n" + smsBody + "\n}"), want: "'sms http' takes one URL"},
		{name: "fail/no body", caddyfile: smsBy("https://gw.example", "method POST"), want: "{mfa.sms.number} must stand in it once"},
		{name: "fail/half a header", caddyfile: smsBy("https://gw.example", "header Authorization\n"+smsBody), want: "takes a field and a value"},
		{name: "fail/a header twice", caddyfile: smsBy("https://gw.example", "header x-key {env.A}\nheader X-Key {env.B}\n"+smsBody), want: "stands twice"},
		{name: "fail/a header of the client", caddyfile: smsBy("https://gw.example", "header X-Key {http.request.header.X}\n"+smsBody), want: "cannot hold a secret"},
		{name: "fail/a secret in the body", caddyfile: smsBy("https://gw.example", "body key={env.K}&to={mfa.sms.number}&text={mfa.sms.text}"), want: "{env.K} is no placeholder of a body"},
		{name: "fail/another kind", caddyfile: global("sms smtp x"), want: "unknown 'sms smtp'"},
		{name: "fail/unknown word", caddyfile: smsBy("https://gw.example", "headers x y\n"+smsBody), want: "did you mean 'header'?"},
	} {
		t.Run(test.name, test.run)
	}
}

// TestSMSProvision holds a gateway given as JSON to what the Caddyfile is held to,
// once its secrets are read; nothing is dialled.
func TestSMSProvision(t *testing.T) {
	t.Setenv("MFA_TEST_GW", "Bearer planted\n")
	body := `n={mfa.sms.number}&t={mfa.sms.text}`
	for name, c := range map[string]struct {
		m   HTTPTexter
		err string
	}{
		"ok/":              {HTTPTexter{URL: "https://gw.example", Headers: http.Header{"Authorization": {"{env.MFA_TEST_GW}"}}, Body: body}, ""},
		"fail/no URL":      {HTTPTexter{Body: body}, "there is none: write https://"},
		"fail/secret gone": {HTTPTexter{URL: "https://gw.example", Headers: http.Header{"Authorization": {"{env.MFA_TEST_NO}"}}, Body: body}, "{env.MFA_TEST_NO}"},
		"fail/in clear":    {HTTPTexter{URL: "http://gw.example", Body: body}, "in clear"},
	} {
		err := c.m.Provision(caddy.Context{})
		switch {
		case c.err == "" && (err != nil || c.m.Texter() == nil):
			t.Errorf("%s: %v", name, err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "planted")):
			t.Errorf("%s: %v, want %q", name, err, c.err)
		}
	}
}

// TestSMSPresets adapts every gateway that docs/methods.md shows.
func TestSMSPresets(t *testing.T) {
	text, err := os.ReadFile("../docs/methods.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```caddyfile\n(sms http .*?)```").FindAllSubmatch(text, -1)
	if len(blocks) < 4 {
		t.Fatalf("docs/methods.md shows %d gateways", len(blocks))
	}
	for _, b := range blocks {
		adaptCase{name: "ok/preset", caddyfile: global(string(b[1])), want: `json:"module":"http"`}.run(t)
	}
}
