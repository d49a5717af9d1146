package identity

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/url"
	"testing"
)

func TestStripCredentials(t *testing.T) {
	v := visitBy(nil, "POST", "/documents", "a=1", "Cookie: sid=b", basicBob, "X-My-Key: k", "X_Api_Key: k", "X-Unknown-Key: k", "Range: bytes=0-0", "If-None-Match: x",
		"Upgrade: websocket", "Connection: Upgrade", "Expect: 100-continue", "Te: trailers", "X-Http-Method-Override: PUT", "Remote-User: bob",
		"Accept: text/html", "Accept-Language: de", "User-Agent: UA", "X-Forwarded-For: 192.0.2.1", "Sec-Fetch-Mode: navigate", "Sec-Ch-Ua: x")
	v.R.TLS = &tls.ConnectionState{ServerName: "portal.example", PeerCertificates: []*x509.Certificate{{}}}
	v.R.URL.User = url.User("bob")
	r := v.R.Clone(t.Context())
	if StripCredentials(r, mustCredentials(t, "X-My-Key")) {
		t.Error("a credential remains")
	}
	names := make([]string, 0, 6)
	for name := range r.Header {
		names = append(names, name)
	}
	if len(names) != 6 || r.Header.Get("Accept-Language") != "de" {
		t.Errorf("%q remain", names)
	}
	if r.Body != http.NoBody || r.ContentLength != 0 {
		t.Error("the body remains")
	}
	if r.TLS == nil || r.TLS.ServerName == "" || r.TLS.PeerCertificates != nil || r.URL.User != nil {
		t.Error("the client certificate or the URL's user remains, or the connection is forgotten")
	}
	if v.R.Header.Get("Cookie") == "" || v.R.TLS.PeerCertificates == nil || v.R.URL.User == nil {
		t.Error("the visitor's own request was stripped")
	}
	for _, target := range []string{"/x?user=bob&password=pw", "/x;jsessionid=1", "/x?X_My_Key=1"} {
		if !StripCredentials(visitTo(nil, target).R, mustCredentials(t, "X-My-Key")) {
			t.Errorf("%s: no credential is said to remain", target)
		}
	}
	if b, _ := io.ReadAll(v.R.Body); !bytes.Equal(b, []byte("a=1")) {
		t.Error("the visitor's own body was read")
	}
}
