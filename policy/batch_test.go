package policy

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A list of requests in the body of one may ask for whatever lies beside it: where some
// of that is protected, so is the list.
func TestBatches(t *testing.T) {
	const rules = "protect: [{path: /odata/v4/Salaries, fresh: 5m}, /blog/wp-json/wp/v2/users], allow: [/odata, /odata/v4/help, /odata/v5/$batch, /blog/wp-json/wp]"
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, "+rules+"}}")
	opened := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [/odata/v4/Salaries], allow: [/odata/v4/$batch]}}")
	many := mustParse(t, "version: 1\ntenants: {a: {hosts: [a.example], require: none}, b: {require: mfa, "+rules+"}}")
	for _, c := range []struct {
		path, query, form string
		hit               bool
	}{
		{"/odata/v4/$batch", "", "", true}, {"/odata/v4/%24batch/", "", "", true}, {"/OData/V4/$Batch", "", "", true}, {"/odata/$batch", "", "", true}, {"/$batch", "", "", true}, {"/odata/v4/x/../$batch", "sap-client=100", "", true},
		{"/odata/v5/$batch", "", "", false}, {"/odata/v4/Salaries/$batch", "", "", true}, {"/other/$batch", "", "", false}, {"/odata/v4/$metadata", "", "", false}, {"/odata/v4/batch", "", "", false}, {"/odata/v4/$batches", "", "", false}, {"/odata/v4/$batch/x", "", "", false},
		{"/blog/wp-json/batch/v1", "", "", true}, {"/blog/", "rest_route=/batch/v1", "", true}, {"/blog/any", "", "rest_route=%2Fbatch%2Fv1%2F", true},
		{"/wp-json/batch/v1", "", "", false}, {"/blog/wp-json/batch", "", "", false}, {"/blog/wp-json/batches/v1", "", "", false}, {"/blog/", "rest_route=/batch", "", false}, {"/batch/v1", "", "", false},
	} {
		for name, p := range map[string]*Policy{"one": p, "many": many} {
			f := known("h", c.path)
			f.Sent.RawQuery = c.query
			f.Form = func() (url.Values, error) { return url.ParseQuery(c.form) }
			if f.Who = NotAsked; name == "many" {
				f.TenantMapped = true
			}
			if got := p.Decide(&f).Reason != ReasonOpen; got != c.hit {
				t.Errorf("%s: %s?%s with %q is protected: %v", name, c.path, c.query, c.form, got)
			}
			if p.Spares(&f.Place, &f.Sent) && c.hit {
				t.Errorf("%s: %s?%s is spared", name, c.path, c.query)
			}
		}
	}
	f := known("h", "/odata/v4/$batch")
	if d := p.Decide(&f); d.Fresh != 5*time.Minute {
		t.Errorf("it asks for less than what is in it: %+v", d)
	}
	if d := opened.Decide(&f); d.Reason != ReasonOpen {
		t.Errorf("an entry of its own does not open it: %+v", d)
	}
}

// Of very many tenants, any of whom may be asked for, no request has all be looked at.
func TestBatches_OfVeryManyTenants(t *testing.T) {
	for n, hit := range map[int]bool{maxBatched: false, maxBatched + 1: true} {
		var b strings.Builder
		b.WriteString("version: 1\ntenants:\n")
		for i := range n {
			fmt.Fprintf(&b, "  t%d: {require: mfa, protect: [/documents]}\n", i)
		}
		p := mustParse(t, b.String())
		f := known("h", "/open/$batch")
		f.Who, f.TenantMapped = NotAsked, true
		if got := p.Decide(&f).Reason != ReasonOpen; got != hit {
			t.Errorf("of %d tenants: protected %v", n, got)
		}
		if f.Sent.Path = "/open/1"; p.Decide(&f).Reason != ReasonOpen {
			t.Errorf("of %d tenants a page that is open is not", n)
		}
	}
}
