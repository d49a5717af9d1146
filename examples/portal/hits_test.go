package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHitsAreRememberedAndForgotten(t *testing.T) {
	h := new(hits)
	app := httptest.NewServer(h.record(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := r.Body.Read(make([]byte, 3)); err != nil {
			t.Error(err)
		}
	})))
	defer app.Close()
	log := httptest.NewServer(h)
	defer log.Close()
	resp, err := http.Post(app.URL+"/a?b=%20", "text/plain", strings.NewReader("12345"))
	read(t, resp, err)
	if _, all := get(t, http.DefaultClient, log.URL); !strings.Contains(all, `"method":"POST","uri":"/a?b=%20"`) || !strings.Contains(all, `"body":3`) {
		t.Errorf("remembered: %s", all)
	}
	req, err := http.NewRequest(http.MethodDelete, log.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err = http.DefaultClient.Do(req)
	read(t, resp, err)
	if _, all := get(t, http.DefaultClient, log.URL); strings.TrimSpace(all) != "null" {
		t.Errorf("not forgotten: %s", all)
	}
}
