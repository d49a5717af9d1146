package policy

import "testing"

// A prefix covers every name of its letters and digits, whoever decides: the
// host's tenant, one of several, one with rules of queries, of one letter case, or
// whichever the identity will name.
func TestNamesOfTheSameLetters(t *testing.T) {
	const tenants = "version: 1\ntenants:\n  a: {require: mfa, hosts: [h], protect: [/my-area, /reports_2026, /v1.2/x]}\n"
	for name, p := range map[string]*Policy{
		"the host's":             mustParse(t, tenants+"  b: {hosts: [i]}\n"),
		"the only one":           mustParse(t, tenants),
		"with a rule of a query": mustParse(t, tenants+"  b: {hosts: [i], protect: [{path: /x, query: {a: b}}]}\n"),
		"of one letter case":     mustParse(t, "version: 1\ntenants:\n  a: {require: mfa, case: sensitive, hosts: [h], protect: [/my-area, /reports_2026, /v1.2/x]}\n"),
		"with an allow":          mustParse(t, "version: 1\ntenants:\n  a: {require: mfa, hosts: [h], protect: [/my-area, /reports_2026, /v1.2/x], allow: [/open]}\n"),
	} {
		for path, hit := range map[string]bool{
			"/my-area": true, "/my_area/1": true, "/my.area": true, "/my.area/1": true, "/myarea": true, "/(my-area)": true, "/my--area!": true, "/.my.area.": true, "/my%20area": true, "/@my,area/x.pdf": true, "/my_area.json": true, "/my-ar;ea": true, "/my-area_.json/1": true,
			"/reports2026": true, "/reports-2026": true, "/v1-2/x": false, "/v1.2/x": true, "/v1.2/_x": true,
			"/my/area": true, "/my//_area/1": true, "/my%2Farea": true, "/my_/area": true, "/-/my-area": true, "/my-ar/ea": false, "/m/yarea": false, "/my-area-2": false, "/my-areas": false, "/the-my-area": false, "/my-area.old/1": true, "/reports_2025": false, "/reports/2026": true, "/reports/2025": false, "/my": false,
		} {
			for host, by := range map[string]TenantBy{"h": ByHost, "elsewhere": ByIdentity} {
				f := known(host, path)
				f.TenantBy, f.TenantMapped, f.Who = by, by == ByIdentity, NotAsked
				if got := p.Decide(&f).Reason != ReasonOpen; got != hit {
					t.Errorf("%s: %s of %s is protected: %v", name, path, host, got)
				}
				if p.Spares(&f.Place, &f.Sent) && hit {
					t.Errorf("%s: %s of %s is spared", name, path, host)
				}
			}
		}
	}
}

// Whoever the tenant is named by, a prefix with a dot of its own is met by the same
// paths: the index of all tenants leaves out the dots of both, as a tenant does.
func TestDotsOfAPrefixForWhomeverTheIdentityNames(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants:\n  a: {require: mfa, hosts: [h], protect: [/documents.old, /reports/v1.2]}\n  b: {require: mfa, hosts: [i], protect: [/reports/v12]}\n")
	for path, hit := range map[string]bool{"/.documents.old": true, "/docu.ments.old/1": true, "/documents.old": true, "/reports/v12": true, "/reports/.v1.2": true, "/reports/(v1.2)/1": true, "/reports/v1.3": false, "/documents.older": false} {
		f := known("elsewhere", path)
		f.TenantBy, f.TenantMapped, f.Who = ByIdentity, true, NotAsked
		if got := p.Decide(&f).Reason != ReasonOpen; got != hit {
			t.Errorf("%s is protected: %v", path, got)
		}
	}
}

// WordPress takes entities and tags out of the name that it looks a post up by.
func TestEntitiesAndTagsInANameAreNoneOfIt(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants:\n  a: {require: mfa, protect: [/documents]}\n")
	for path, hit := range map[string]bool{
		"/docu&x;ments": true, "/documents&x;": true, "/%26amp;docu%26%23x41%3Bments/1": true, "/docu%26%252F%3Bments": true,
		"/docu%3Cb%3Ements": true, "/documents%3Cx": true, "/documents%3Cx/1": true, "/docu%3C%2Fb%3Ements": true, "/d%3Ci%3Eocu%3Ca%20%22%3E%22%3Eme%3Cb%3Ents": true,
		"/docu%3Ca%3Cb%3Ec%3Ements": true, "/docu%3C!--%20%3E%20--%3Ements": true, "/docu%3C?%20%3E%20?%3Ements": true, "/documents%3Ca%20%22x": true,
		"/x%3Cb%3Ements": false, "/a&b;c": false, "/search/%3Cdocuments%3E": false, "/r&d/x": false,
	} {
		f := known("h", path)
		if got := p.Decide(&f).Reason != ReasonOpen; got != hit {
			t.Errorf("%s is protected: %v", path, got)
		}
	}
}

