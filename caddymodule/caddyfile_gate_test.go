package caddymodule

import "testing"

// site is a directive with these lines, in a site that has mail.
func site(lines string) string {
	return withMail + "a.example {\n" + gateWith(lines) + "reverse_proxy app:80\n}\n"
}

// bare is a directive with these lines and nothing else.
func bare(directive string) string {
	return withMail + "a.example {\n" + directive + "\nreverse_proxy app:80\n}\n"
}

func TestParseGate(t *testing.T) {
	tests := []adaptCase{
		{name: "ok/defaults", caddyfile: site(""), want: `json:{"at":"/etc/caddy/Caddyfile:9","handler":"mfa","protect":["/documents"]}`},
		{name: "ok/everything of the site", caddyfile: bare("mfa {\nprotect /\n}")},
		{name: "ok/policy protects", caddyfile: "{\nmfa policy.yaml\n}\na.example {\nmfa\n}"},
		{name: "ok/the star is no path matcher", caddyfile: bare("mfa * {\nprotect /x\n}"), want: `json:"protect":["/x"]}`},
		{name: "ok/confirm", caddyfile: site("anonymous confirm /documents/login"), want: `json:"anonymous":{"action":"confirm","paths":["/documents/login"]}`},
		{name: "ok/realm of the tenant", caddyfile: site("realm {tenant}"), want: `json:"realm":"{tenant}"`},
		{name: "ok/tenant by host label", caddyfile: site("tenant {labels.2}"), want: `json:"tenant":"{http.request.host.labels.2}"`},
		{name: "ok/login elsewhere", caddyfile: site("anonymous login https://login.example.com/?to={http.mfa.return_to}")},
		{name: "ok/order", caddyfile: bare("handle {\nrespond x\n}\nencode gzip\nmfa {\nprotect /x\n}\nbasic_auth {\nbob JDJhJDE0\n}"), want: `json:"providers":{"http_basic":{"accounts":[{"password":"JDJhJDE0","username":"bob"}],"hash":{"algorithm":"bcrypt"},"hash_cache":{}}}},{"at"`},

		{name: "fail/TestDesign_H1 path matcher", caddyfile: bare("mfa /documents/* {\nprotect /x\n}"), want: "write 'protect /documents' in its block, at /etc/caddy/Caddyfile:9"},
		{name: "fail/TestDesign_H1 named path matcher", caddyfile: bare("@d path /documents/* /admin*\nmfa @d {\nprotect /x\n}"), want: "write 'protect /documents /admin' in its block"},
		{name: "fail/path_regexp", caddyfile: bare("@d path_regexp ^/documents\nmfa @d {\nprotect /x\n}"), want: "takes no matcher that reads the path"},
		{name: "fail/everything but a path", caddyfile: bare("@d not path /public/*\nmfa @d {\nprotect /x\n}"), want: "takes no matcher that reads the path"},
		{name: "fail/path in an expression", caddyfile: bare("@d expression `path('/documents/*')`\nmfa @d {\nprotect /x\n}"), want: "takes no matcher that reads the path"},
		{name: "fail/path in a placeholder", caddyfile: bare("@d vars {uri} /documents\nmfa @d {\nprotect /x\n}"), want: "takes no matcher that reads the path"},
		{name: "fail/policy file as an argument", caddyfile: bare("mfa policy.yaml {\nprotect /x\n}"), want: "takes no argument but a matcher"},
		{name: "fail/nothing to protect", caddyfile: bare("mfa"), want: "nothing to protect: write 'protect /documents' in its block"},
		{name: "fail/no mail, no policy", caddyfile: "a.example {\nmfa {\nprotect /x\n}\n}", want: "first: none"},
		{name: "fail/unknown word", caddyfile: site("protct /x"), want: "unknown word 'protct' in 'mfa', did you mean 'protect'?, at /etc/caddy/Caddyfile:11"},
		{name: "fail/far word", caddyfile: site("policy x"), want: "it knows anonymous, block"},
		{name: "fail/a block where none is", caddyfile: site("realm x {\n}"), want: "the line before takes no block"},
		{name: "fail/twice", caddyfile: site("realm a\nrealm b"), want: "'realm' stands twice"},
		{name: "fail/prefix twice", caddyfile: site("protect /documents"), want: "names /documents twice"},
		{name: "fail/empty prefix", caddyfile: site(`protect ""`), want: "none may be empty"},
		{name: "fail/no prefix", caddyfile: site("protect"), want: "one argument or more"},
		{name: "fail/prefix with a star", caddyfile: site("protect /a/*"), want: "/a/*"},
		{name: "fail/prefix without a slash", caddyfile: site("protect documents2"), want: "documents2"},
		{name: "fail/mount", caddyfile: site("mount /x/"), want: "mount '/x/' is no plain path"},
		{name: "fail/block", caddyfile: site("block redirect"), want: "block 'redirect' is neither page nor error"},
		{name: "fail/TestDesign_M1 flag", caddyfile: site("flag mine"), want: "__Host-mine"},
		{name: "fail/flag's lifetime", caddyfile: site("flag __Host-x 12"), want: "'12' is no duration"},
		{name: "fail/realm", caddyfile: site(`realm "a b"`), want: "realm 'a b' is no name"},
		{name: "fail/TestDesign_C4 tenant by header", caddyfile: site("tenant {header.X-Tenant}"), want: "{http.request.header.X-Tenant} is chosen by the client"},
		{name: "fail/tenant by query", caddyfile: site("tenant {query.t}"), want: "is chosen by the client"},
		{name: "fail/tenant by cookie", caddyfile: site("tenant x-{cookie.t}"), want: "is chosen by the client"},
		{name: "fail/tenant by path", caddyfile: site("tenant {path.0}"), want: "is chosen by the client"},
		{name: "fail/tenant by a matched word", caddyfile: site("tenant {re.x.1}"), want: "is chosen by the client"},
		{name: "fail/tenant is a word", caddyfile: site("tenant silva"), want: "neither host nor identity nor a placeholder"},
		{name: "fail/anonymous", caddyfile: site("anonymous pass"), want: "unknown 'anonymous pass'"},
		{name: "fail/login without a URL", caddyfile: site("anonymous login"), want: "takes one URL"},
		{name: "fail/login is protected", caddyfile: site("anonymous login /Documents/login?next={http.mfa.return_to}"), want: "go round for ever"},
		{name: "fail/login is the site and all is protected", caddyfile: bare("mfa {\nprotect /\nanonymous login /login\n}"), want: "go round for ever"},
		{name: "fail/login without a slash", caddyfile: site("anonymous login login"), want: "neither a path nor an http(s) URL"},
		{name: "fail/login to a script", caddyfile: site("anonymous login javascript:alert(1)"), want: "neither a path nor an http(s) URL"},
		{name: "fail/login to another host by two slashes", caddyfile: site("anonymous login //evil.example/"), want: "neither a path nor an http(s) URL"},
		{name: "fail/TestDesign_M12 login with a client's words", caddyfile: site("anonymous login /login?next={uri}"), want: "only {http.mfa.…} may stand there"},
		{name: "fail/login with a host of words", caddyfile: site("anonymous login https://login.example.com{http.mfa.return_to}"), want: "placeholder in its host"},
		{name: "fail/confirm a URL", caddyfile: site("anonymous confirm https://x"), want: "anonymous confirm: "},
		{name: "fail/credentials", caddyfile: site("credentials a=b"), want: "is no name of a header"},

		{name: "warn/header matcher", caddyfile: bare("@d header X-A b\nmfa @d {\nprotect /x\n}"), warn: "matches by header, which a client can leave out"},
		{name: "warn/in a block without mount", caddyfile: bare("handle /app/* {\nmfa {\nprotect /x\n}\n}"), warn: "write 'mount /app/.mfa'"},
		{name: "ok/in a block with mount", caddyfile: bare("handle /app/* {\nmfa {\nprotect /x\nmount /app/.mfa\n}\n}")},
	}
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}

