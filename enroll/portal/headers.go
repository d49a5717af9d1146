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
	for _, name := range unwanted {
		delete(h, name)
	}
	values := make([]string, len(secured)) // one allocation for all
	for i := range secured {
		values[i] = secured[i].value
		h[secured[i].name] = values[i : i+1 : i+1]
	}
}

// unwanted are the fields that secure removes, secured those that it sets, by
// their canonical names.
var (
	unwanted = [...]string{
		"Etag", "Last-Modified", "Expires", "Age", "Cdn-Cache-Control", "Surrogate-Control",
		"Content-Encoding", "Content-Length", "Content-Disposition", "Accept-Ranges", "Link", "Refresh",
	}
	secured = [...]struct{ name, value string }{
		{"Cache-Control", "no-store"},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Permissions-Policy", "publickey-credentials-create=(self), publickey-credentials-get=(self)"},
		{"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"},
	}
)

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
