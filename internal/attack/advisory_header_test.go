package attack

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// before is global with more lines in Caddy's options of its servers.
func before(lines string) string {
	return strings.Replace(global, "protocols h1 h2c\n", "protocols h1 h2c\n\t\t"+lines+"\n", 1)
}

// everyAlias has Caddy hand on field names that it drops of itself since 2.11.9, as
// it did before: what the gate does about them must not hang on that.
const everyAlias = "expected_underscore_headers mfa_* x_* script_name webhook_*\n\t\texpected_dot_headers mfa.* x.* script.name webhook.*"

// startWith is start with Caddy's own options.
func startWith(t *testing.T, options, policy, sites string) *site {
	t.Helper()
	s := &site{t: t, app: newApp(t), dir: t.TempDir(), global: options}
	s.run(policy, sites)
	return s
}

// enrolled is a browser at the site over plain http, whoever opened its Caddyfile.
func (s *site) enrolled() *visitor {
	v := s.visitor("office.test", "mallory")
	v.base.Scheme = "http"
	return v.enrol()
}

// TestAdvisory_CVE_2026_40575_HD1_ForwardedTargets: a field of a proxy said which path
// is asked for, whoever sent it. The gate judges the target itself, even where an
// operator trusts the whole world as his proxy.
func TestAdvisory_CVE_2026_40575_HD1_ForwardedTargets(t *testing.T) {
	for from, options := range map[string]string{"CVE-2026-40575": global, "CVE-2026-76835": before("trusted_proxies static 0.0.0.0/0 ::/0")} {
		t.Run(from, func(t *testing.T) {
			s := startWith(t, options, oneHost, plainSite)
			for _, name := range []string{"X-Forwarded-Uri", "X-Forwarded-Url", "X-Forwarded-Path", "X-Original-Uri", "X-Original-Url", "X-Rewrite-Url", "X-Envoy-Original-Path", "X-Auth-Request-Redirect", "X-Forwarded-Prefix", "X-Script-Name"} {
				for _, value := range []string{"/open", "http://office.test/open", "/", "/.mfa/"} {
					for _, o := range both(s.both("GET", documents, "office.test", name+": "+value)) {
						if o.arrived != "" {
							t.Errorf("%s with %s: %s reaches the app", o.version, name, value)
						}
					}
					s.clean(name)
				}
			}
			for _, line := range []string{"X-Forwarded-Method: OPTIONS", "X-Forwarded-Proto: https", "X-Forwarded-For: 127.0.0.1", "X-Real-Ip: 127.0.0.1"} {
				if h1, h2 := s.both("GET", documents, "office.test", line); h1.arrived != "" || h2.arrived != "" {
					t.Errorf("with %s: %q, %q reach the app", line, h1.arrived, h2.arrived)
				}
			}
			for _, o := range both(s.both("GET", "/open", "office.test", "X-Forwarded-Uri: /documents")) {
				if !o.ok || o.arrived != "GET /open" {
					t.Errorf("%s: an open path that a field calls protected: the app gets %q", o.version, o.arrived)
				}
			}
		})
	}
}

// TestAdvisory_GHSA_5hvv_m4w4_gf6v_HD2_HealthCheckers: whoever called himself a health
// check was let through wherever he went.
func TestAdvisory_GHSA_5hvv_m4w4_gf6v_HD2_HealthCheckers(t *testing.T) {
	s := start(t, oneHost, plainSite)
	for _, agent := range []string{"GoogleHC/1.0", "kube-probe/1.29", "ELB-HealthChecker/2.0", "Consul Health Check", "Blackbox Exporter/0.25", "Go-http-client/1.1", "Googlebot/2.1", "curl/8.5.0", "Caddy", ""} {
		for _, o := range append(both(s.both("GET", documents, "office.test", "User-Agent: "+agent)), both(s.both("HEAD", documents, "office.test", "User-Agent: "+agent, "Via: 1.1 google"))...) {
			if o.arrived != "" || o.ok {
				t.Errorf("%s: %q is let through: %q", o.version, agent, o.arrived)
			}
		}
		s.clean(agent)
		for _, o := range both(s.both("GET", "/open", "office.test", "User-Agent: "+agent)) {
			if !o.ok {
				t.Errorf("%s: %q is kept from an open path", o.version, agent)
			}
		}
	}
}

