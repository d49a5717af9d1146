package caddymodule

import (
	"net/http"
	"strings"
	"testing"
	"unicode"
)

// Whatever stands in a Cookie field, no cookie of the gate's is left in it by
// any reading of its name, every other one is there byte for byte and in its
// order, and what is read as the flag stands there exactly once.
func FuzzGateCookies(f *testing.F) {
	for _, s := range []string{
		"a=b; __Host-mfa=x; c=d", "mfa=1;mfa=2", " \u2000__Host-mfa=x", "__host-MFA-ticket=x;a", "mfa-lng=de; mfax=1; mfa-devices=2", ";;=;__Host-mfa", "a=__Host-mfa=b", "__Secure-mfa=x; b=\"; mfa=y\"",
	} {
		f.Add(s, "sid=1")
	}
	secure, plain := namesAfter("__Host-mfa"), namesAfter("mfa")
	f.Fuzz(func(t *testing.T, one, two string) {
		for _, n := range []*cookieNames{secure, plain} {
			h := http.Header{"Cookie": {one, two}}
			n.stripCookies(h, new([1]string))
			var want []string
			for pair := range strings.SplitSeq(one+";"+two, ";") {
				if name, _, _ := strings.Cut(pair, "="); !ofTheGate(name) && strings.Trim(pair, " ") != "" {
					want = append(want, strings.Trim(pair, " "))
				}
			}
			var got []string
			for pair := range strings.SplitSeq(strings.Join(h["Cookie"], ";"), ";") {
				if strings.Trim(pair, " ") != "" {
					got = append(got, strings.Trim(pair, " "))
				}
			}
			if strings.Join(got, ";") != strings.Join(want, ";") {
				t.Errorf("%q and %q leave %q, want %q", one, two, got, want)
			}
			if v := cookieValue([]string{one, two}, n.flag); v != "" && strings.Count(one+";"+two, n.flag+"="+v) < 1 {
				t.Errorf("%q and %q: the flag is read as %q", one, two, v)
			}
			if v := cookieValue([]string{one, one}, n.flag); v != "" {
				t.Errorf("%q twice: one of two flags, %q, counts", one, v)
			}
		}
	})
}

// ofTheGate says slowly whether a cookie's name is one of the gate's to some
// server: in any case, behind any prefix and with anything around it that one
// trims.
func ofTheGate(name string) bool {
	name = strings.TrimFunc(name, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) || c == 0xFEFF })
	if len(name) < 3 {
		return false
	}
	bare := strings.ToLower(name)
	for _, prefix := range []string{"__host-", "__secure-"} {
		if rest, ok := strings.CutPrefix(bare, prefix); ok && rest != "" {
			bare = rest
			break
		}
	}
	switch bare {
	case "mfa", "mfa-ticket", "mfa-device", "mfa-visit", "mfa-known", "mfa-seen", "mfa-lng":
		return true
	}
	return false
}

// No field that a client sends is one of the gate's to an application that takes
// "_", "." and "-" for the same (CGI, WSGI, nginx), nor one by which it takes
// another path or method; and what is nobody's business stays.
func FuzzGateHeaders(f *testing.F) {
	for _, s := range []string{"Mfa-User", "mfa_user", "MFA.User", "Mfa", "X-Original-URL", "x_rewrite.url", "Proxy", "X-Http-Method-Override", "Mfax", "X-Mfa-User", "Http2-Settings", "Host", "mFa-"} {
		f.Add(s, "a, b")
	}
	f.Add("Connection", "close, Mfa-User, mfa_status,X-A")
	f.Fuzz(func(t *testing.T, name, value string) {
		if fields := newFieldSet(nil); !fields.mayMatter(name) && (forbiddenField(name) || fields.has(name)) {
			t.Errorf("%q is passed over", name)
		}
		h := http.Header{}
		h.Set(name, value)
		h[name] = []string{value}
		before := len(h[name])
		stripHeaders(h, new(newFieldSet(nil)))
		for k, fields := range h {
			if k == makesGet && fields[0] == "GET" {
				continue
			}
			plain := strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(k))
			if plain == "mfa" || strings.HasPrefix(plain, "mfa-") || plain == "proxy" || plain == "x-original-url" || plain == "x-rewrite-url" || strings.HasSuffix(plain, "-method-override") && strings.HasPrefix(plain, "x-") {
				t.Errorf("%q stays as %q", name, k)
			}
		}
		for _, list := range h["Connection"] {
			for token := range strings.SplitSeq(list, ",") {
				if strings.HasPrefix(strings.ToLower(strings.TrimSpace(token)), "mfa-") {
					t.Errorf("%q: a proxy is told to drop %q", value, token)
				}
			}
		}
		if strings.HasPrefix(strings.ToLower(name), "x-app") && len(h[name]) != before {
			t.Errorf("%q is gone", name)
		}
	})
}

// A query that the client chose is judged alike by the rewrites' checks however
// it is cut: what any key may be set in is never taken for harmless.
func FuzzRewriteKeys(f *testing.F) {
	for _, s := range []string{"a=b", "a={http.request.uri.query.x}", "{http.request.uri.query}", "a=1&{x}=2", "", "&&", "a={b}&c=d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		keys, all := openKeys(query, true), keysOf(query)
		for pair := range strings.SplitSeq(query, "&") {
			key, value, _ := strings.Cut(pair, "=")
			if strings.Contains(key, "{") && keys != nil {
				t.Errorf("%q: %q may be any key, and %q are taken for all", query, key, keys)
			}
			if strings.Contains(value, "{") && keys != nil && !has(keys, key) {
				t.Errorf("%q: %q may have any value", query, key)
			}
			if all != nil && !strings.Contains(pair, "{") && !has(all, key) {
				t.Errorf("%q: %q is set", query, key)
			}
		}
	})
}

func has(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
