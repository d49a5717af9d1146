package identity

import (
	"net/http"
	"slices"
	"testing"
)

func TestMergeSetCookie(t *testing.T) {
	for name, tc := range map[string]struct {
		cookie, set []string
		want        string
	}{
		"ok/new":                     {nil, []string{"a=1; Path=/; HttpOnly"}, "a=1"},
		"ok/added":                   {[]string{"z=9"}, []string{"a=1"}, "z=9; a=1"},
		"ok/replaced in place":       {[]string{`a=0; z="q  q"; y`}, []string{"a=1"}, `a=1; z="q  q"; y`},
		"ok/replaced once":           {[]string{"a=0; z=9; a=8", "a=7"}, []string{"a=1"}, "a=1; z=9"},
		"ok/last of one name":        {[]string{"a=0"}, []string{"a=1", "a=2"}, "a=2"},
		"ok/value with equals":       {nil, []string{"a=b=c=="}, "a=b=c=="},
		"ok/removed by age":          {[]string{"a=0; z=9"}, []string{"a=; Max-Age=0"}, "z=9"},
		"ok/removed by date":         {[]string{"a=0"}, []string{"a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, ""},
		"ok/age before date":         {[]string{"a=0"}, []string{"a=1; max-age=60; expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "a=1"},
		"ok/set, then removed":       {nil, []string{"a=1", "a=; Max-Age=-1"}, ""},
		"ok/path above":              {[]string{"a=0"}, []string{"a=1; Path=/documents"}, "a=1"},
		"ok/other path":              {[]string{"a=0"}, []string{"a=1; Path=/doc"}, "a=0"},
		"ok/other path, no such":     {nil, []string{"a=1; Path=/doc"}, "a=1"},
		"ok/removed of another path": {[]string{"a=0"}, []string{"a=; Path=/x; Max-Age=0"}, "a=0"},
		"ok/nothing":                 {[]string{"a=0;  b=1"}, nil, "a=0;  b=1"},
		"fail/no name":               {[]string{"a=0"}, []string{"=1", "x", ""}, "a=0"},
		"fail/line end":              {[]string{"a=0"}, []string{"b=1\r\nX: y"}, "a=0"},
		"fail/no name put back":      {[]string{"=sid=x; z=9"}, []string{"a=1"}, "=sid=x; z=9; a=1"},
		"fail/other case is another": {[]string{"a=0"}, []string{"A=1"}, "a=0; A=1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := visitTo(nil, "/documents/1").R
			if tc.cookie != nil {
				r.Header["Cookie"] = tc.cookie
			}
			MergeSetCookie(r, tc.set)
			if got := r.Header.Get("Cookie"); got != tc.want || len(r.Header["Cookie"]) > 1 {
				t.Errorf("got %q, want %q", r.Header["Cookie"], tc.want)
			}
		})
	}
}

func TestPairs(t *testing.T) {
	h := http.Header{"Cookie": {` a=1;b = 2 ;; "c"=x=y;lone; __Host-mfa=t`, "d="}}
	own := func(name string) bool { return name == "__Host-mfa" }
	want := []pair{{"a", "1"}, {"b ", " 2"}, {`"c"`, "x=y"}, {"", "lone"}, {"d", ""}}
	if got := slices.Collect(pairs(h, own)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCookieName(t *testing.T) {
	for name, want := range map[string]string{
		"sid": "sid", "SID": "sid", "s%69d": "sid", "s%2569d": "sid", " sid ": "sid", "my.sid": "my_sid", "my sid": "my_sid", "my[sid": "my_sid", "a-b": "a-b", "%": "%",
	} {
		if got := cookieName(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
