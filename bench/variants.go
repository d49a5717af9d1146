package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/pquerna/otp/totp"
)

const jwtSecret = "a secret of the bench alone, 32 bytes or more"

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

const appBlock = "\tmfa %DIR%/policy.yaml {\n\t\tstore bolt %DIR%/mfa.db\n\t}\n"

func siteOf(gate string) string {
	app := appBlock
	if gate == "" {
		app = ""
	}
	return strings.NewReplacer("%MFA%", app, "%GATE%", gate).Replace(head)
}

var plainSite = siteOf("")

const (
	gateJWT    = "\tmfa {\n\t\tidentity jwt {\n\t\t\tcookie session\n\t\t\tsecret \"%SECRET%\"\n\t\t\tuser sub\n\t\t}\n\t}\n"
	gateWhoami = "\tmfa {\n\t\tidentity whoami /api/me {\n\t\t\tuser json login\n\t\t\tcookies sid\n\t\t}\n\t}\n"
)

// variant is one row of the table.
type variant struct {
	name    string
	site    string
	prepare func(*proc) (target, error)
}

func variants() []variant {
	return []variant{
		{"plain again", plainSite, func(p *proc) (target, error) {
			return target{p, requestLine(p.addr, "/documents/1", ""), 200}, nil
		}},
		{"open path", siteOf(gateWhoami), func(p *proc) (target, error) {
			return target{p, requestLine(p.addr, "/financeiro/1", "Cookie: sid=bob\r\n"), 200}, nil
		}},
		{"flagged jwt HS256", siteOf(gateJWT), func(p *proc) (target, error) {
			return flagged(p, "session="+sign())
		}},
		{"flagged whoami cached", siteOf(gateWhoami), func(p *proc) (target, error) {
			return flagged(p, "sid=bob")
		}},
		{"blocked JSON", siteOf(gateWhoami), func(p *proc) (target, error) {
			return target{p, requestLine(p.addr, "/documents/1", "Cookie: sid=alice\r\n"), 403}, nil
		}},
	}
}

func sign() string {
	t, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "bob", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
	}).SignedString([]byte(jwtSecret))
	if err != nil {
		panic(err)
	}
	return t
}

// flagged enrols a user as a person would and returns a request with the flag.
func flagged(p *proc, session string) (target, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return target{}, err
	}
	here := &url.URL{Scheme: "http", Host: p.addr, Path: "/"}
	name, value, _ := strings.Cut(session, "=")
	jar.SetCookies(here, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
	client := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	call := func(path string, in, out any) error {
		body, err := json.Marshal(in)
		if err != nil {
			return err
		}
		req, err := http.NewRequest(http.MethodPost, "http://"+p.addr+path, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json")
		req.Header.Set("Origin", "http://"+p.addr)
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: status %d: %.300s", path, res.StatusCode, text)
		}
		return json.Unmarshal(text, out)
	}
	var begun struct{ Secret string }
	if err := call("/.mfa/api/methods/totp", map[string]any{}, &begun); err != nil {
		return target{}, err
	}
	code, err := totp.GenerateCode(strings.ReplaceAll(begun.Secret, " ", ""), time.Now())
	if err != nil {
		return target{}, err
	}
	if err := call("/.mfa/api/methods/totp/verify", map[string]any{"code": code, "name": "bench"}, &struct{}{}); err != nil {
		return target{}, err
	}
	var cookies []string
	for _, c := range jar.Cookies(here) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	return target{p, requestLine(p.addr, "/documents/1", "Cookie: "+strings.Join(cookies, "; ")+"\r\n"), 200}, nil
}
