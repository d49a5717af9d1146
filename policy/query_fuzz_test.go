package policy

import (
	"net/url"
	"strings"
	"testing"
)

// parsers are how servers read the pairs of a query, each written down slowly
// and with none of the package's own code.
var parsers = map[string]func(string) url.Values{
	"net/url": func(q string) url.Values { v, _ := url.ParseQuery(q); return v },
	"semicolons as well": func(q string) url.Values {
		v, _ := url.ParseQuery(strings.ReplaceAll(q, ";", "&"))
		return v
	},
	"PHP": func(q string) url.Values {
		out := url.Values{}
		for pair := range strings.SplitSeq(q, "&") {
			k, v, _ := strings.Cut(pair, "=")
			k = strings.TrimLeft(unescapeModel(strings.ReplaceAll(k, "+", " ")), " ")
			k, _, _ = strings.Cut(k, "\x00")
			if i := strings.IndexByte(k, '['); i > 0 && strings.Contains(k[i:], "]") {
				k = k[:i]
			}
			k = strings.NewReplacer(".", "_", " ", "_", "[", "_").Replace(k)
			out.Add(k, unescapeModel(strings.ReplaceAll(v, "+", " ")))
		}
		return out
	},
	"ASP.NET: keys of any case, values in one line": func(q string) url.Values {
		v, _ := url.ParseQuery(q)
		out := url.Values{}
		for k, vs := range v {
			for _, one := range vs {
				out.Add(strings.ToLower(k), strings.ToLower(one))
			}
		}
		return out
	},
}

// Whatever one server reads as the key and value of a rule, the rule covers,
// and a plain query without them it does not.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{
		"page=mensagens", "a=b&page=mensagens", "%70age=%6densagens", "+page=mensagens", "page[]=mensagens", "page%00x=mensagens", "PAGE=MENSAGENS",
		"a;page=mensagens", "page=home&page=mensagens", "pa.ge=mensagens", "my.key=1", "my%20key=1", "my[key=1", "my+key=1", "&&=;", "page",
	} {
		f.Add(s)
	}
	p, err := parseText("version: 1\ntenants: {a: {require: mfa, protect: [{path: /x, query: {page: mensagens}}, {path: /y, query: {my_key: 1}}]}}\n", Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, q string) {
		if len(q) > maxTarget-8 || strings.ContainsAny(q, "#") {
			return
		}
		for _, rule := range []struct{ path, key, value string }{{"/x", "page", "mensagens"}, {"/y", "my_key", "1"}} {
			d := p.Decide(&Facts{Method: "GET", Sent: Target{Path: rule.path, RawQuery: q}})
			for name, parse := range parsers {
				for _, v := range parse(q)[rule.key] {
					if v == rule.value && !d.Protected {
						t.Fatalf("%s?%s passes, and sets %s to %s", rule.path, q, rule.key, name)
					}
				}
			}
			if d.Protected && plainPairs(q) && !strings.Contains("&"+strings.ToLower(q)+"&", "&"+rule.key+"="+rule.value+"&") {
				t.Fatalf("%s?%s sets nothing of the rule's, and is protected", rule.path, q)
			}
		}
	})
}

// plainPairs reports whether nothing in the values of a query could be left out.
func plainPairs(q string) bool {
	for pair := range strings.SplitSeq(strings.ToLower(q), "&") {
		_, value, _ := strings.Cut(pair, "=")
		if strings.Trim(pair, "abcdefghijklmnopqrstuvwxyz0123456789_=") != "" || strings.ContainsAny(value, "_=") {
			return false
		}
	}
	return true
}
