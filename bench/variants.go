package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

const policyFile = `version: 1
tenants:
  default:
    name: Bench
    hosts: [127.0.0.1]
    require: mfa
    first: none
    protect: [/documents, /mensagens, /enviar, /admin, /reports]
`

// The baseline and the gated sites differ in the gate alone. Idle connections
// to the upstream are as many as clients, so that no run pays for dialling.
const head = `{
	admin off
	persist_config off
	auto_https off
	default_bind 127.0.0.1
	log {
		output discard
	}
%MFA%}
http://:%PORT% {
%GATE%	reverse_proxy %UPSTREAM% {
		transport http {
			keepalive_idle_conns_per_host 256
		}
	}
}
`

const (
	storeBolt  = "store bolt %DIR%/mfa.db"
	storeRedis = "store redis %REDIS%\n\t\tkey MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
)

func siteOf(gate, store string) string {
	app := ""
	if gate != "" {
		app = "\tmfa %DIR%/policy.yaml {\n\t\t" + store + "\n\t}\n"
		gate = "\tmfa {\n\t\tidentity " + gate + "\n\t}\n"
	}
	return strings.NewReplacer("%MFA%", app, "%GATE%", gate).Replace(head)
}

var plainSite = siteOf("", "")

// tellingSite tells the application by Caddy's own means what the gate tells it.
var tellingSite = strings.Replace(plainSite, "%UPSTREAM% {\n", "%UPSTREAM% {\n"+
	"\t\theader_up Mfa-Status verified\n\t\theader_up Mfa-User bob\n\t\theader_up Mfa-Tenant default\n"+
	"\t\theader_up Mfa-Methods totp\n\t\theader_up Mfa-Time 1700000000\n", 1)

const (
	byHS256  = "jwt {\n\t\t\tcookie session\n\t\t\tsecret \"%SECRET%\"\n\t\t\tuser sub\n\t\t}"
	byClaim  = "jwt {\n\t\t\tcookie session\n\t\t\tsecret \"%SECRET%\"\n\t\t\tuser sub\n\t\t\tmethods amr\n\t\t}"
	byBearer = "jwt {\n\t\t\theader Authorization\n\t\t\tsecret \"%SECRET%\"\n\t\t\tuser sub\n\t\t\tmethods amr\n\t\t}"
	byEdDSA  = "jwt {\n\t\t\tcookie session\n\t\t\tpublic_key %DIR%/public.pem\n\t\t\tuser sub\n\t\t}"
	byWhoami = "whoami /api/me {\n\t\t\tuser json login\n\t\t\tcookies sid\n\t\t}"
	byRedis  = "redis %REDIS% {\n\t\t\tuser login\n\t\t}"
)

// variant is one row of the table.
type variant struct {
	name    string
	site    string
	nodes   int  // Caddy processes that get the request
	redis   bool // they ask a Redis
	prepare func(*proc, *redisServer) (request, error)
}

func (v variant) asksRedis() bool { return v.redis }

func variants() []variant {
	return []variant{
		{name: "plain again", site: plainSite, prepare: func(p *proc, _ *redisServer) (request, error) {
			return asking(p.addr, "", http.StatusOK, "/documents/1"), nil
		}},
		{name: "plain telling five fields", site: tellingSite, prepare: func(p *proc, _ *redisServer) (request, error) {
			return asking(p.addr, "Cookie: sid=bob\r\n", http.StatusOK, "/documents/1"), nil
		}},
		{name: "open path", site: siteOf(byWhoami, storeBolt), prepare: func(p *proc, _ *redisServer) (request, error) {
			return asking(p.addr, "Cookie: sid=bob\r\n", http.StatusOK, "/financeiro/1"), nil
		}},
		{name: "flagged jwt HS256", site: siteOf(byHS256, storeBolt), prepare: func(p *proc, _ *redisServer) (request, error) {
			return flagged(p, "session="+token(jwt.SigningMethodHS256, []byte(jwtSecret)))
		}},
		{name: "flagged by a browser", site: siteOf(byHS256, storeBolt), prepare: func(p *proc, _ *redisServer) (request, error) {
			r, err := flagged(p, "session="+token(jwt.SigningMethodHS256, []byte(jwtSecret)))
			return r.with(browserFields), err
		}},
		{name: "flagged 50 pages", site: siteOf(byHS256, storeBolt), prepare: func(p *proc, _ *redisServer) (request, error) {
			return flagged(p, "session="+token(jwt.SigningMethodHS256, []byte(jwtSecret)), pages(50)...)
		}},
		{name: "claimed jwt HS256", site: siteOf(byClaim, storeBolt), prepare: func(p *proc, _ *redisServer) (request, error) {
			return asking(p.addr, "Cookie: session="+token(jwt.SigningMethodHS256, []byte(jwtSecret), "pwd", "mfa")+"\r\n", http.StatusOK, "/documents/1"), nil
		}},
		{name: "claimed by a bearer", site: siteOf(byBearer, storeBolt), prepare: func(p *proc, _ *redisServer) (request, error) {
			return asking(p.addr, "Authorization: Bearer "+token(jwt.SigningMethodHS256, []byte(jwtSecret), "pwd", "mfa")+"\r\n", http.StatusOK, "/documents/1"), nil
		}},
		{name: "flagged jwt EdDSA", site: siteOf(byEdDSA, storeBolt), prepare: flaggedEdDSA},
		{name: "flagged whoami cached", site: siteOf(byWhoami, storeBolt), prepare: func(p *proc, _ *redisServer) (request, error) {
			return flagged(p, "sid=bob")
		}},
		{name: "flagged redis cached", site: siteOf(byRedis, storeBolt), redis: true, prepare: func(p *proc, redis *redisServer) (request, error) {
			const id = "0123456789abcdefghijABCDEFGHIJ-_"
			if err := redis.connectRedis(id, "bob"); err != nil {
				return request{}, err
			}
			return flagged(p, "connect.sid="+id)
		}},
		{name: "blocked JSON", site: siteOf(byWhoami, storeBolt), prepare: func(p *proc, _ *redisServer) (request, error) {
			return asking(p.addr, "Cookie: sid=alice\r\n", http.StatusForbidden, "/documents/1"), nil
		}},
		{name: "three nodes on Redis", site: siteOf(byEdDSA, storeRedis), nodes: 3, redis: true, prepare: flaggedEdDSA},
	}
}

// browserFields are what a browser says beside its cookies when a link is followed.
const browserFields = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" +
	"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: pt-BR,pt;q=0.9,en;q=0.8\r\nConnection: keep-alive\r\n" +
	"Sec-CH-UA: \"Chromium\";v=\"140\"\r\nSec-CH-UA-Mobile: ?0\r\nSec-CH-UA-Platform: \"Linux\"\r\n" +
	"Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-User: ?1\r\n" +
	"Referer: http://127.0.0.1/documents\r\nUpgrade-Insecure-Requests: 1\r\n"

// pages are so many under a protected prefix, half of them with a query.
func pages(n int) (paths []string) {
	for i := range n {
		path := fmt.Sprintf("/documents/%d/view", i)
		if i%2 == 1 {
			path = fmt.Sprintf("/documents/list?page=%d&sort=name", i)
		}
		paths = append(paths, path)
	}
	return paths
}

func flaggedEdDSA(p *proc, _ *redisServer) (request, error) {
	return flagged(p, "session="+token(jwt.SigningMethodEdDSA, signer.private))
}
