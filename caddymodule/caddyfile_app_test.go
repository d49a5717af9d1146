package caddymodule

import "testing"

// global is a global option mfa with these lines, and a policy.
func global(lines string) string {
	return "{\nmfa policy.yaml {\n" + lines + "\n}\n}\na.example {\nmfa\n}\n"
}

// mailBy is a mailer with this URL and these lines beside `from`.
func mailBy(url, lines string) string {
	return global("mail smtp " + url + " {\nfrom a@example.com\n" + lines + "\n}")
}

func TestParseApp(t *testing.T) {
	tests := []adaptCase{
		{name: "ok/policy beside the Caddyfile", caddyfile: global(""), want: `json:"policy":"/etc/caddy/policy.yaml"`},
		{name: "ok/policy anywhere", caddyfile: "{\nmfa /srv/p.yaml\n}\na.example {\nmfa\n}", want: `json:"policy":"/srv/p.yaml"`},
		{name: "ok/bolt by name", caddyfile: global("store bolt"), want: `json:"store":{"module":"bolt"}`},
		{name: "ok/bolt's file", caddyfile: global("store bolt data/mfa.db"), want: `json:"file":"/etc/caddy/data/mfa.db"`},
		{name: "ok/keys stay symbolic", caddyfile: global("key {env.A} {file./run/b}"), want: `json:"keys":["{env.A}","{file./run/b}"]`},
		{name: "ok/base_url", caddyfile: global("base_url https://p.example.com/")},
		{name: "ok/mail on this machine", caddyfile: mailBy("smtp://127.0.0.1:1025", "")},
		{name: "ok/mail in clear, meant", caddyfile: mailBy("smtp://mx.example.com:25", "insecure"), want: `json:"insecure":true`, warn: "sends codes"},
		{name: "ok/mail with a password", caddyfile: mailBy("smtps://mx.example.com", "username u\npassword {env.P}"), want: `json:"password":"{env.P}"`},
		{name: "ok/mail's URL from outside", caddyfile: mailBy("{env.SMTP_URL}", ""), want: `json:"url":"{env.SMTP_URL}"`},

		{name: "fail/second", caddyfile: "{\nmfa a.yaml\nmfa b.yaml\n}\na.example {\nmfa\n}", want: "mfa is already configured by another global option 'mfa': keep one, at /etc/caddy/Caddyfile:3"},
		{name: "fail/two arguments", caddyfile: "{\nmfa a.yaml b.yaml\n}\na.example {\nmfa\n}", want: "'b.yaml' is one too many"},
		{name: "fail/policy by placeholder", caddyfile: "{\nmfa {env.P}\n}\na.example {\nmfa\n}", want: "{$NAME}"},
		{name: "fail/neither mail nor policy", caddyfile: "{\nmfa {\nissuer x\n}\n}\na.example {\nmfa {\nprotect /x\n}\n}", want: "first: none"},
		{name: "fail/audit is not built", caddyfile: global("audit x"), want: "'audit' of 'mfa' is not yet supported in this version"},
		{name: "ok/metrics per tenant", caddyfile: global("metrics per_tenant"), want: `json:"metrics":"per_tenant"`},
		{name: "fail/metrics of a user", caddyfile: global("metrics per_user"), want: "unknown 'metrics per_user'"},
		{name: "fail/unknown store", caddyfile: global("store blot"), want: "unknown 'store blot', did you mean 'bolt'?"},
		{name: "fail/store of no kind", caddyfile: global("store"), want: "'store' takes a kind: bolt, redis"},
		{name: "fail/bolt with two files", caddyfile: global("store bolt a b"), want: "'b' is one too many"},
		{name: "fail/bolt with a block", caddyfile: global("store bolt {\nfile x\n}"), want: "unknown word 'file' in 'store bolt'"},
		{name: "fail/unknown word", caddyfile: global("isuer x"), want: "did you mean 'issuer'?, at /etc/caddy/Caddyfile:3"},
		{name: "fail/key without a path", caddyfile: global("key {file.mfa_key}"), want: "give an absolute path, {file./absolute/path}"},
		{name: "fail/key of the client", caddyfile: global("key {http.request.uri.path}"), want: "{http.request.uri.path} cannot hold a secret"},
		{name: "fail/key of nothing", caddyfile: global(`key ""`), want: "none may be empty"},
		{name: "fail/base_url with a path", caddyfile: global("base_url https://p.example.com/app"), want: "base_url 'https://p.example.com/app' is not a scheme and a host"},
		{name: "fail/base_url without a scheme", caddyfile: global("base_url p.example.com"), want: "is not a scheme and a host"},
		{name: "fail/base_url of the client", caddyfile: global("base_url https://{host}"), want: "is not a scheme and a host"},
		{name: "fail/base_url with a query", caddyfile: global("base_url https://p.example.com?x"), want: "is not a scheme and a host"},
		{name: "fail/TestDesign_M11 mail in clear", caddyfile: mailBy("smtp://mx.example.com:25", ""), want: "sends codes in clear over the network"},
		{name: "fail/mail without a sender", caddyfile: global("mail smtp smtp://localhost"), want: "write `from security@example.com`"},
		{name: "fail/mail with a bad sender", caddyfile: global("mail smtp smtp://localhost {\nfrom me\n}"), want: "reading the mail's sender"},
		{name: "fail/mail of another kind", caddyfile: global("mail smpt smtp://localhost"), want: "unknown 'mail smpt', did you mean 'smtp'?"},
		{name: "fail/mail over http", caddyfile: mailBy("http://mx.example.com", ""), want: `its scheme is "http"`},
		{name: "fail/mail's port", caddyfile: mailBy("smtps://mx.example.com:99999", ""), want: "which is not from 1 to 65535"},
		{name: "fail/mail's URL with a password", caddyfile: mailBy("smtps://u:secret@mx.example.com", ""), want: "write them as `username` and `password`"},
		{name: "fail/mail with half a login", caddyfile: mailBy("smtps://mx.example.com", "username u"), want: "write both `username` and `password`, or neither"},

		{name: "warn/literal key", caddyfile: global("key MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="), warn: "key is a literal"},
		{name: "warn/literal password", caddyfile: mailBy("smtps://mx.example.com", "username u\npassword hunter2"), warn: "is a literal: it is written out in the adapted JSON"},
	}
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}
