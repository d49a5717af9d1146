package identity

import "strings"

// Heeder is a source that answers by a request's cookies, host and scheme, and
// by the header fields it names. Without it a source's answers are for the
// request they were given about, and for no other.
type Heeder interface {
	// Heeds lists the header fields beside Cookie that its answers may depend
	// on; ok is false where they may depend on something else as well.
	Heeds() (fields []string, ok bool)
}

// Heeds is the set of header fields, in canonical form with dashes for dots
// and underscores, that Identify may depend on beside Cookie and those of
// NamesKey; ok is false where a source may depend on anything.
func (c *Chain) Heeds() (fields map[string]bool, ok bool) {
	fields = headerSet("X-Forwarded-Host", "X-Forwarded-Proto")
	for name := range c.Credentials.orDefault().headers {
		fields[name] = true
	}
	for _, src := range c.Sources {
		h, isHeeder := src.(Heeder)
		if !isHeeder {
			return nil, false
		}
		names, ok := h.Heeds()
		if !ok {
			return nil, false
		}
		for _, name := range names {
			fields[HeaderName(name)] = true
		}
	}
	return fields, true
}

// Heeds is Authorization, unless a header_up takes something of the visit over.
func (w *whoami) Heeds() (fields []string, ok bool) {
	for i := range w.headers {
		for _, m := range placeholderName.FindAllStringSubmatch(w.headers[i].value, -1) {
			if !strings.HasPrefix(m[1], "mfa.before.") {
				return nil, false
			}
		}
	}
	return []string{"Authorization"}, true
}

// Heeds is the field that may hold the token.
func (t *token) Heeds() (fields []string, ok bool) { return []string{t.cfg.Header}, true }

// Heeds is nothing: a session is found by a cookie.
func (s *appSessions) Heeds() (fields []string, ok bool) { return nil, true }

// Interface guards
var (
	_ Heeder = (*whoami)(nil)
	_ Heeder = (*token)(nil)
	_ Heeder = (*appSessions)(nil)
)