// Connect hands what is below /documents.x to what is mounted at /documents. Where
// there is a folder of that name, an entry of its own opens it, and no other.
func TestBelowASuffixIsBelowTheName(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants:\n  a: {require: mfa, protect: [/documents], allow: [/documents.old]}\n")
	for path, hit := range map[string]bool{"/documents.a/1": true, "/documents.a.b/1": true, "/documents.a/../1": true, "/documents.old/1": false, "/documents.older/1": true, "/documents.json/1": true} {
		f := known("h", path)
		if got := p.Decide(&f).Reason != ReasonOpen; got != hit {
			t.Errorf("%s is protected: %v", path, got)
		}
	}
}

// Signs, what cannot be seen and another script's marks are no part of a name, be
// letter case minded or not: DokuWiki shows "documents" by "documents" and a dash of
// Unicode, MediaWiki by one with a mark of direction in it, MySQL by one with a
// mark of weight none.
func TestSignsBeyondASCIIAreNoPartOfAName(t *testing.T) {
	for _, letters := range []string{"insensitive", "sensitive"} {
		p := mustParse(t, "version: 1\ntenants:\n  a: {require: mfa, case: "+letters+", protect: [/documents, /my-area, /\U0001f642, /สี, /x/–]}\n")
		for path, hit := range map[string]bool{
			"/documents%E2%80%93": true, "/my%E2%80%94area/1": true, "/docu%E2%80%AEments": true, "/Documents%E2%80%A8": letters == "insensitive", "/docu%C2%85ments": true, "/docu%E0%A4%81ments": true, "/docu%D9%80ments": true, "/docu%EF%BF%BDments": true, "/docu%D6%91ments": true, "/%F0%9F%99%82documents": true,
			"/🙂": true, "/🙂/1": true, "/🙃": false, "/–": false, "/": false, "/x/–": true, "/x/—": false, "/x": false,
			"/สี": true, "/สิ": false, "/documentsñ": false, "/documents文": false, "/–/documents": true, "/文/documents": false,
		} {
			f := known("h", path)
			if got := p.Decide(&f).Reason != ReasonOpen; got != hit {
				t.Errorf("%s: %s is protected: %v", letters, path, got)
			}
		}
	}
}

// What is allowed is allowed as it is written, also beside a prefix that has its
// letters: so a page of that name can be told apart.
func TestAnAllowIsWhatIsWritten(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants:\n  a:\n    require: mfa\n    protect: [/, /my-area, /shop, /to_pay, /to-pay]\n    allow: [/my_area, /log_in.php, /shop/the-help, /shop, /to-pay]\n")
	for path, open := range map[string]bool{
		"/my_area/1": true, "/my-area": false, "/my.area": false, "/myarea": false, "/MY_AREA": true,
		"/log_in.php": true, "/log-in.php": false, "/login.php": false, "/log_in.php/x": false,
		"/shop/the-help": true, "/shop/the_help": false, "/shop": false, "/sh-op": false, "/to-pay": false,
	} {
		f := known("h", path)
		if got := p.Decide(&f).Reason == ReasonOpen; got != open {
			t.Errorf("%s is open: %v", path, got)
		}
	}
}

// A prefix without a letter is looked for as it is written.
func TestPrefixesWithoutALetter(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants:\n  a: {require: mfa, hosts: [h], protect: [/_, /@/x, /-]}\n  b: {hosts: [i]}\n")
	for path, hit := range map[string]bool{"/_": true, "/_/x": true, "/_.json": true, "/@/x": true, "/-/1": true, "/": false, "/x": false, "/~/x": false, "/__": false, "//": false, "/$": false} {
		f := known("h", path)
		if got := p.Decide(&f).Reason != ReasonOpen; got != hit {
			t.Errorf("%s is protected: %v", path, got)
		}
	}
}
