package caddymodule

import "testing"

// whoami and jwt are directives with one such identity and these lines.
func whoami(lines string) string { return site("identity whoami /me {\ncookies sid\n" + lines + "\n}") }
func jwt(lines string) string    { return site("identity jwt {\n" + lines + "\n}") }

func TestParseIdentity(t *testing.T) {
	tests := []adaptCase{
		{name: "ok/json", caddyfile: whoami("user json user.id"), want: `json:"user":{"json":"user.id"}`},
		{name: "ok/quoted selector", caddyfile: whoami(`user html "#userinfo"`), want: `json:"user":{"html":"#userinfo"}`},
		{name: "ok/attribute", caddyfile: whoami("user html body attr data-user"), want: `json:"user":{"attribute":"data-user","html":"body"}`},
		{name: "ok/regexp", caddyfile: whoami(`user regexp user=(\w{3,20})`), want: `json:"user":{"regexp":"user=(\\w{3,20})"}`},
		{name: "ok/regexp with groups", caddyfile: whoami("user regexp `(?:id|uid)=(\\d+)`")},
		{name: "ok/header", caddyfile: whoami("user header X-User")},
		{name: "ok/paths with a query", caddyfile: whoami("user json id\nlogin /doku.php?do=login"), want: `json:"login":["/doku.php?do=login"]`},
		{name: "ok/no cache", caddyfile: site("identity whoami /me {\nuser json id\ncache 0s\n}"), want: `json:"cache":0`},
		{name: "ok/before", caddyfile: site("identity whoami /me?t={mfa.before.t} {\nuser json id\ncookies sid\nbefore /t t json a.b\nheader_up X-T {mfa.before.t}\n}"), want: `json:"before":{"json":"a.b","name":"t","path":"/t"}`},
		{name: "ok/two of them", caddyfile: site("identity placeholder {http.auth.user.id}\nidentity whoami /me {\nuser json id\ncookies sid\n}")},
		{name: "ok/jwt", caddyfile: jwt("cookie jwt\nsecret {env.S}\nuser sub"), want: `json:{"cookie":"jwt","secret":"{env.S}","source":"jwt","user":"sub"}`},
		{name: "ok/jwt's files", caddyfile: jwt("header Authorization\npublic_key keys/a.pem /b.pem\nuser sub"), want: `json:"public_keys":["/etc/caddy/keys/a.pem","/b.pem"]`},
		{name: "ok/jwks", caddyfile: jwt("cookie jwt\njwks https://id.example.com/jwks\nissuer i\naudience a\nuser sub")},
		{name: "ok/placeholder", caddyfile: site("identity placeholder {http.auth.user.id} {\ntenant {http.auth.user.office}\n}")},

		{name: "fail/one line", caddyfile: site("identity whoami /me { user json id }"), want: "Caddyfile:11"},
		{name: "fail/unknown source", caddyfile: site("identity whoam /me"), want: "unknown 'identity whoam', did you mean 'whoami'?"},
		{name: "fail/whoami without a path", caddyfile: site("identity whoami {\nuser json id\n}"), want: "takes one path of the app"},
		{name: "fail/whoami elsewhere", caddyfile: site("identity whoami https://x/me {\nuser json id\n}"), want: "is no path of the app"},
		{name: "fail/whoami without a user", caddyfile: whoami("email json email"), want: "says nothing of 'user'"},
		{name: "fail/unquoted selector", caddyfile: whoami("user html #userinfo"), want: "quote a CSS selector that starts with '#'"},
		{name: "fail/selector of two words", caddyfile: whoami("user html div#u .user"), want: "an attribute needs its word, html <css> attr <name>"},
		{name: "fail/no selector", caddyfile: whoami("user html div[["), want: "is no CSS selector"},
		{name: "fail/regexp without a capture", caddyfile: whoami(`user regexp user=\w+`), want: "has 0 captures: put the one value you want in (parentheses)"},
		{name: "fail/regexp with two", caddyfile: whoami(`user regexp (a|b)=(\w+)`), want: "has 2 captures"},
		{name: "fail/no regexp", caddyfile: whoami(`user regexp (`), want: "is no regular expression"},
		{name: "fail/no way", caddyfile: whoami("user login"), want: "unknown way 'login' to find 'user'"},
		{name: "fail/no dot path", caddyfile: whoami("user json a..b"), want: "is no dot path"},
		{name: "fail/commas", caddyfile: whoami("user json id\nemail, json email"), want: "unknown word 'email,'"},
		{name: "fail/method", caddyfile: whoami("user json id\nmethod DELETE"), want: "neither GET nor POST"},
		{name: "fail/cache", caddyfile: whoami("user json id\ncache forever"), want: "'forever' is no duration"},
		{name: "fail/somebody else's cookie", caddyfile: whoami("user json id\nheader_up Cookie sid=1"), want: "would ask for somebody else"},
		{name: "fail/before that is not there", caddyfile: whoami("user json id\nheader_up X-T {mfa.before.t}"), want: "no 'before <path> t …' gives it"},
		{name: "fail/login elsewhere", caddyfile: whoami("user json id\nlogin https://x/login"), want: "is no path of the app"},
		{name: "fail/jwt with an argument", caddyfile: site("identity jwt token"), want: "write 'cookie token' or 'header <field>'"},
		{name: "fail/jwt from nowhere", caddyfile: jwt("secret {env.S}\nuser sub"), want: "where the token is"},
		{name: "fail/jwt without a key", caddyfile: jwt("cookie j\nuser sub"), want: "has no key"},
		{name: "fail/jwt with two", caddyfile: jwt("cookie j\nsecret {env.S}\npublic_key a.pem\nuser sub"), want: "keys of two kinds"},
		{name: "fail/jwt without a user", caddyfile: jwt("cookie j\nsecret {env.S}"), want: "says nothing of 'user'"},
		{name: "fail/jwt's key confused", caddyfile: jwt("cookie j\nsecret {env.S}\nalgorithms RS256\nuser sub"), want: "algorithm 'RS256' does not fit the key"},
		{name: "fail/jwt's algorithm none", caddyfile: jwt("cookie j\npublic_key a.pem\nalgorithms none\nuser sub"), want: "algorithm 'none' does not fit the key"},
		{name: "fail/TestDesign_M10 jwks for everybody", caddyfile: jwt("cookie j\njwks https://id.example.com/jwks\nuser sub"), want: "'jwks' needs 'issuer' and 'audience'"},
		{name: "fail/jwks in clear", caddyfile: jwt("cookie j\njwks http://id.example.com/jwks\nissuer i\naudience a\nuser sub"), want: "neither an https URL nor a file"},
		{name: "fail/jwt's secret of the client", caddyfile: jwt("cookie j\nsecret {file.key}\nuser sub"), want: "give an absolute path"},
		{name: "fail/placeholder of nothing", caddyfile: site("identity placeholder"), want: "takes one placeholder"},
		{name: "fail/constant user", caddyfile: site("identity placeholder bob"), want: "would make everybody one person"},
		{name: "fail/query user", caddyfile: site("identity placeholder {query.u}"), want: "{http.request.uri.query.u} is nothing an identity may rest on"},
		{name: "fail/cookie user", caddyfile: site("identity placeholder {cookie.u}"), want: "is nothing an identity may rest on"},
		{name: "fail/path user", caddyfile: site("identity placeholder {file.user}"), want: "is nothing an identity may rest on"},
		{name: "fail/host user", caddyfile: site("identity placeholder {host}"), want: "is nothing an identity may rest on"},
		{name: "fail/candidate user", caddyfile: site("identity placeholder {http.auth.candidate.id}"), want: "is nothing an identity may rest on"},
		{name: "fail/fact of a cookie", caddyfile: site("identity placeholder {http.auth.user.id} {\ntenant {cookie.t}\n}"), want: "is nothing an identity may rest on"},
		{name: "fail/twice the same", caddyfile: site("identity placeholder {http.auth.user.id}\nidentity placeholder {http.auth.user.id}"), want: "the same identity stands twice"},

		{name: "warn/no stable cookie", caddyfile: site("identity whoami /me {\nuser json id\n}"), warn: "names no stable cookie"},
		{name: "warn/literal secret", caddyfile: jwt("cookie j\nsecret 01234567890123456789012345678901\nuser sub"), warn: "is a literal"},
	}
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}
