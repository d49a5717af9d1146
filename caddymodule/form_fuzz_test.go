package caddymodule

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"testing"
)

// Looking into a form takes nothing from the app: the body it gets is the body
// that was sent. What is found is what net/http finds, or the form is refused,
// which protects.
func FuzzForm(f *testing.F) {
	const multi = "multipart/form-data; boundary=x"
	f.Add("application/x-www-form-urlencoded", []byte("page=mensagens&a=b"))
	f.Add("application/x-www-form-urlencoded", []byte("page=%zz"))
	f.Add(multi, []byte("--x\r\nContent-Disposition: form-data; name=\"page\"\r\n\r\nmensagens\r\n--x--\r\n"))
	f.Add(multi, []byte("--x\r\nContent-Disposition: form-data; name=page; filename=\"a\"\r\n\r\nmensagens\r\n--x\r\n"))
	f.Add("multipart/mixed; boundary=\"x y\"", []byte("--x y--"))
	f.Add("text/plain", []byte("page=mensagens"))
	f.Add("multipart/form-data", []byte("--x"))
	f.Add("", []byte("page=mensagens"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		request := func() *http.Request {
			r := &http.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {kind}}, URL: &url.URL{}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}
			return r
		}
		r := request()
		form := formBody(r)
		if form == nil {
			return
		}
		got, err := form()
		left, readErr := io.ReadAll(r.Body)
		if readErr != nil || !bytes.Equal(left, body) {
			t.Fatalf("%q: the app gets %q of %q: %v", kind, left, body, readErr)
		}
		if err != nil || got == nil {
			return
		}
		other := request()
		if e := other.ParseMultipartForm(1 << 20); e != nil && other.PostForm == nil {
			return // net/http reads no form in it; ours may be more lenient
		}
		for name, values := range other.PostForm {
			for _, v := range values {
				if !slices.Contains(got[name], v) {
					t.Fatalf("%q %q: net/http reads %s as %q, and we as %q", kind, body, name, values, got[name])
				}
			}
		}
	})
}
