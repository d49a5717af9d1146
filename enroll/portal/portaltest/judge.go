package portaltest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal"
)

// verdict says what a path would get.
func (s *Site) verdict(ctx context.Context, path string, v *portal.Visit) (verdict, reason string) {
	prefix := s.areaOf(path)
	if prefix == "" {
		return "allow", "open"
	}
	if v.Person.User == "" {
		return "deny", "no-identity"
	}
	account, err := s.Service.Account(ctx, v.Person.Realm, v.Person.User)
	if err != nil {
		return "deny", "store-down"
	}
	here, keys := 0, 0
	for _, m := range account.Methods {
		if m.Tenant == s.Tenant || v.Rules.Share == "everywhere" {
			here++
			if m.Kind == enroll.KindPasskey {
				keys++
			}
		}
	}
	strong := s.Strong[prefix] || v.Rules.Resistant
	switch fresh := s.Fresh[prefix]; {
	case len(account.Methods) > 0 && v.Flag == nil:
		return "verify", "verify"
	case here == 0 || strong && keys == 0:
		return "enroll", "enroll"
	case fresh > 0 && s.Clock.Now().Sub(v.Flag.At) > fresh:
		return "verify", "stale"
	case strong && !v.Flag.Resistant:
		return "verify", "weak"
	}
	return "allow", "verified"
}

func (s *Site) areaOf(path string) string {
	for prefix := range s.Areas {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return prefix
		}
	}
	return ""
}

func (s *Site) judge(r *http.Request, v *portal.Visit) *portal.Blocked {
	verdict, reason := s.verdict(r.Context(), r.URL.Path, v)
	if v.State == "down" && s.areaOf(r.URL.Path) != "" {
		verdict, reason = "deny", "identity-down"
	}
	if verdict == "allow" {
		return nil
	}
	prefix := s.areaOf(r.URL.Path)
	site := r.Header.Get("Sec-Fetch-Site")
	b := &portal.Blocked{
		Visit: v, Verdict: verdict, Reason: reason, Status: http.StatusForbidden, Reference: "7KQ2-MX4P-9RTD",
		To: r.URL.RequestURI(), Area: s.Areas[prefix], Fresh: s.Fresh[prefix],
		Foreign: site != "" && site != "same-origin" && site != "none",
	}
	for _, p := range []string{"/documentos-recebidos", "/enviar-documentos", "/mensagens"} {
		b.Areas = append(b.Areas, s.Areas[p])
	}
	switch reason {
	case "no-identity":
		b.Status = http.StatusUnauthorized
	case "identity-down", "store-down":
		b.Status, b.RetryAfter = http.StatusServiceUnavailable, 10*time.Second
	}
	return b
}
