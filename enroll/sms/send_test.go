package sms

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	number = "+31612345678"
	words  = "Your code: 123456.\n\n@portal.example #123456"
)

// gateway is a server that answers as told; it counts what came.
func gateway(t *testing.T, answer http.HandlerFunc) (url string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func sender(t *testing.T, url string) *Sender {
	t.Helper()
	s, err := New(Config{URL: url, Header: http.Header{"Authorization": {"Bearer planted"}}, Body: `{"to":"{mfa.sms.number}","text":"{mfa.sms.text}"}`, Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSend_NothingButNumberAndText looks at all that leaves.
func TestSend_NothingButNumberAndText(t *testing.T) {
	var got *http.Request
	var body string
	url, _ := gateway(t, func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body = r, string(b)
	})
	if err := sender(t, url).SendText(context.Background(), number, words); err != nil {
		t.Fatal(err)
	}
	if body != `{"to":"+31612345678","text":"Your code: 123456.\n\n@portal.example #123456"}` {
		t.Errorf("the body: %s", body)
	}
	for name := range got.Header {
		switch name {
		case "Authorization", "Content-Type", "Content-Length", "User-Agent", "Accept-Encoding":
		default:
			t.Errorf("%s leaves: %q", name, got.Header[name])
		}
	}
	if got.Method != http.MethodPost || got.Header.Get("Content-Type") != "application/json" || got.Header.Get("Authorization") != "Bearer planted" || got.URL.RawQuery != "" {
		t.Errorf("got %s %s %v", got.Method, got.URL, got.Header)
	}
}

// TestSend_Answers: 2xx is accepted whatever follows it; anything else is told in
// words that repeat nothing of what was sent or said.
func TestSend_Answers(t *testing.T) {
	elsewhere, led := gateway(t, func(http.ResponseWriter, *http.Request) {})
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"ok/nothing": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, ""},
		"ok/garbage": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<\x00garbage") }, ""},
		"ok/a body without end, unread": {func(w http.ResponseWriter, r *http.Request) {
			block := strings.Repeat("x", 64<<10)
			for range 1 << 14 { // a GiB, if anybody read it
				if _, err := io.WriteString(w, block); err != nil {
					return
				}
			}
			t.Error("all of the gateway's answer was read")
		}, ""},
		"fail/refused": {func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, number+" planted", http.StatusUnauthorized)
		}, "it answered 401"},
		"fail/broken": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "it answered 500"},
		"fail/redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
		}, "a redirect, which is not followed"},
		"fail/header":      {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, "asking the SMS gateway"},
		"fail/cut off":     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "asking the SMS gateway"},
		"fail/never comes": {func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() }, "asking the SMS gateway"},
	} {
		t.Run(name, func(t *testing.T) {
			url, asked := gateway(t, c.answer)
			err := sender(t, url).SendText(context.Background(), number, words)
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Fatalf("%v, want %q", err, c.want)
			}
			if err != nil {
				for _, secret := range []string{number, "123456", "planted", url} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("the error repeats %q: %v", secret, err)
					}
				}
			}
			if asked.Load() != 1 {
				t.Errorf("asked %d times", asked.Load())
			}
		})
	}
	if led.Load() != 0 {
		t.Error("the redirect was followed")
	}
}

func TestSend_Unreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := sender(t, "http://"+l.Addr().String()).SendText(context.Background(), number, words); err == nil {
		t.Error("nobody answers, and it is taken for accepted")
	}
}

// TestSend_CertificateIsChecked: an impostor gets neither number nor code.
func TestSend_CertificateIsChecked(t *testing.T) {
	var asked atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	s.Config.ErrorLog = nil
	s.StartTLS()
	defer s.Close()
	c := Config{URL: s.URL, Body: "n={mfa.sms.number}&t={mfa.sms.text}"}
	plain, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var unknown x509.UnknownAuthorityError
	if err := plain.SendText(context.Background(), number, words); !errors.As(err, &unknown) || asked.Load() != 0 {
		t.Errorf("got %v, asked %d times", err, asked.Load())
	}
	c.RootCAs = x509.NewCertPool()
	c.RootCAs.AddCert(s.Certificate())
	trusting, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := trusting.SendText(context.Background(), number, words); err != nil || asked.Load() != 1 {
		t.Errorf("got %v, asked %d times", err, asked.Load())
	}
}