// cgi is a PHP that notes the fields it is told of, as CGI names them, behind
// Caddy's own FastCGI.
func cgi(t *testing.T) (proxy string, told func() string) {
	t.Helper()
	addr, root, _ := fpm(t)
	seen := filepath.Join(root, "seen")
	write(t, filepath.Join(root, "index.php"), `<?php
if (str_starts_with($_SERVER['REQUEST_URI'], '/api/me')) { header('Content-Type: application/json'); echo '{"login":"' . ($_COOKIE['sid'] ?? '') . '"}'; exit; }
foreach ($_SERVER as $k => $v) if (str_starts_with($k, 'HTTP_')) file_put_contents('`+seen+`', "$k=$v\n", FILE_APPEND);`)
	return "root * " + root + "\n\tphp_fastcgi " + addr, func() string {
		b, _ := os.ReadFile(seen)
		_ = os.Remove(seen)
		return string(b)
	}
}

// TestAdvisory_CVE_2025_64484_HD3_Underscores: CGI, WSGI and PHP know Mfa_User and
// Mfa-User by one name, so that an alias stands beside the gate's word or for it.
func TestAdvisory_CVE_2025_64484_HD3_Underscores(t *testing.T) {
	aliases(t, "_", map[string]string{"CVE-2025-64484": "", "GHSA-f59h-q822-g45g": "php"})
}

// TestAdvisory_GHSA_49wc_4hcv_v58q_HD4_Dots: PHP turns a dot into the same underscore.
func TestAdvisory_GHSA_49wc_4hcv_v58q_HD4_Dots(t *testing.T) {
	aliases(t, ".", map[string]string{"GHSA-49wc-4hcv-v58q": "", "GHSA-49wc-4hcv-v58q by PHP": "php"})
}

// aliases sends every field that a client may not say to the app with another mark
// for the hyphen, on an open path and by somebody who proved.
func aliases(t *testing.T, mark string, from map[string]string) {
	names := []string{"Mfa-User", "MFA-USER", "mfa-status", "Mfa-Tenant", "Mfa-Methods", "Mfa-Time", "Mfa-Anything-Else", "X-Original-Url", "X-Rewrite-Url", "X-Http-Method-Override", "X-Script-Name", "Script-Name", "X-Forwarded-Prefix", "X-Host"}
	for name, kind := range from {
		t.Run(name, func(t *testing.T) {
			proxy, told := cgi(t)
			conf := plainSite
			if kind == "php" {
				conf = strings.Replace(plainSite, "reverse_proxy %APP%", proxy, 1)
			}
			s := startWith(t, before(everyAlias), byPathAlone, conf)
			fields := func() string {
				if kind == "php" {
					return told()
				}
				var b strings.Builder
				if r, _ := s.app.last(); r != nil {
					for k, v := range r.Header {
						fmt.Fprintf(&b, "%s=%s\n", k, v)
					}
				}
				return b.String()
			}
			cookies := s.enrolled().cookies()
			for _, n := range names {
				alias := strings.ReplaceAll(n, "-", mark) + ": planted"
				for target, cookie := range map[string]string{"/open": "Cookie: sid=bob", documents: cookies} {
					fields()
					raw(t, s.addr, message("GET", target, "office.test", cookie, alias))
					got := fields()
					if got == "" || strings.Contains(got, "planted") || target == documents && !strings.Contains(got, "mallory\n") && !strings.Contains(got, "[mallory]") {
						t.Errorf("%s on %s: the app gets %s", alias, target, got)
					}
				}
			}
			fields()
			raw(t, s.addr, message("GET", "/open", "office.test", "Cookie: sid=bob", strings.ReplaceAll("Webhook-Id", "-", mark)+": 17"))
			if got := fields(); !strings.Contains(got, "17") {
				t.Errorf("a field of the app's own is gone: %s", got)
			}
		})
	}
}

