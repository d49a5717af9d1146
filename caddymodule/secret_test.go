package caddymodule

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExpandSecret(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return "{file." + path + "}"
	}
	t.Setenv("MFA_TEST_SET", " planted \n")
	t.Setenv("MFA_TEST_EMPTY", "")
	tests := []struct{ name, in, want, err string }{
		{name: "ok/variable", in: "{env.MFA_TEST_SET}", want: "planted"},
		{name: "ok/file with a line break", in: file("crlf", "planted\r\n"), want: "planted"},
		{name: "ok/parts", in: "x-{env.MFA_TEST_SET}", want: "x- planted"},
		{name: "ok/literal", in: "planted", want: "planted"},

		{name: "fail/variable not set", in: "{env.MFA_TEST_UNSET}", err: "{env.MFA_TEST_UNSET} is empty or cannot be read"},
		{name: "fail/variable empty", in: "{env.MFA_TEST_EMPTY}", err: "{env.MFA_TEST_EMPTY} is empty"},
		{name: "fail/file of white space", in: file("blank", " \r\n"), err: "holds nothing"},
		{name: "fail/no such file", in: "{file." + dir + "/none}", err: "cannot be read"},
		{name: "fail/file beside", in: "{file.secret.txt}", err: "give an absolute path"},
		{name: "fail/what Caddy makes of {file.key}", in: "{http.request.uri.path.file.key}", err: "give an absolute path"},
		{name: "fail/the client's header", in: "{http.request.header.X}", err: "cannot hold a secret"},
		{name: "fail/the time", in: "{time.now.unix}", err: "cannot hold a secret"},
		{name: "fail/nothing", in: " ", err: "it is empty"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := expandSecret(test.in)
			if test.err == "" && (err != nil || got != test.want) {
				t.Fatalf("got %q, %v, want %q", got, err, test.want)
			}
			if test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err) || got != "" || strings.Contains(err.Error(), "planted")) {
				t.Fatalf("got %q, %v, want the error %s and nothing of the value", got, err, test.err)
			}
		})
	}
}
