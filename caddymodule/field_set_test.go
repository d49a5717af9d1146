package caddymodule

import (
	"net/http"
	"testing"
)

func TestFieldSet_FoldsAsServersDo(t *testing.T) {
	s := newFieldSet(map[string]bool{"X-Api-Key": true})
	for _, name := range []string{"X-Api-Key", "X_Api_Key", "X.Api.Key", "x-api-key"} {
		if !s.has(name) {
			t.Errorf("%s is not heeded", name)
		}
	}
	for _, name := range []string{"", "X-Api", "Accept", http.CanonicalHeaderKey("user-agent")} {
		if s.has(name) {
			t.Errorf("%s is heeded", name)
		}
	}
}
