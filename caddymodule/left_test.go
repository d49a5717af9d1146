package caddymodule

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A browser that gives a picture up while the gate decides has not found the
// store down.
func TestAVisitorWhoLeftIsNoFaultOfTheStore(t *testing.T) {
	s := start(t, simple, nil)
	b := s.signedIn("bob")
	ctx, leave := context.WithCancel(context.Background())
	leave()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/documents/1", nil)
	r.Header.Set("Cookie", b.cookies())
	w := httptest.NewRecorder()
	server(t).ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("answered %d: %.200s", w.Code, w.Body)
	}
}
