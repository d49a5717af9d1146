package policy

import "testing"

// A server shows a folder's index file under the folder's own name. Without the
// rule of the folder, /?page=messages passes by {path: /index.php, query: …}.
func TestAFolderIsItsIndexFile(t *testing.T) {
	p, err := parseText(`version: 1
defaults:
  require: mfa
  allow: [/shop]
  protect:
    - {path: /index.php, query: {page: mensagens}}
    - /shop/Default.aspx
    - /blog/indexes.php
    - /docs/index
tenants: {a: {}}
`, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, query string
		want        bool
	}{
		{"/", "page=mensagens", true},
		{"/", "a=b&PAGE=Mensagens", true},
		{"//", "page=mensagens", true},
		{"/x/..", "page=mensagens", true},
		{"/%2e", "page=mensagens", true},
		{"/;x", "page=mensagens", true},
		{"/index.php", "page=mensagens", true},
		{"/", "", false},
		{"/", "page=home", false},
		{"/x", "page=mensagens", false},
		{"/x/", "page=mensagens", false},
		{"/shop", "", true},
		{"/shop/", "", true},
		{"/SHOP/", "", true},
		{"/shop/default.aspx", "", true},
		{"/shop/1", "", false},
		{"/shops/", "", false},
		{"/blog/", "", false},
		{"/docs/", "", false},
	} {
		name := "ok/"
		if c.want {
			name = "fail/"
		}
		t.Run(name+c.path+"?"+c.query, func(t *testing.T) {
			d := p.Decide(&Facts{Method: "GET", Sent: Target{Path: c.path, RawQuery: c.query}})
			if d.Protected != c.want {
				t.Errorf("%+v", d)
			}
		})
	}
}

func TestUntestedNamesNoFolder(t *testing.T) {
	p, err := parseText("version: 1\ntenants: {a: {require: mfa, protect: [/index.php]}}\n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rules := p.Untested(); len(rules) != 1 {
		t.Errorf("%q", rules)
	}
}
