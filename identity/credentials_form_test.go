package identity

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const boundary = "----WebKitFormBoundary7MA4"

// multi makes a multipart form of raw part headers and values.
func multi(parts ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(parts); i += 2 {
		b.WriteString("--" + boundary + "\r\n" + parts[i] + "\r\n\r\n" + parts[i+1] + "\r\n")
	}
	return b.String() + "--" + boundary + "--\r\n"
}

func part1(name string) string { return `Content-Disposition: form-data; name="` + name + `"` }

func TestCredentialsInForms(t *testing.T) {
	form, multipartType := "application/x-www-form-urlencoded", "multipart/form-data; boundary="+boundary
	upload := `Content-Disposition: form-data; name="file"; filename="u"` + "\r\nContent-Type: text/plain"
	for name, tc := range map[string]struct {
		contentType, body string
		want              State
	}{
		"ok/creates a user":        {form, "user=new&password=pw", Known},
		"ok/empty value":           {form, "u=&p=&x=1", Known},
		"ok/value like a name":     {form, "x=u=1&y=p", Known},
		"ok/json, another name":    {"application/json", `{"x":"u","y":{"u":"bob"},"z":[{"u":1}],"a\"u":2}`, Known},
		"ok/json, no value":        {"application/json", `{"u":null,"p":"","access_token":false}`, Known},
		"ok/json, another's key":   {"application/json", `{"api_key":"x","apiKey":"y"}`, Known},
		"ok/json, a list":          {"application/json", `["u",[{"u":1}],{"x":{"u":2},"y":["u",{"u":3}]},{"u":null}]`, Known},
		"ok/not json":              {"application/x-ndjson", `{"u":"bob"}`, Known},
		"fail/json":                {"application/json", `{"x":[1,{"y":2}],"u":"bob"}`, Mixed},
		"fail/json, in a list":     {"application/json", `["x",{"x":["u"]},{"y":{"z":1},"u":"bob"}]`, Mixed},
		"fail/json, a number":      {"application/vnd.api+json; charset=utf-8", "\ufeff{ \"u\" :\n7}", Mixed},
		"fail/json, default name":  {"Application/JSON", `{"accessToken":"t"}`, Mixed},
		"fail/json, spelled":       {"application/json", `{"\u0075":"bob"}`, Mixed},
		"fail/json, as Ruby reads": {"text/x-json", `{"\p":"bob"}`, Mixed},
		"fail/json, twice":         {"application/json", `{"u":null,"u":{"a":1}}`, Mixed},
		"fail/json, comments":      {"application/json", `{/*"*/"u":"bob"/*"*/}`, Mixed},
		"fail/json, wide":          {"application/json", "{\x00\"\x00u\x00\"\x00:\x001\x00}\x00", Mixed},
		"fail/json, endless name":  {"application/json", `{"` + strings.Repeat(" ", maxFieldName) + `u":"bob"}`, Mixed},
		"ok/upload":                {multipartType, multi(part1("id"), "7", upload, "u=bob"), Known},
		"ok/empty part":            {multipartType, multi(part1("u"), "", part1("x"), "1"), Known},
		"ok/dashes in a file":      {multipartType, multi(upload, "--\nname=\"u\"\n\nx"), Known},
		"fail/form":                {form, "x=1&u=bob&p=pw", Mixed},
		"fail/charset":             {"Application/X-WWW-Form-urlencoded; charset=UTF-8", "u=bob", Mixed},
		"fail/spelled":             {form, "x=1&%55[]=bob", Mixed},
		"fail/semicolon":           {form, "x=1;u=bob", Mixed},
		"fail/default name":        {form, "access_token=t", Mixed},
		"fail/padded name":         {form, strings.Repeat("+", 2000) + "u=bob", Mixed},
		"fail/multipart":           {multipartType, multi(part1("x"), "1", part1("u"), "bob"), Mixed},
		"fail/multipart dashes":    {multipartType, multi(part1("u"), "--bob"), Mixed},
		"fail/multipart bare":      {multipartType, multi("content-disposition:form-data;NAME=u", "bob"), Mixed},
		"fail/multipart apostroph": {multipartType, multi("Content-Disposition: form-data; name = 'u'", "bob"), Mixed},
		"fail/multipart folded":    {multipartType, multi("Content-Disposition: form-data;\r\n\tname=\"u\"", "bob"), Mixed},
		"fail/multipart encoded":   {multipartType, multi("Content-Disposition: form-data; name*=utf-8''%75", "bob"), Mixed},
		"fail/multipart pieces":    {multipartType, multi(`Content-Disposition: form-data; name*0="a"; name*1="b"`, "bob"), Mixed},
		"fail/multipart escaped":   {multipartType, multi(`Content-Disposition: form-data; name="\u"`, "bob"), Mixed},
		"fail/multipart file":      {multipartType, multi(`Content-Disposition: form-data; filename="x"; name="u"`, "bob"), Mixed},
		"fail/multipart line ends": {multipartType, strings.ReplaceAll(multi(part1("u"), "bob"), "\r\n", "\n"), Mixed},
		"ok/binary file":           {multipartType, multi(upload, "\n--\x00\n"+strings.Repeat("x", maxPartHeader)), Known},
		"fail/other boundary":      {"multipart/form-data; xboundary=a; boundary=" + boundary, strings.ReplaceAll(multi(part1("u"), "bob"), boundary, "x"), Mixed},
		"fail/endless header":      {multipartType, multi("X: "+strings.Repeat("x", maxPartHeader), ""), Mixed},
		"fail/strange charset":     {form + "; charset=ibm500", "\xa4=bob", Mixed},
	} {
		t.Run(name, func(t *testing.T) {
			for pieces, wrap := range map[string]func(io.Reader) io.Reader{"whole": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader} {
				v := visitBy(nil, "POST", "/", "x", "Content-Length: 1")
				v.R.Header["Content-Type"] = []string{tc.contentType}
				v.R.Body, v.R.ContentLength = io.NopCloser(wrap(strings.NewReader(tc.body))), int64(len(tc.body))
				if res := mixed(t, mustCredentials(t, "u", "p"), v); res.State != tc.want {
					t.Errorf("%s: got %v %q, want %v", pieces, res.State, res.Why, tc.want)
				}
				if rest, err := io.ReadAll(v.R.Body); string(rest) != tc.body || err != nil {
					t.Errorf("%s: the app gets %d of %d bytes, %v", pieces, len(rest), len(tc.body), err)
				}
			}
		})
	}
}

