package policy

import (
	"strings"
	"testing"
)

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

// A server may answer /admin by the script /admin.php, and hand it the rest of the
// path.
func TestAScriptIsItsNameWithoutTheExtension(t *testing.T) {
	p := mustParse(t, `version: 1
tenants:
  a:
    require: mfa
    protect: [/admin.php, /shop/list.aspx, /help/page.html, /v1.2, /a.b/c, {path: /index.php, query: {page: mensagens}}]
    allow: [/admin/public/files]
`)
	for path, hit := range map[string]bool{
		"/admin.php": true, "/admin": true, "/Admin/": true, "/admin/users": true, "/%61dmin": true, "/shop/list": true, "/help/page": true, "/index?page=mensagens": true, "/admin?x=y": true,
		"/admins": false, "/admin-area": false, "/shop": false, "/shop/lists": false, "/help": false, "/v1": false, "/a": false, "/index": false, "/index?page=home": false, "/admin/public/files/1": false,
	} {
		f := known("h", path)
		f.Sent.Path, f.Sent.RawQuery, _ = strings.Cut(path, "?")
		if got := p.Decide(&f).Reason != ReasonOpen; got != hit {
			t.Errorf("%s: protected %v, want %v", path, got, hit)
		}
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
