package enroll

import (
	"net/mail"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// An address that mail is sent to is one address to every reader, and nothing
// that could end a header or name a second recipient; what is shown of it gives
// away one character of the name.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{
		"bob@example.com", "Bob <bob@example.com>", "a@b@c", "bob@example.com\r\nBcc: eve@evil.example", "bob@example.com,eve@evil.example", `"a b"@example.com`, "bob@example.com (x)",
		"é@example.com", "bob@exämple.com", "<bob@example.com>", "bob@[127.0.0.1]", "\u202ebob@example.com", "=?utf-8?q?x?=@example.com", " bob@example.com ",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := mailable(text)
		if !ok {
			if got != "" {
				t.Fatalf("%q is refused, and is %q", text, got)
			}
			return
		}
		if got != strings.TrimSpace(text) || len(got) > 254 || !utf8.ValidString(got) || strings.Count(got, "@") != 1 || strings.ContainsFunc(got, unicode.IsControl) || strings.ContainsAny(got, "<>, \r\n") {
			t.Fatalf("%q is read as %q", text, got)
		}
		list, err := mail.ParseAddressList(got)
		if err != nil || len(list) != 1 || list[0].Address != got || list[0].Name != "" {
			t.Fatalf("%q is read as %q, and by others as %v, %v", text, got, list, err)
		}
		if again, ok := mailable(got); !ok || again != got {
			t.Fatalf("%q is read as %q, and that as %q", text, got, again)
		}
		local, domain, _ := strings.Cut(got, "@")
		first, _ := utf8.DecodeRuneInString(local)
		if masked(got) != string(first)+"•••@"+domain {
			t.Fatalf("%q is shown as %q", got, masked(got))
		}
	})
}