// JSON of no known length is not waited for: it breaks off before the value, and half of
// it says nothing.
func TestCredentialsInJSONThatGoesOn(t *testing.T) {
	for text, want := range map[string]string{
		`{"x":"` + strings.Repeat("a", MaxForm) + `","y":1}`: "",
		`{"x":"` + strings.Repeat("a", MaxForm) + `","u":1}`: `","u":`,
		`{"u":1}`: `{"u":`,
	} {
		v := visitBy(nil, "POST", "/", "x")
		v.R.Header["Content-Type"] = []string{"application/json"}
		v.R.Body, v.R.ContentLength = io.NopCloser(iotest.OneByteReader(strings.NewReader(text))), -1
		if res := mixed(t, mustCredentials(t, "u"), v); res.State != Known {
			t.Errorf("got %v %q", res.State, res.Why)
		}
		got, err := io.ReadAll(v.R.Body)
		if whole := want == ""; whole && (string(got) != text || err != nil) || !whole && (!strings.HasSuffix(string(got), want) || !errors.Is(err, ErrLateCredential)) {
			t.Errorf("%.20s: %d bytes arrive, %v", text, len(got), err)
		}
	}
}

func TestCredentialsInOddForms(t *testing.T) {
	c := mustCredentials(t, "u")
	v := visitBy(nil, "POST", "/", "x", "Content-Encoding: gzip")
	if res := mixed(t, c, v); res.State != Mixed {
		t.Errorf("compressed: got %v", res.State)
	}
	v = visitBy(nil, "POST", "/", "x", "Content-Type: multipart/form-data; boundary=b")
	v.R.Body = io.NopCloser(strings.NewReader("--b\r\n" + part1("u") + "\r\n\r\nbob\r\n--b--"))
	if res := mixed(t, c, v); res.State != Mixed {
		t.Errorf("two content types: got %v", res.State)
	}
	v = visitBy(nil, "POST", "/", "x")
	v.R.Body = io.NopCloser(iotest.ErrReader(errors.New("gone")))
	if res := mixed(t, c, v); res.State != Down {
		t.Errorf("broken body: got %v", res.State)
	}
}

// An upload is longer than what is held back: it passes, and breaks off before
// a credential behind it is through.
func TestCredentialsBehindAnUpload(t *testing.T) {
	file := `Content-Disposition: form-data; name="file"; filename="f"`
	body := func(last string) string {
		return multi(part1("id"), "7", file, strings.Repeat("\x00\r\n--x", 100_000), part1(last), "bob-secret")
	}
	send := func(text, contentType string) (string, error) {
		v := visitBy(nil, "POST", "/", "x")
		v.R.Header["Content-Type"] = []string{contentType}
		v.R.Body, v.R.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		if res := mixed(t, mustCredentials(t, "u"), v); res.State != Known {
			t.Fatalf("got %v %q", res.State, res.Why)
		}
		got, err := io.ReadAll(v.R.Body)
		return string(got), err
	}
	multipartType := "multipart/form-data; boundary=" + boundary
	if got, err := send(body("x"), multipartType); got != body("x") || err != nil {
		t.Errorf("the app gets %d of %d bytes, %v", len(got), len(body("x")), err)
	}
	if got, err := send(body("u"), multipartType); strings.Contains(got, "bob-secret") || !errors.Is(err, ErrLateCredential) {
		t.Errorf("the credential is through, %v", err)
	}
	long := "x=" + strings.Repeat("y", 2*MaxForm)
	if got, err := send(long, "application/x-www-form-urlencoded"); got != long || err != nil {
		t.Errorf("the app gets %d of %d bytes, %v", len(got), len(long), err)
	}
	if got, err := send(long+"&u=bob-secret", "application/x-www-form-urlencoded"); strings.Contains(got, "bob-secret") || !errors.Is(err, ErrLateCredential) {
		t.Errorf("the credential is through, %v", err)
	}
}
