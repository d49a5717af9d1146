package portal

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// IsPageVisit reports whether a person is looking at the answer in a browser
// window: Sec-Fetch-Mode says "navigate", or, from browsers that send no
// Sec-Fetch headers, Accept prefers HTML and no Authorization header speaks
// for a program. Everything else gets an answer that a program can read.
func IsPageVisit(r *http.Request) bool {
	if mode := r.Header["Sec-Fetch-Mode"]; len(mode) > 0 {
		return len(mode) == 1 && mode[0] == "navigate"
	}
	for _, name := range [...]string{"Sec-Fetch-Site", "Sec-Fetch-Dest", "Sec-Fetch-User", "Authorization"} {
		if len(r.Header[name]) > 0 {
			return false
		}
	}
	return prefersHTML(strings.Join(r.Header["Accept"], ","))
}

// prefersHTML reports whether an Accept header (RFC 9110 section 12.5.1) names
// HTML, with a weight no other named type exceeds; of equal weights the first
// one wins. Wildcards do not ask for HTML: curl and most libraries send "*/*".
func prefersHTML(accept string) bool {
	if !strings.Contains(strings.ToLower(accept), "html") {
		return false // what programs send, most often
	}
	html, other := 0.0, 0.0
	for item := range strings.SplitSeq(accept, ",") {
		kind, params, err := mime.ParseMediaType(item)
		if err != nil {
			continue
		}
		q := 1.0
		if s, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(s, 64); err != nil || !(q >= 0 && q <= 1) {
				continue
			}
		}
		switch {
		case kind == "text/html" || kind == "application/xhtml+xml":
			if q > other {
				html = max(html, q)
			}
		case !strings.Contains(kind, "*") && !strings.HasPrefix(kind, "image/"):
			other = max(other, q)
		}
	}
	return html > 0 && html >= other
}
