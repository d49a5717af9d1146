package caddymodule

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestFieldSet_FoldsAsServersDo(t *testing.T) {
	s := newFieldSet(map[string]bool{"X-Api-Key": true, "-Pin": true})
	for _, name := range []string{"X-Api-Key", "X_Api_Key", "X.Api.Key", "x-api-key", "-Pin", "_pin", ".PIN"} {
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

// Whatever the gate has a word on is looked at, in every spelling, and next to nothing
// of what a browser sends.
func TestFieldSet_MayMatter(t *testing.T) {
	s := newFieldSet(map[string]bool{"Authorization": true, "Remote-User": true})
	names := append(slices.Collect(maps.Keys(forbidden)), proxiesSay...)
	names = append(names, "Authorization", "Remote-User", "X-Api-Key", "X-Redmine-Api-Key", "X-Auth-Token", "Mfa-User", "Mfa-A-Name-Longer-Than-Sixty-Three-Bytes-Which-Is-More-Than-Any-Other-Has",
		"X-Http-Method-Override", "Method-Override", "Connection", "Cookie", "Upgrade", "X-Forwarded-Proto", "X-Forwarded-Host")
	for _, name := range names {
		for _, spelled := range []string{name, strings.ToLower(name), strings.ToUpper(name), strings.ReplaceAll(name, "-", "_"), strings.ReplaceAll(name, "-", ".")} {
			if !s.mayMatter(spelled) {
				t.Errorf("%s is passed over", spelled)
			}
		}
	}
	for _, name := range []string{"", "Accept", "Accept-Encoding", "User-Agent", "Referer", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-User", "Accept-Language", "Sec-Ch-Ua", "Upgrade-Insecure-Requests"} {
		if s.mayMatter(name) {
			t.Errorf("%s is looked at", name)
		}
	}
}
