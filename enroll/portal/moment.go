package portal

import (
	"fmt"
	"html/template"
	"time"
)

// Day is a date on a page, in UTC until a script makes it the reader's own.
func (s *speech) Day(t time.Time) template.HTML { return local("day", t, s.Date(t)) }

// Local is a time on a page, with its zone: UTC until a script makes it the
// reader's own.
func (s *speech) Local(t time.Time) template.HTML { return local("moment", t, s.Moment(t)) }

func local(what string, t time.Time, text string) template.HTML {
	return template.HTML(fmt.Sprintf(`<time datetime="%s" data-local="%s">%s</time>`, // #nosec G203 -- escaped here
		t.UTC().Format(time.RFC3339), what, template.HTMLEscapeString(text)))
}

// H is T for values of which some are HTML already; the others are escaped.
func (s *speech) H(key string, pairs ...any) template.HTML {
	return template.HTML(fill(template.HTMLEscapeString(s.T(key)), func(v ...any) string { // #nosec G203 -- escaped here
		if markup, ok := v[0].(template.HTML); ok {
			return string(markup)
		}
		return template.HTMLEscapeString(s.say(v...))
	}, pairs))
}
