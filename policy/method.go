package policy

import (
	"net/url"
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
	get := slices.Contains(methods, "GET")
	if !slices.Contains(methods, f.Method) && !(f.Method == "HEAD" && get) || f.MadeGet && !get {
		return false
	}
	return !overridden(methods, t, f)
}

// overridden reports whether a request may be of another method to the app, and of
// none of these: Rails, Laravel and Symfony take the `_method` of a POST's form for
// it, WordPress that of any request's query. A form that cannot be read may hold one.
func overridden(methods []string, t *target, f *Facts) bool {
	if !slices.ContainsFunc(overrides, func(m string) bool { return !slices.Contains(methods, m) }) {
		return false
	}
	var form url.Values
	if f.Method == "POST" && f.Form != nil {
		var err error
		if form, err = f.Form(); err != nil {
			return true
		}
	}
	found := false
	for _, key := range overrideKeys {
		other := func(v string) bool {
			v = strings.ToUpper(strings.TrimSpace(v))
			return v != "" && !slices.Contains(methods, v) && (key != "method" || slices.Contains(overrides, v))
		}
		eachValue(t, key, func(v string) { found = found || other(v) })
		found = found || slices.ContainsFunc(formValues(form, key), other)
	}
	return found
}

// overrides are the methods that a request may be made.
var overrides = []string{"POST", "PUT", "PATCH", "DELETE"}

// overrideKeys say a method, as canonKey: one of most frameworks, then ASP.NET MVC's,
// Catalyst's, and Restlet's, which is a form's own word for much else.
var overrideKeys = []string{"_method", "x-http-method-override", "x-tunneled-method", "method"}
