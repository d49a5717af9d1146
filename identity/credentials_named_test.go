package identity

import "testing"

func TestCredentialsNamedByOneName(t *testing.T) {
	c, err := NewCredentials([]string{"X-Ticket", "u", "-api_key"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"Authorization": true, "x_api_key": true, "x-ticket": true, "X.Ticket": true, "u": true, "PHPSESSID": true, "access_token": true,
		"api_key": false, "q": false, "page": false, "Accept": false,
	} {
		if got := c.Named(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !(*Credentials)(nil).Named("api_key") {
		t.Error("without any list, the default one holds")
	}
}

// X-Redmine-API-Key and PRIVATE-TOKEN sign in as much as X-Api-Key does.
func TestNamesKey(t *testing.T) {
	for name, want := range map[string]bool{
		"X-Api-Key": true, "Apikey": true, "X-Access-Token": true, "X-Redmine-Api-Key": true, "x_redmine_api_key": true, "Private-Token": true, "X.Shop.Api-Token": true,
		"": false, "Key": false, "X-Csrf-Token": false, "Idempotency-Key": false, "Sec-Websocket-Key": false, "X-Notapi-Key": false, "Api-Keys": false, "Origin": false,
	} {
		if got := NamesKey(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	less, err := NewCredentials([]string{"-X-Shop-Api-Key"})
	if err != nil {
		t.Fatal(err)
	}
	if less.Named("X-Shop-Api-Key") || !less.Named("X-Api-Key") {
		t.Error("a name that was taken away stays, or takes others with it")
	}
}

// A sign-in proxy says in every request which token it holds: X-Auth-Request-
// and X-Forwarded- are oauth2-proxy's, Cf-Access- Cloudflare's, X-Ms-Token-
// Azure's. Another spelling is the client's, and some servers make it the same.
func TestHeadersOfProxies(t *testing.T) {
	for name, want := range map[string]bool{
		"X-Auth-Request-Access-Token": false, "x-auth-request-access-token": false, "X-Forwarded-Access-Token": false, "Cf-Access-Token": false, "X-Ms-Token-Aad-Access-Token": false,
		"X_forwarded_access_token": true, "X-Forwarded-Access_token": true, "X.forwarded.access.token": true, "X-Access-Token": true, "X-Auth-Token": true, "Cf-Api-Key": true,
	} {
		if got := NamesKey(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !mustCredentials(t, "X-Forwarded-Access-Token").Named("X-Forwarded-Access-Token") {
		t.Error("one that is named does not count")
	}
	if mustCredentials(t, "-X-Access-Token").Named("X-Access-Token") {
		t.Error("one that is taken away counts")
	}
}
