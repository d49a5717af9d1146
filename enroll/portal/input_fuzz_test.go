package portal

import (
	"encoding/json"
	"net/url"
	"slices"
	"testing"
)

// What is read of a body is what everybody else reads in it: each member once,
// in one spelling, nothing made up, and nothing that a second reader would see
// otherwise.
func FuzzInput(f *testing.F) {
	for _, s := range []string{
		`{"code":"123456"}`, `{"code":"1","code":"2"}`, `{"Code":"1"}`, `{"default":true,"name":"é\u0000"}`, `{"code":null}{}`, `{"to":"/a?b=c"}`, `{"code":[[[[`, `{"credential":{"id":"x"}}`,
		"code=1&name=My+phone", "code=1;name=2", "code=1&code=2", "co%64e=1", "=", "code", "\xff=\xfe",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		in := map[string]string{}
		if readObject([]byte(body), in) == nil && body != "" {
			var other map[string]json.RawMessage
			if err := json.Unmarshal([]byte(body), &other); err != nil {
				t.Fatalf("%q is read as %q, and is no JSON: %v", body, in, err)
			}
			if len(other) != len(in) {
				t.Fatalf("%q is read as %q, and by others as %q", body, in, other)
			}
			for name, value := range in {
				var text string
				if !slices.Contains(inputFields, name) {
					t.Fatalf("%q: a member %q", body, name)
				}
				if name != "credential" && json.Unmarshal(other[name], &text) == nil && text != value {
					t.Fatalf("%q: %s is %q, and to others %q", body, name, value, text)
				}
			}
		}
		in = map[string]string{}
		if readForm([]byte(body), in) == nil {
			values, err := url.ParseQuery(body)
			if err != nil {
				t.Fatalf("%q is read as %q, and is no form: %v", body, in, err)
			}
			for name, value := range in {
				if !slices.Contains(inputFields, name) || len(values[name]) != 1 || values[name][0] != value {
					t.Fatalf("%q: %s is %q, and to others %q", body, name, value, values[name])
				}
			}
			if len(values) != len(in) {
				t.Fatalf("%q: %q of %q are read", body, in, values)
			}
		}
	})
}
