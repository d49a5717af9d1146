package identity

import (
	"fmt"
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// upHeader is one checked header_up.
type upHeader struct {
	field, value string
	from         []string // credential headers of the visitor's request that its value holds, in the form of HeaderName
}

// refusedUp are fields that would change what the sub-request is.
var refusedUp = headerSet("host", "cookie", "authorization", "connection", "content-length", "transfer-encoding", "upgrade", "range",
	"expect", "te", "trailer", "accept-encoding", "cache-control", "http2-settings",
	"x-http-method-override", "x-http-method", "x-method-override",
	"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range")

// placeholderName finds placeholders in a header_up.
var placeholderName = regexp.MustCompile(`\{([a-zA-Z0-9_.\-]+)\}`)

const visitorHeader = "http.request.header."

func (w *whoami) checkHeaders() error {
	for _, h := range w.cfg.HeaderUp {
		if !httpguts.ValidHeaderFieldName(h.Field) || !httpguts.ValidHeaderFieldValue(h.Value) {
			return fmt.Errorf("header_up: %q is no header field with its value; write: header_up X-Requested-With XMLHttpRequest", h.Field)
		}
		if refusedUp[HeaderName(h.Field)] {
			return fmt.Errorf("header_up: %s is set by the gate alone; leave the line out", h.Field)
		}
		up := upHeader{field: textproto.CanonicalMIMEHeaderKey(h.Field), value: h.Value}
		for _, m := range placeholderName.FindAllStringSubmatch(h.Value, -1) {
			if name, ok := strings.CutPrefix(m[1], visitorHeader); ok && !keptHeaders[HeaderName(name)] {
				up.from = append(up.from, HeaderName(name))
			}
		}
		w.headers = append(w.headers, up)
	}
	return nil
}

// Carries reports whether the sub-request shows the app this header: its
// Authorization always, others where a header_up hands them on.
func (w *whoami) Carries(_ *Visit, header string) bool {
	name := HeaderName(header)
	if header == "Authorization" {
		return true
	}
	return slices.ContainsFunc(w.headers, func(h upHeader) bool { return slices.Contains(h.from, name) })
}

// expand fills the placeholders of a header_up in one pass: what a value holds
// is never read as a placeholder itself. Headers in leave are taken as absent;
// where something is, the header is not sent at all.
func (h *upHeader) expand(v *Visit, leave func(header string) bool) (parts []string, ok bool) {
	rest := h.value
	for {
		at := placeholderName.FindStringSubmatchIndex(rest)
		if at == nil {
			return append(parts, rest), true
		}
		name := rest[at[2]:at[3]]
		parts = append(parts, rest[:at[0]])
		rest, ok = rest[at[1]:], false
		value := ""
		if field, isHeader := strings.CutPrefix(name, visitorHeader); isHeader {
			if values := v.R.Header.Values(field); len(values) == 1 && !leave(HeaderName(field)) {
				value, ok = values[0], true
			}
		} else if strings.HasPrefix(name, "mfa.before.") {
			value, ok = "", true
		} else if v.Placeholder != nil {
			value, ok = v.Placeholder(name)
		}
		if !ok {
			return nil, false
		}
		parts = append(parts, value)
	}
}

// fill joins the parts of an expanded header_up; the empty ones at odd places
// that stand for the value of before are filled with it.
func (h *upHeader) fill(parts []string, before string) string {
	var b strings.Builder
	for i, p := range parts {
		if i%2 == 1 && p == "" {
			p = before
		}
		b.WriteString(p)
	}
	return b.String()
}
