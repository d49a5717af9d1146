package policy

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestQueryRules(t *testing.T) {
	p := mustParse(t, `
version: 1
tenants:
  a:
    require: mfa
    protect: [{path: /index.php, query: {page: mensagens}}, {path: /x, query: {a: 1, b: [2, "3"]}}, /doku.php]
    allow: [{path: /doku.php/open, query: {do: login}}]
`)
	form := func(s string) func() (url.Values, error) {
		return func() (url.Values, error) { return url.ParseQuery(s) }
	}
	broken := func() (url.Values, error) { return nil, errors.New("no form") }
	for _, c := range []struct {
		path, query string
		form        func() (url.Values, error)
		hit         bool
	}{
		{"/index.php", "", nil, false},
		{"/index.php", "page=home", nil, false},
		{"/index.php", "xpage=mensagens&page_=mensagens", nil, false},
		{"/finance", "page=mensagens", broken, false},
		{"/finance", "x=/index.php?page=mensagens", nil, false},
		{"/index.php", "page=mensagens", nil, true},
		{"/index.php", "PAGE=Mensagens", nil, true},
		{"/index.php", "a=1;page=mensagens", nil, true},
		{"/index.php", "a&amp;page=mensagens", nil, true},
		{"/index.php", "%70age=%6densagens", nil, true},
		{"/index.php", "%2570age=%256densagens", nil, true},
		{"/index.php", "%20page=mensagens", nil, true},
		{"/index.php", "+page=mensagens+", nil, true},
		{"/index.php", "page[]=mensagens", nil, true},
		{"/index.php", "page%5B0%5D=mensagens", nil, true},
		{"/index.php", "[page]=mensagens", nil, true},
		{"/index.php", "x=1&]page=mensagens", nil, true},
		{"/index.php", "page]=mensagens", nil, true},
		{"/index.php", "page=home&page=mensagens", nil, true},
		{"/index.php", "page=mensagens&page=home", nil, true},
		{"/index.php", "page=mensagens%00x", nil, true},
		{"/index.php", "page=mensagens#x", nil, true},   // to Werkzeug, nginx and PHP the rest is a fragment
		{"/index.php", "page=mensagens%23x", nil, true}, // MediaWiki
		{"/index.php", "page=mensagens/id/3", nil, true},
		{"/index.php", "page=mensagens.html", nil, true},
		{"/index.php", "page=mensagens%7Cx", nil, true},
		{"/index.php", "page=mensa/gens/x", nil, true},
		{"/index.php", "page=mensa%00gens", nil, true},
		{"/index.php", "page=home/mensagens", nil, false},
		{"/index.php;page=mensagens", "", nil, true}, // Fastify
		{"/index.php;x=1&page=mensagens", "page=home", nil, true},
		{"/index.php;page=home", "", nil, false},
		{"/doku.php/open;do=edit", "do=login", nil, true},
		{"/index.php", "page=/mensagens/", nil, true}, // WordPress
		{"/index.php", "page=mensa(gens", nil, true},  // Roundcube
		{"/index.php", "page=mensa%25gens", nil, true},
		{"/index.php", "page=mensa%E6%96%87gens", nil, true},
		{"/index.php", "page=mensa%3Cb%3Egens", nil, true},
		{"/index.php", "page=mensa%26x;gens", nil, true},
		{"/index.php", "page=mensa%26x%3Bgens", nil, true},
		{"/index.php", "a=b&page=mensa;gens&c=d", nil, true},
		{"/index.php", "", form("page=.mensa_gens."), true},
		{"/index.php", "page=mensagens-2", nil, false},
		{"/index.php", "page=x/mensagens", nil, false},
		{"/index.php", "page=%3Cb%3Exyz", nil, false},
		{"/index.php", "page=home%3Cb%3Emensagens", nil, false},
		{"/index.php", "page=home#&page=mensagens", nil, true},
		{"/doku.php/open", "do=login#x", nil, true},
		{"/index.php", "page%00x=mensagens", nil, true},
		{"/index.php", "?page=mensagens", nil, true},
		{"/index.php", "page=%ef%bd%8densagens", nil, true},
		{"/INDEX.php/x", "page=mensagens", nil, true},
		{"/index.php%3fpage=mensagens", "", nil, true},
		{"/index.php%253fpage=mensagens", "a=b", nil, true},
		{"/a/../index.php", "page=mensagens", nil, true},
		{"/index.php", "page=home", form("page=mensagens"), true}, // C13
		{"/index.php", "", form("Page%5B%5D=mensagens"), true},
		{"/index.php", "page=home", form("page=home"), false},
		{"/index.php", "page=home", broken, true},
		{"/x", "a=1", nil, false},
		{"/x", "a=1&b=2", nil, true},
		{"/x", "a=1&b=3", nil, true},
		{"/x", "a=1", form("b=3"), true},
		{"/x", "a=1&b=4", nil, false},
		{"/doku.php/open", "do=login", nil, false},
		{"/doku.php/open", "", nil, true},
		{"/doku/open", "do=login", nil, false},
		{"/doku/open", "do=edit", nil, true},
		{"/doku/x", "do=login", nil, true},
		{"/doku.php/open", "do=login&do=edit", nil, true},
		{"/doku.php/open", "do=login&Do=edit", nil, true},
		{"/doku.php/open", "do=login&do[]=edit", nil, true},
		{"/doku.php/open", "do=login", form("do=edit"), true},
		{"/doku.php/open", "do=login", form("do=login"), false},
		{"/doku.php/open", "", form("do=login"), false},
		{"/doku.php/open", "do=login", broken, true},
		{"/doku.php/open%3fdo=edit", "do=login", nil, true},
	} {
		f := known("h", c.path)
		f.Sent.RawQuery, f.Form = c.query, c.form
		if got := p.Decide(&f).Reason != ReasonOpen; got != c.hit {
			t.Errorf("%s?%s: protected %v, want %v", c.path, c.query, got, c.hit)
		}
	}
}

