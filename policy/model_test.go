package policy

import (
	"math/rand/v2"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

var (
	reParams    = regexp.MustCompile(`;[^/]*`)
	reStream    = regexp.MustCompile(`::\$[^/]*`)
	reTrailing  = regexp.MustCompile(`([^/. ])[. ]+(/|$)`)
	reDotSpace  = regexp.MustCompile(`/(\.{1,2}) +(/|$)`)
	reScript    = regexp.MustCompile(`(?i)\.(?:php|cgi|fcgi|jsp|aspx|do)(/.*)$`)
	reAuthority = regexp.MustCompile(`^(?:[a-z]+:)?//[^/?#]*(/.*)?$`)
	reZend      = regexp.MustCompile(`[^a-z0-9% \x{80}-\x{10ffff}]`)
	reSlug      = regexp.MustCompile(`[^a-z0-9%_\x{80}-\x{10ffff}-]`)
	reHyphens   = regexp.MustCompile(`-+`)
	reCamel     = regexp.MustCompile(`([a-z])([A-Z])`)

	reSpecial     = regexp.MustCompile(`[^a-z0-9._:\x{80}-\x{10ffff}-]`)
	reColons      = regexp.MustCompile(`:+`)
	reBesideColon = regexp.MustCompile(`[._-]*:[._-]*`)
	rePunctuation = regexp.MustCompile("[-!\"#$&'()*+,.:;<=>?@\\[\\\\\\]^_`{|}~]")
	reSAP         = regexp.MustCompile(`^(/\w+)\(\w*={0,2}\)/`)
	reStruts      = regexp.MustCompile(`([^/])!\w*(?:\.action)?$`)
	reEscape      = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
)

// servers is what app servers do to a target, each written down as its makers
// describe it and with none of the package's own code: slow, and easy to check.
var servers = map[string]func(string) string{
	"as it is":           unescapeModel,
	"net/http":           func(s string) string { return path.Clean("/" + unescapeModel(s)) },
	"clean, then decode": func(s string) string { return unescapeModel(path.Clean("/" + s)) },
	"express: no cleaning, case-insensitive": func(s string) string {
		return strings.ToLower(strings.TrimSuffix(unescapeModel(s), "/"))
	},
	"split, then decode": func(s string) string {
		segs := strings.Split(s, "/")
		for i, seg := range segs {
			segs[i] = strings.ReplaceAll(unescapeModel(seg), "/", "%2F")
		}
		return path.Clean(strings.Join(segs, "/"))
	},
	"servlet: parameters dropped, decoded, cleaned": func(s string) string {
		return path.Clean("/" + unescapeModel(reParams.ReplaceAllString(s, "")))
	},
	"servlet: decoded first": func(s string) string {
		return path.Clean("/" + reParams.ReplaceAllString(unescapeModel(s), ""))
	},
	"session id cut off": func(s string) string {
		s, _, _ = strings.Cut(unescapeModel(s), ";")
		return path.Clean("/" + s)
	},
	"RFC 3986: empty segments count": func(s string) string { return rfc3986(unescapeModel(s)) },
	"Windows": func(s string) string {
		s = strings.ReplaceAll(unescapeModel(unescapeModel(s)), `\`, "/")
		s = reDotSpace.ReplaceAllString(s, "/$1$2")
		s = reStream.ReplaceAllString(path.Clean("/"+s), "")
		return reTrailing.ReplaceAllString(s, "$1$2")
	},
	"C string": func(s string) string {
		s, _, _ = strings.Cut(unescapeModel(s), "\x00")
		return s
	},
	"decoded before the query is looked for": func(s string) string {
		s = unescapeModel(s)
		if i := strings.IndexAny(s, "?#"); i >= 0 {
			s = s[:i]
		}
		return path.Clean("/" + s)
	},
	"front controller": func(s string) string {
		if m := reScript.FindStringSubmatch(unescapeModel(s)); m != nil {
			s = m[1]
		}
		return path.Clean("/" + unescapeModel(s))
	},
	"index of a folder": func(s string) string {
		if s = path.Clean("/"+unescapeModel(s)) + "/"; s == "//" {
			s = "/"
		}
		return s + "index.php"
	},
	"compatibility letters": func(s string) string { return path.Clean("/" + norm.NFKC.String(unescapeModel(s))) },
	"a collation without accents": func(s string) string {
		return path.Clean("/" + strings.NewReplacer("ó", "o", "é", "e", "ö", "o").Replace(norm.NFC.String(unescapeModel(s))))
	},
	"a plus is a space": func(s string) string { return path.Clean("/" + strings.ReplaceAll(unescapeModel(s), "+", " ")) },
	"overlong UTF-8": func(s string) string {
		return path.Clean("/" + strings.NewReplacer("\xc0\xaf", "/", "\xc0\xae", ".", "\xe0\x80\xaf", "/", "\xe0\x80\xae", ".", "\xc1\xa4", "d", "\xc1\x9c", `\`).Replace(unescapeModel(s)))
	},
	"ASP.NET without cookies": func(s string) string {
		return path.Clean("/" + regexp.MustCompile(`(?i)/\((?:[A-Z]\([^()/]*\))+\)`).ReplaceAllString(unescapeModel(s), ""))
	},
	"nginx: an alias without its slash": func(s string) string {
		return path.Clean(regexp.MustCompile(`^/(files|finance|x)`).ReplaceAllString(unescapeModel(s), "/$1/"))
	},
	"URL parser": func(s string) string {
		if m := reAuthority.FindStringSubmatch(s); m != nil {
			s = "/" + strings.TrimPrefix(m[1], "/")
		}
		return unescapeModel(s)
	},
}

// lookups is how apps find a page by the names in a path, written down likewise.
// Whoever does so is the last to see the path.
var lookups = map[string]func(string) string{
	"Zend Framework 1": byNames(func(name string) string {
		words := reZend.ReplaceAllString(strings.NewReplacer("-", " ", ".", " ").Replace(strings.ToLower(name)), "")
		return strings.Join(strings.Fields(words), "-")
	}),
	"WordPress": byNames(func(name string) string {
		words := reSlug.ReplaceAllString(strings.NewReplacer(".", "-", " ", "-").Replace(strings.ToLower(name)), "")
		return strings.Trim(reHyphens.ReplaceAllString(words, "-"), "-")
	}),
	"CherryPy": byNames(func(name string) string { return rePunctuation.ReplaceAllString(name, "-") }),
	"CakePHP":  byNames(func(name string) string { return strings.ToLower(reCamel.ReplaceAllString(name, "$1-$2")) }),
	"DokuWiki": func(s string) string {
		return pageOfWiki(strings.NewReplacer(";", ":", "/", "-").Replace(unescapeModel(s)))
	},
	"useslash": func(s string) string {
		return pageOfWiki(strings.NewReplacer(";", ":", "/", ":").Replace(unescapeModel(s)))
	},
	"JSF":      func(s string) string { return strings.Replace(unescapeModel(s), "/faces/", "/", 1) },
	"SAP":      func(s string) string { return reSAP.ReplaceAllString(unescapeModel(s), "$1/") },
	"Struts":   func(s string) string { return reStruts.ReplaceAllString(unescapeModel(s), "$1") },
	"ThinkPHP": func(s string) string { return "/" + strings.Trim(strings.ReplaceAll(unescapeModel(s), "|", "/"), "/") },
}

// pageOfWiki is where DokuWiki's cleanID finds a page, with "-" between words. A
// suffix makes it another page.
func pageOfWiki(id string) string {
	id = reHyphens.ReplaceAllString(reSpecial.ReplaceAllString(strings.ToLower(id), "-"), "-")
	id = strings.Trim(reColons.ReplaceAllString(id, ":"), ":._-")
	return "/" + strings.NewReplacer(":", "/", ".", "_").Replace(reBesideColon.ReplaceAllString(id, ":"))
}

func byNames(look func(string) string) func(string) string {
	return func(s string) string {
		segs := strings.Split(unescapeModel(s), "/")
		for i, seg := range segs {
			segs[i] = look(seg)
		}
		return strings.Join(segs, "/")
	}
}

// unescapeModel decodes once; what is malformed stays as it is.
func unescapeModel(s string) string {
	return reEscape.ReplaceAllStringFunc(s, func(e string) string {
		c, _ := url.PathUnescape(e)
		return c
	})
}

func rfc3986(s string) string {
	var out []string
	segs := strings.Split(strings.TrimPrefix(s, "/"), "/")
	for _, seg := range segs {
		switch {
		case seg == "..":
			out = out[:max(len(out)-1, 0)]
		case seg != ".":
			out = append(out, seg)
		}
	}
	return "/" + strings.Join(out, "/")
}

// reaches says whether a path, as an app finally looks it up, is the area.
func reaches(s, area string) bool {
	s = strings.ToLower(s)
	return s == area || strings.HasPrefix(s, area+"/") || s == area+".json"
}

// secret says whether a path is one of the areas that modelRules protects.
func secret(s string) bool {
	return reaches(s, "/documents") || reaches(s, "/shop/index.php") || reaches(s, "/my-area")
}

// checkReadings holds the package's readings of one target against the model:
// whatever one server, or one behind another, makes of a target, a protected
// area that it reaches is protected, and what is open below a protected site is
// truly that to every server.
func checkReadings(t *testing.T, protect *Prefixes, site *ruleset, s string) {
	t.Helper()
	if strings.Contains(s, "?") {
		return // a target's path ends there before it is read
	}
	var tg target
	if !tg.read(Target{Path: s}) {
		return
	}
	facts := &Facts{Method: "GET"}
	hit := (&ruleset{}).covers(&tg, protect.rules, facts).hit
	open := !site.covers(&tg, nil, facts).hit
	seen := map[string]bool{}
	for first, one := range servers {
		got := one(s)
		if seen[got] {
			continue // another server's reading already
		}
		seen[got] = true
		if !hit && secret(got) {
			t.Fatalf("%q passes, and is %q to %q", s, got, first)
		}
		if open && !reaches(got, "/assets") && !strings.Contains(s, "://") {
			t.Fatalf("%q is open below /assets, and is %q to %q", s, got, first)
		}
		for _, behind := range []map[string]func(string) string{servers, lookups} {
			for second, two := range behind {
				if got := two(got); !hit && secret(got) {
					t.Fatalf("%q passes, and is %q to %q behind %q", s, got, second, first)
				}
			}
		}
	}
}

func modelRules(t testing.TB) (*Prefixes, *ruleset) {
	protect, err := NewPrefixes([]string{"/documents", "/shop/index.php", "/my-area"}, "")
	if err != nil {
		t.Fatal(err)
	}
	site := &ruleset{protect: []rule{newRule("/")}, allow: []rule{newRule("/assets")}}
	site.ready()
	return protect, site
}

// pieces are what odd targets are made of.
var pieces = []string{
	"/documents", "documents", "/assets", "/finance", "/x", "/", "//", "/.", "/..", "/..;", "/..;a=b", "/.;", ";", ";x", `\`, "%5c", "%2f", "%252f",
	"%2e", "%252e", "%2e%2e", "..", "%64", "%2564", "ocuments", "/shop", "index.php", "%20", "%2e%20", "::$DATA", ".json", "/index.php", ".php", "/cgi-bin/a",
	"%ef%bd%84", "%ef%bc%8f", "%ef%bc%8e", "%c0%af", "%c0%ae", "%c1%a4", "%3b", "%23", "%3f", "%253f", "%25", "a", "%41", "%c3%a9", "%e9", "%ff", " ", ".", "(S(x))", "/(A(b)S(c))", "/files", "/files..", "~", "+", "%c3%b3", "o%cc%81", "d%c3%b3cuments", "docu~ments",
	"_", "-", "!", "(", ")", "@", ",", "/docu", "ments", "/my-area", "my", "area", "Area", ":", "|", "/-", "/@/", "%3a", "/faces", "/faces/", "(bD1k==)", "!list", "!list.action",
}

func TestReadingsAgainstTheModel(t *testing.T) {
	protect, site := modelRules(t)
	r := rand.New(rand.NewPCG(5, 6))
	for range 3000 {
		var b strings.Builder
		b.WriteString("/")
		for range 1 + r.IntN(7) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		checkReadings(t, protect, site, b.String())
	}
}

// FuzzReadings does the same with targets of any bytes, and with targets made of
// pieces.
func FuzzReadings(f *testing.F) {
	for _, s := range []string{
		"/documents", "/finance/..%2fdocuments", "/%2564ocuments", "/x/..;/documents", `/a\..\documents`, "//h/documents", "/index.php/documents",
		"/documents%20.", "/%ef%bd%84ocuments", "/x/%c0%ae%c0%ae/documents", "http://h/documents", "/assets/a;b", "/a%2fb", "/assets/..%5c..%5cdocuments",
	} {
		f.Add(s)
	}
	protect, site := modelRules(f)
	f.Fuzz(func(t *testing.T, s string) {
		checkReadings(t, protect, site, s)
		var b strings.Builder
		b.WriteString("/")
		for i := 0; i < len(s) && i < 12; i++ {
			b.WriteString(pieces[int(s[i])%len(pieces)])
		}
		checkReadings(t, protect, site, b.String())
	})
}

// FuzzPolicy holds the loader to its word: a failed load yields no policy, and
// what loads never protects by an empty prefix, or answers what it should not.
func FuzzPolicy(f *testing.F) {
	for _, s := range []string{
		offices, "version: 1\ntenants: {a: {protect: [/a, {path: /b, query: {c: [1, d]}, fresh: 5m, name: {en: x}}]}}\n",
		"version: 1\ntenants: &a {a: {protect: *a}}\n", "version: 1\n---\n", "- ~\n",
		"version: 1\ntenants: {a: {parent: b}, b: {parent: a}}\ntests: [{get: /, want: allow}]\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseText(s, Options{})
		if (p == nil) == (err == nil) {
			t.Fatalf("policy %v, error %v", p, err)
		}
		if err != nil {
			for _, line := range err.(*Errors).Lines() {
				if !strings.HasPrefix(line, "policy.yaml:") {
					t.Fatalf("an error without its place: %q", line)
				}
			}
			return
		}
		for _, tenant := range p.Tenants() {
			if len(tenant.Methods) == 0 || tenant.Minimum < 1 || tenant.Prove == "" || tenant.Share == "" || tenant.First == "" {
				t.Fatalf("half a tenant: %+v", tenant)
			}
			for i := range tenant.rules.protect {
				r := &tenant.rules.protect[i]
				if r.area() != &r.Area {
					continue // of a folder, whose file is looked at as well
				}
				if r.Path == "" || r.text() != "" && r.text()[0] != '/' || r.text() == "" && r.Path != "/" || strings.HasSuffix(r.text(), "/") {
					t.Fatalf("an empty prefix: %+v", r)
				}
				fact := known("", r.Path, identity(tenant.Key), by(ByIdentity))
				if d := p.Decide(&fact); r.query() == nil && !d.Protected && len(tenant.rules.allow) == 0 {
					t.Fatalf("%s is not protected by its own prefix: %+v", r.Path, d)
				}
			}
		}
	})
}

// FuzzHost holds host names to one tenant in every spelling.
func FuzzHost(f *testing.F) {
	for _, s := range []string{"silva.example", "SILVA.example.", "silva.example:443", "[::1]:80", "a.costa.example", "::1", "", ".", "x.y.wild.example"} {
		f.Add(s)
	}
	p, err := parseText("version: 1\ntenants: {a: {hosts: [silva.example, '[::1]']}, b: {hosts: ['*.wild.example']}}\n", Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, h string) {
		got := p.HostTenant(h)
		if isASCII(h) && p.HostTenant(strings.ToUpper(h)) != got {
			t.Fatalf("%q depends on letter case", h)
		}
		if !strings.ContainsAny(h, ":[]") && !strings.HasSuffix(h, ".") {
			for _, spelling := range []string{h + ":8443", h + ".", h + ".:1"} {
				if other := p.HostTenant(spelling); other != got {
					t.Fatalf("%q is %v, %q is %v", h, got, spelling, other)
				}
			}
		}
		if got != nil {
			if l := strings.ToLower(h); !strings.HasPrefix(l, "silva.example") && !strings.HasPrefix(l, "[::1]") && l != "::1" && !strings.Contains(l, ".wild.example") {
				t.Fatalf("%q is tenant %s", h, got.Key)
			}
		}
	})
}
