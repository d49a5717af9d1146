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