// An app makes a number of the id it is given: 42 in every spelling that some
// language reads so is the rule's, and no other number.
func TestNumbersInAQuery(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [{path: /, query: {page_id: [42, \"7\"], kind: x1}}]}}")
	for value, hit := range map[string]bool{
		"42": true, "042": true, "+42": true, "%2B42": true, "-42": true, "42abc": true, "42.0": true, "42.9": true, "4.2e1": true, "4_2": true, "0x2A": true, "0b101010": true, "%2042": true, "42%20": true, "%EF%BC%94%EF%BC%92": true, "%D9%A4%D9%A2": true, "42%00": true, "42-a-title": true, "7": true, "07": true,
		"4294967338": true, "-4294967254": true, "8589934634abc": true, "9007199254741034": true, "4294967339": false, "4294967296": false, "9007199254741035": false,
		"": false, "4": false, "420": false, "43": false, "x42": false, "abc42": false, "1e42": false, "4-2": false, "0": false, "999999999999999999999999": false, "0x": false, ".": false, "4e": false, "NaN": false, "Infinity": false, "9e9999": false,
	} {
		f := known("h", "/")
		f.Sent.RawQuery = "kind=x1&page_id=" + value
		if got := p.Decide(&f).Reason != ReasonOpen; got != hit {
			t.Errorf("%s: protected %v, want %v", value, got, hit)
		}
	}
}

// To atoi and (int), what is no number is 0: the page of that number is shown for any
// word.
func TestWhatIsNoNumberIsZero(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [{path: /, query: {type: 0}}]}}")
	for value, hit := range map[string]bool{"0": true, "": true, "abc": true, "x1": true, ".": true, "-": true, "4294967296": true, "1e42": true, "9e9999": true, "NaN": true, "1": false, "10": false, "1abc": false, "0x1": true, "1.5": false} {
		f := known("h", "/")
		f.Sent.RawQuery = "type=" + value
		if got := p.Decide(&f).Reason != ReasonOpen; got != hit {
			t.Errorf("%s: protected %v, want %v", value, got, hit)
		}
	}
	f := known("h", "/")
	if f.Sent.RawQuery = "other=abc"; p.Decide(&f).Reason != ReasonOpen {
		t.Error("a request that does not set it is protected")
	}
}

// PHP and ASP let a cookie say what the query does not.
func TestACookieSetsTheKeyOfAQuery(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [{path: /index.php, query: {page: mensagens}}, /wiki], allow: [{path: /wiki/start, query: {do: [show]}}]}}")
	for _, c := range []struct {
		path, query, cookie string
		hit                 bool
	}{
		{"/index.php", "page=home", "sid=1; page=mensagens", true}, {"/index.php", "", "page=%6densagens", true}, {"/index.php", "", "PAGE=\"mensagens\"; a=b", true}, {"/", "", "page[0]=mensagens", true},
		{"/index.php", "", "a=1,page=mensagens", true}, {"/index.php", "", "page=home; x=mensagens", false}, {"/open", "", "page=mensagens", false}, {"/index.php", "", "mypage=mensagens", false},
		{"/wiki/start", "do=show", "do=edit", true}, {"/wiki/start", "do=show", "do=show", false}, {"/wiki/start", "do=show", "a=edit", false}, {"/wiki/start", "", "do=show", true},
	} {
		f := known("h", c.path)
		f.Sent.RawQuery, f.Cookies = c.query, []string{"first=1", c.cookie}
		if got := p.Decide(&f).Reason != ReasonOpen; got != c.hit {
			t.Errorf("%s?%s with %s: protected %v, want %v", c.path, c.query, c.cookie, got, c.hit)
		}
	}
}

