package identity

import (
	"net/http"
	"time"
)

// Claims are the claim paths of a jwt's facts; an empty one is not mapped.
type Claims struct {
	User, Email, Name, Tenant, Roles, Session, Methods, ACR, Time string
}

// JWT reads a JSON Web Token (RFC 7519) that the app or its issuer made.
type JWT struct {
	Cookie     string        // the cookie that holds it
	Header     string        // the header field that holds it; in Authorization as a Bearer token
	Secret     string        // for HS256, HS384, HS512: 32 bytes or more
	PublicKeys []string      // PEM files with public keys or certificates
	JWKS       string        // an https URL or a file with a JSON Web Key Set (RFC 7517)
	Algorithms []string      // narrows what the keys allow
	Issuer     []string      // accepted issuers; required with JWKS
	Audience   []string      // accepted audiences; required with JWKS
	Leeway     time.Duration // tolerated difference of clocks, default 0, at most 60s
	Facts      Claims
	Client     *http.Client // fetches the key set; nil: one with a time-out of 5s
}
