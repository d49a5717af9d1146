package policy

import (
	"slices"
	"strings"
)

// answers reports whether the rule is for the method. A HEAD asks for what a
// GET would answer (RFC 9110, 9.3.2).
func (p *rule) answers(t *target, f *Facts) bool {
	methods := p.methods()
	if methods == nil {
		return true
	}
	if f.Method == "HEAD" && slices.Contains(methods, "GET") {
		return true
	}
	return slices.Contains(methods, f.Method) && (f.Method != "POST" || !overridden(methods, t, f))
}

// overridden reports whether a POST may be another method to the app, and none of
// these: Rails, Laravel and Symfony take a form's `_method` for it. A body that
// cannot be read may hold one.
func overridden(methods []string, t *target, f *Facts) bool {
	if !slices.ContainsFunc([]string{"PUT", "PATCH", "DELETE"}, func(m string) bool { return !slices.Contains(methods, m) }) {
		return false
	}
	other := func(v string) bool {
		v = strings.ToUpper(strings.TrimSpace(v))
		return v != "" && !slices.Contains(methods, v)
	}
	found := false
	eachValue(t, overrideKey, func(v string) { found = found || other(v) })
	if found || f.Form == nil {
		return found
	}
	form, err := f.Form()
	return err != nil || slices.ContainsFunc(formValues(form, overrideKey), other)
}

const overrideKey = "_method"