// TestAdvisory_GHSA_7r4p_vjf4_gxv4_HD5_FieldsWithoutAValue: a field was overwritten where
// there was something to write, and stayed as the client sent it where there was not.
func TestAdvisory_GHSA_7r4p_vjf4_gxv4_HD5_FieldsWithoutAValue(t *testing.T) {
	s := start(t, twoHosts, plainSite)
	own := []string{"Mfa-Status", "Mfa-User", "Mfa-Tenant", "Mfa-Methods", "Mfa-Time", "Mfa-Email", "Mfa-Roles", "Mfa-Reference", "Mfa"}
	var lines []string
	for _, n := range own {
		lines = append(lines, n+": planted", strings.ToLower(n)+": planted")
	}
	for what, c := range map[string]struct{ target, host, cookie string }{
		"nobody on an open path":        {"/open", "office.test", "a=b"},
		"an open path":                  {"/open", "office.test", "sid=bob"},
		"where nothing is required":     {documents, "lax.test", "sid=bob"},
		"nobody, nothing is required":   {"/", "lax.test", "a=b"},
		"a host of nobody's":            {"/open", "else.test", "sid=bob"},
		"a page of the gate's own":      {"/.mfa/", "office.test", "sid=bob"},
		"a preflight":                   {documents, "office.test", ""},
		"an area, which answers nobody": {documents, "office.test", "sid=bob"},
	} {
		method := "GET"
		more := append([]string{}, lines...)
		if c.cookie == "" {
			method, more = "OPTIONS", append(more, "Origin: http://x.test", "Access-Control-Request-Method: GET")
		}
		s.app.last()
		raw(t, s.addr, message(method, c.target, c.host, append(more, "Cookie: "+c.cookie)...))
		r, _ := s.app.last()
		pairs := []string{":method", method, ":scheme", "http", ":authority", c.host, ":path", c.target, "cookie", c.cookie}
		for _, l := range more {
			name, value, _ := strings.Cut(l, ": ")
			pairs = append(pairs, strings.ToLower(name), value)
		}
		dialH2(t, s.addr).ask(pairs...)
		r2, _ := s.app.last()
		for version, r := range map[string]*http.Request{"HTTP/1.1": r, "HTTP/2": r2} {
			if (r == nil) != strings.HasPrefix(what, "an area") && (r == nil) != strings.HasPrefix(what, "a page") {
				t.Errorf("%s, %s: the app gets %v", what, version, r)
			} else if r != nil && strings.Contains(fmt.Sprint(r.Header), "planted") {
				t.Errorf("%s, %s: the app gets %v", what, version, r.Header)
			}
		}
	}
	if r := s.passed("lax.test", "sid=bob"); r == nil || r.Header.Get("Mfa-Status") != "not-required" || r.Header.Get("Mfa-User") != "bob" || len(r.Header["Mfa-Methods"]) > 0 {
		t.Errorf("where nothing is required the app gets %v", r)
	}
}

// passed asks for the area, and is what the app gets of that.
func (s *site) passed(host, cookie string) *http.Request {
	s.t.Helper()
	s.app.last()
	raw(s.t, s.addr, message("GET", documents, host, "Cookie: "+cookie))
	r, _ := s.app.last()
	return r
}

// TestAdvisory_CVE_2016_5385_HD7_Httpoxy: CGI names a Proxy field HTTP_PROXY, and by
// that variable many a library chooses whom it sends its own requests through.
func TestAdvisory_CVE_2016_5385_HD7_Httpoxy(t *testing.T) {
	proxy, told := cgi(t)
	s := start(t, byPathAlone, strings.Replace(plainSite, "http://:0", "http://office.test:0", 1)+strings.Replace(strings.Replace(plainSite, "http://:0", "http://php.test:0", 1), "reverse_proxy %APP%", proxy, 1))
	for _, name := range []string{"Proxy", "PROXY", "proxy", "pRoXy"} {
		for _, value := range []string{"http://evil.test:8080", "127.0.0.1:1"} {
			if h1, h2 := s.both("GET", "/open", "php.test", name+": "+value); !h1.ok || !h2.ok {
				t.Errorf("%s: PHP answers %v, %v", name, h1.ok, h2.ok)
			}
			if got := told(); !strings.Contains(got, "HTTP_COOKIE=") || strings.Contains(got, "HTTP_PROXY") {
				t.Errorf("%s: PHP gets %s", name, got)
			}
			s.app.last()
			s.get("/open", name+": "+value, "Proxy-Note: kept")
			if r, _ := s.app.last(); r == nil || len(r.Header["Proxy"]) > 0 || r.Header.Get("Proxy-Note") != "kept" {
				t.Errorf("%s: the app gets %v", name, r)
			}
		}
	}
}