// TestDesign_H8_TheLeftmostAddressIsWarnedOf: behind a balancer that appends, the
// left-most address is what the client wrote, and networks in a policy hold nobody.
func TestDesign_H8_TheLeftmostAddressIsWarnedOf(t *testing.T) {
	for _, test := range []adaptCase{
		{name: "warn/from the left", caddyfile: "{\nservers {\ntrusted_proxies static private_ranges\n}\nmfa p.yaml\n}\na.example {\nmfa\n}\n", warn: "write 'trusted_proxies_strict'"},
		{name: "warn/from the left, on one port of two", caddyfile: "{\nservers :80 {\ntrusted_proxies static private_ranges\ntrusted_proxies_strict\n}\nservers :443 {\ntrusted_proxies static private_ranges\n}\nmfa p.yaml\n}\na.example {\nmfa\n}\n", warn: "write 'trusted_proxies_strict'"},
		{name: "ok/from the right", caddyfile: "{\nservers {\ntrusted_proxies static private_ranges\ntrusted_proxies_strict\n}\nmfa p.yaml\n}\na.example {\nmfa\n}\n"},
		{name: "ok/no proxies", caddyfile: "{\nmfa p.yaml\n}\na.example {\nmfa\n}\n"},
	} {
		t.Run(test.name, test.run)
	}
}
