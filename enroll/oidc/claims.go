package oidc

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/coreos/go-oidc/v3/oidc"
)

// personalTenant is Microsoft's tenant of personal accounts.
const personalTenant = "9188040d-6c67-4c5b-b112-36b66a3dad95"

// claims are what is looked at of an ID token, beside what the library checks.
type claims struct {
	Party    string          `json:"azp"`
	Email    string          `json:"email"`
	Verified json.RawMessage `json:"email_verified"` // a boolean, and with some a text
	Domain   json.RawMessage `json:"xms_edov"`       // Microsoft: the domain's owner verified the address
	Username string          `json:"preferred_username"`
	UPN      string          `json:"upn"`
	Tenant   string          `json:"tid"` // Microsoft's organisation
	Hosted   string          `json:"hd"`  // Google's organisation
	IDP      string          `json:"idp"` // where a guest comes from
	AMR      []string        `json:"amr"`
	ACR      string          `json:"acr"`
	At       json.RawMessage `json:"auth_time"`
}

// vouched says what a checked token comes to.
func (p *Provider) vouched(id *oidc.IDToken, c *claims) *enroll.Vouched {
	v := &enroll.Vouched{Issuer: id.Issuer, Subject: id.Subject, Org: c.Tenant, Personal: c.personal(id.Issuer), At: seconds(c.At)}
	if yes(c.Verified) || yes(c.Domain) {
		v.Email = c.Email
	}
	if v.Alias = c.Username; !strings.Contains(v.Alias, "@") {
		v.Alias = c.UPN
	}
	if c.Hosted != "" {
		v.Org = c.Hosted
	}
	// An array of exact strings: a provider that writes "mfa" as a text is not read
	// kindly (json refuses it for the whole token).
	v.Second = slices.ContainsFunc(c.AMR, func(word string) bool { return slices.Contains(p.c.AMR, word) }) ||
		c.ACR != "" && slices.Contains(p.c.ACR, c.ACR)
	return v
}

// personal tells whether the account is of no organisation: Microsoft's personal
// ones, also as guests of an organisation, and Google's without a domain of
// theirs.
func (c *claims) personal(issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil {
		return true
	}
	switch host := u.Hostname(); {
	case c.Tenant == personalTenant, c.IDP == "live.com", strings.Contains(c.IDP, personalTenant):
		return true
	case microsoft(host):
		return c.Tenant == ""
	case host == "accounts.google.com":
		return c.Hosted == ""
	}
	return false
}

// yes reads a claim that is true, or 1, or the text of either.
func yes(raw json.RawMessage) bool {
	switch strings.Trim(string(raw), `"`) {
	case "true", "1":
		return true
	}
	return false
}

// seconds reads a time in whole seconds since 1970; zero: there is none.
func seconds(raw json.RawMessage) time.Time {
	var n json.Number
	if len(raw) == 0 || raw[0] == '"' || json.Unmarshal(raw, &n) != nil {
		return time.Time{}
	}
	whole, _, _ := strings.Cut(n.String(), ".")
	s, err := json.Number(whole).Int64()
	if err != nil || s <= 0 {
		return time.Time{}
	}
	return time.Unix(s, 0)
}