func TestTheFormIsReadOnlyWhereARuleNeedsIt(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [{path: /i, query: {p: x}}, /docs]}}")
	for path, want := range map[string]int{"/finance": 0, "/docs": 0, "/i?p=x": 0, "/i": 1} {
		read := 0
		f := known("h", path)
		f.Sent.Path, f.Sent.RawQuery, _ = strings.Cut(path, "?")
		f.Form = func() (url.Values, error) { read++; return nil, nil }
		if p.Decide(&f); read != want {
			t.Errorf("%s: the body was read %d times, want %d", path, read, want)
		}
	}
}

// MediaWiki shows the page of curid, whatever title says: what opens a page of
// such a script says what else may be asked of it.
func TestKeysBesideAnAllowedQuery(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [/], allow: [{path: /w/index.php, query: {title: login}, keys: [returnto, wp.Name]}, {path: /alone, keys: []}]}}")
	for _, c := range []struct {
		path, query, form string
		open              bool
	}{
		{"/w/index.php", "title=login", "", true},
		{"/w/index.php", "title=login&returnto=x", "", true},
		{"/w/index.php", "&title=login&&", "wpName=n", false},
		{"/w/index.php", "title=login", "wp_Name=n&returnto=", true},
		{"/w/index.php", "title=login", "curid=2", false},
		{"/w/index.php", "title=login&curid=2", "", false},
		{"/w/index.php", "title=login&curid", "", false},
		{"/w/index.php", "title=login;curid=2", "", false},
		{"/w/index.php", "title=login&=2", "", false},
		{"/w/index.php", "title=login&%63urid[]=2", "", false},
		{"/w/index.php", "title=login&returnto=x&search=y", "", false},
		{"/w/index.php", "returnto=x", "", false},
		{"/alone", "", "", true},
		{"/alone", "x", "", false},
		{"/alone", "", "x=", false},
	} {
		f := known("h", c.path)
		f.Sent.RawQuery = c.query
		if c.form != "" {
			f.Method = "POST"
			f.Form = func() (url.Values, error) { return url.ParseQuery(c.form) }
		}
		if got := p.Decide(&f).Reason == ReasonOpen; got != c.open {
			t.Errorf("%s?%s with %q: open %v, want %v", c.path, c.query, c.form, got, c.open)
		}
	}
	f := known("h", "/alone")
	f.Method, f.Form = "POST", func() (url.Values, error) { return nil, errors.New("not read") }
	if p.Decide(&f).Reason == ReasonOpen {
		t.Error("a form that cannot be read is let pass")
	}
}
