package portal

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// secure sets the headers that every answer of the gate carries. Nothing of it
// is cached, framed, sniffed or told to the next site, and validators that an
// earlier handler set are removed, so that no 304 can stand in for a refusal.
func secure(h http.Header) {
	for _, name := range []string{
		"ETag", "Last-Modified", "Expires", "Age", "CDN-Cache-Control", "Surrogate-Control",
		"Content-Encoding", "Content-Length", "Content-Disposition", "Accept-Ranges", "Link", "Refresh",
	} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "publickey-credentials-create=(self), publickey-credentials-get=(self)")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
}

// securePage is secure for an HTML page. logo is the address of the tenant's
// logo, which may lie on another host; it has been checked by brandLogo.
func securePage(h http.Header, logo string) {
	secure(h)
	img := "'self'"
	if u, err := url.Parse(logo); err == nil {
		switch {
		case u.Scheme == "https" && u.Host != "":
			img += " https://" + u.Host
		case u.Scheme == "data":
			img += " data:"
		}
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src " + img, "connect-src 'self'",
		"form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
	}, "; "))
}

// writeJSON answers with a value; a HEAD gets the headers alone.
func writeJSON(w http.ResponseWriter, r *http.Request, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append(body, '\n'))
	}
}
