package caddymodule

import (
	"strings"
	"testing"
)

// TestAdvisory_RT6_EachClientGetsWhatItCanRead: whoever asks gets an answer that
// it can read, and never a page where it shows none: a script that swaps what it
// gets into a page, a stream, a picture, a program. A redirect is for windows
// alone.
func TestAdvisory_RT6_EachClientGetsWhatItCanRead(t *testing.T) {
	const html = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
	problem := func(r *reply) bool {
		return strings.HasPrefix(r.Header.Get("Content-Type"), "application/problem+json")
	}
	window := func(r *reply) bool { return strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") }
	for name, c := range map[string]struct {
		method         string
		fields         []string
		enroll, verify int
		reads          func(*reply) bool
	}{
		"ok/a window":              {"GET", []string{"Accept", html, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 403, 303, window},
		"ok/an older browser":      {"GET", []string{"Accept", html}, 403, 303, window},
		"ok/a frame":               {"GET", []string{"Accept", html, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403, 303, window},
		"ok/a download link":       {"GET", []string{"Accept", html, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "empty"}, 403, 303, window},
		"ok/fetch":                 {"GET", []string{"Accept", "*/*", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}, 403, 403, problem},
		"ok/fetch of a page":       {"GET", []string{"Accept", html, "Sec-Fetch-Mode", "same-origin", "Sec-Fetch-Dest", "empty"}, 403, 403, problem},
		"ok/XMLHttpRequest":        {"POST", []string{"Accept", "application/json", "X-Requested-With", "XMLHttpRequest"}, 403, 403, problem},
		"ok/an event stream":       {"GET", []string{"Accept", "text/event-stream", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}, 403, 403, problem},
		"ok/an older event stream": {"GET", []string{"Accept", "text/event-stream"}, 403, 403, problem},
		"ok/a picture":             {"GET", []string{"Accept", "image/avif,image/webp,*/*;q=0.8", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, 403, 403, problem},
		"ok/an older picture":      {"GET", []string{"Accept", "image/png,image/*;q=0.8,*/*;q=0.5"}, 403, 403, problem},
		"ok/a part of a film":      {"GET", []string{"Accept", "*/*", "Range", "bytes=0-", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "video"}, 403, 403, problem},
		"ok/a page kept ready":     {"GET", []string{"Accept", html, "Sec-Purpose", "prefetch", "Sec-Fetch-Mode", "no-cors"}, 403, 403, problem},
		"ok/a page of Turbo":       {"GET", []string{"Accept", "text/html, application/xhtml+xml", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}, 403, 403, problem},
		"ok/a frame of Turbo":      {"GET", []string{"Accept", "text/html, application/xhtml+xml", "Turbo-Frame", "list", "Sec-Fetch-Mode", "cors"}, 403, 403, problem},
		"ok/a form of Turbo":       {"POST", []string{"Accept", "text/vnd.turbo-stream.html, text/html, application/xhtml+xml", "Sec-Fetch-Mode", "cors"}, 403, 403, problem},
		"ok/HTMX":                  {"GET", []string{"Accept", "*/*", "HX-Request", "true", "Sec-Fetch-Mode", "cors"}, 403, 403, func(r *reply) bool { return problem(r) && strings.HasPrefix(r.Header.Get("HX-Redirect"), "/.mfa/") }},
		"ok/a WebSocket":           {"GET", []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version", "13", "Accept", html}, 403, 403, problem},
		"ok/gRPC": {"POST", []string{"Content-Type", "application/grpc+proto", "Te", "trailers"}, 200, 200, func(r *reply) bool {
			return r.Header.Get("Grpc-Status") != "" && r.Header.Get("Content-Type") == "application/grpc" && r.body == ""
		}},
		"ok/gRPC of a page": {"POST", []string{"Content-Type", "application/grpc-web+proto", "X-Grpc-Web", "1"}, 200, 200, func(r *reply) bool {
			return r.Header.Get("Grpc-Status") != "" && r.Header.Get("Content-Type") == "application/grpc-web+proto"
		}},
		"ok/Connect":              {"POST", []string{"Content-Type", "application/proto", "Connect-Protocol-Version", "1"}, 403, 403, problem},
		"ok/WebDAV":               {"PROPFIND", []string{"Depth", "1", "Content-Type", "text/xml"}, 403, 403, problem},
		"ok/WebDAV of an old Mac": {"PUT", []string{"User-Agent", "WebDAVFS/3.0.0", "Accept", "*/*"}, 403, 403, problem},
		"ok/curl":                 {"GET", []string{"Accept", "*/*"}, 403, 403, problem},
		"ok/nothing said":         {"GET", nil, 403, 403, problem},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, simple, nil)
			b := s.signedIn("bob")
			if r := b.send(c.method, "/documents/x", "", c.fields...).want(c.enroll); !c.reads(r) {
				t.Errorf("to enrol: %v", r.Header)
			}
			b.enroll()
			again := s.signedIn("bob")
			if r := again.send(c.method, "/documents/x", "", c.fields...).want(c.verify); c.verify != 303 && !c.reads(r) {
				t.Errorf("to prove: %v", r.Header)
			}
			if n := s.app.hitsOn("/documents"); n != 0 {
				t.Errorf("%d requests reached the app", n)
			}
		})
	}
}

// TestAdvisory_RT6_ABearerIsToldWhatIsMissing: a program that comes with a token is
// answered in the words of RFC 9470, and in the form of RFC 9457.
func TestAdvisory_RT6_ABearerIsToldWhatIsMissing(t *testing.T) {
	s := start(t, scripted, map[string]string{"key": scriptKey})
	b, token := s.browser(), bearer(t, "bob")
	b.fetch("/documents/1", token).want(403).reason("enroll")
	b.enroll()
	again := s.browser().fetch("/documents/1", token).want(401).reason("verify")
	if challenge := again.Header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, `Bearer error="insufficient_user_authentication"`) {
		t.Errorf("WWW-Authenticate %q", challenge)
	}
	if kind := again.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/problem+json") {
		t.Errorf("Content-Type %q", kind)
	}
	if n := s.app.hitsOn("/documents"); n != 0 {
		t.Errorf("%d requests reached the app", n)
	}
}
