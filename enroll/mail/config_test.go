package mail

import (
	"strings"
	"testing"
	"time"
)

func TestNew(t *testing.T) {
	const from = "Segurança <security@example.com>"
	for name, tt := range map[string]struct {
		c      Config
		server string   // of an accepted one
		want   []string // in the refusal
	}{
		"ok/starttls":              {Config{URL: "smtp+starttls://mail.example.com", From: from}, "mail.example.com:587", nil},
		"ok/smtps":                 {Config{URL: "smtps://mail.example.com/", From: from}, "mail.example.com:465", nil},
		"ok/port":                  {Config{URL: "smtps://mail.example.com:2465", From: from}, "mail.example.com:2465", nil},
		"ok/loopback":              {Config{URL: "smtp://127.0.0.1:1025", From: from}, "127.0.0.1:1025", nil},
		"ok/loopback v6":           {Config{URL: "smtp://[::1]:1025", From: from}, "[::1]:1025", nil},
		"ok/localhost":             {Config{URL: "smtp://localhost", From: "a@b.example"}, "localhost:25", nil},
		"ok/insecure":              {Config{URL: "smtp://mail:25", From: from, Insecure: true}, "mail:25", nil},
		"fail/no URL":              {Config{From: from}, "", []string{"there is none", "smtp+starttls://host:587"}},
		"fail/in clear":            {Config{URL: "smtp://mail.example.com", From: from}, "", []string{"mail.example.com", "in clear", "smtp+starttls://", "`insecure`"}},
		"fail/localhost elsewhere": {Config{URL: "smtp://localhost.example.com", From: from}, "", []string{"in clear"}},
		"fail/scheme":              {Config{URL: "http://mail.example.com", From: from}, "", []string{`"http"`, "smtps://"}},
		"fail/no scheme":           {Config{URL: "mail.example.com:587", From: from}, "", []string{"no scheme", "smtp+starttls://"}},
		"fail/no host":             {Config{URL: "smtps://", From: from}, "", []string{"no host"}},
		"fail/port":                {Config{URL: "smtps://mail:99999", From: from}, "", []string{`"99999"`, "65535"}},
		"fail/path":                {Config{URL: "smtps://mail/x", From: from}, "", []string{`"mail"`}},
		"fail/query":               {Config{URL: "smtps://mail?insecure=1", From: from}, "", []string{`"mail"`}},
		"fail/password in URL":     {Config{URL: "smtps://bob:hunter2@mail", From: from}, "", []string{"`username` and `password`"}},
		"fail/password, no scheme": {Config{URL: "bob:hunter2@mail", From: from}, "", []string{"no scheme"}},
		"fail/password, bad URL":   {Config{URL: "smtps://bob:hunter2#x@mail", From: from}, "", []string{"not a URL"}},
		"fail/control":             {Config{URL: "smtps://mail\n", From: from}, "", []string{"not a URL"}},
		"fail/no from":             {Config{URL: "smtps://mail"}, "", []string{"sender", "from security@example.com"}},
		"fail/bad from":            {Config{URL: "smtps://mail", From: "security"}, "", []string{`"security"`, "from security@example.com"}},
		"fail/two at signs":        {Config{URL: "smtps://mail", From: `"a@b"@c.example`}, "", []string{"not an address"}},
		"fail/from with a line":    {Config{URL: "smtps://mail", From: "a@b.example\r\nBcc: x@y.example"}, "", []string{"control character"}},
		"fail/no password":         {Config{URL: "smtps://mail", From: from, Username: "bob"}, "", []string{"both"}},
		"fail/no username":         {Config{URL: "smtps://mail", From: from, Password: "hunter2"}, "", []string{"both"}},
		"fail/line in password":    {Config{URL: "smtps://mail", From: from, Username: "bob", Password: "hunter2\n"}, "", []string{"control character"}},
		"fail/timeout":             {Config{URL: "smtps://mail", From: from, Timeout: -time.Second}, "", []string{"-1s"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := New(tt.c)
			if tt.want == nil {
				if err != nil || s.Server() != tt.server || s.c.Timeout != 10*time.Second {
					t.Fatalf("got %v, %v", s, err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q lacks %q", err, w)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q shows the password", err)
			}
		})
	}
}
