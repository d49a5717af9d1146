package identity

import (
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
)

// Names that carry a credential in many apps, wherever they stand. A user's
// name and a password are a credential in a query only together: "?user=7" and
// "?pass=2" alone are harmless.
var (
	keyHeaders      = []string{"api-key", "apikey", "api-token", "auth-token", "access-token", "private-token"} // and what ends so: X-Redmine-API-Key
	proxyHeaders    = []string{"x-auth-request-", "x-forwarded-", "cf-access-", "x-ms-token-"}                  // but not what begins so
	defaultAnywhere = []string{"access_token", "accesstoken", "auth_token", "authtoken", "api_key", "apikey", "api_token", "apitoken", "private_token", "x_api_key", "x_auth_token"}
	keyNames        = []string{"api_key", "apikey", "x_api_key"} // of which JSON is full: settings of other services
	defaultSessions = []string{"jsessionid", "phpsessid"}
	userNames       = set("user", "username", "user_name", "userid", "user_id", "uid", "usr", "login", "loginname", "login_name", "log",
		"account", "email", "e_mail", "mail", "nick", "nickname", "j_username", "usuario", "benutzer", "utilisateur")
	passwordNames = set("password", "passwd", "pass", "pwd", "passphrase", "passcode", "user_password", "user_pass", "userpass",
		"userpassword", "login_password", "j_password", "senha", "passwort", "kennwort", "contrasena", "motdepasse")
)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// Credentials knows the names under which a request can carry a credential.
// A credential beside the identity is how somebody who may pass as himself gets
// served as another: his own session and proof go to the gate, and the other's
// password, key or session id in the same request goes to the app.
type Credentials struct {
	headers  map[string]bool // in the form of HeaderName; false: taken away
	anywhere map[string]bool // in query, form and path parameters, in the form of fieldName
	inJSON   map[string]bool // in the members of a JSON object
	sessions map[string]bool // in query and path parameters
	login    bool            // a user's name together with a password in the query
}

var defaultCredentials, _ = NewCredentials(nil)

// NewCredentials takes the names that carry a credential in this app, in
// header, query, form, JSON and path parameters, beside the default ones. A name
// with a leading minus takes a default one away; Authorization stays.
func NewCredentials(names []string) (*Credentials, error) {
	c := &Credentials{
		headers:  headerSet("authorization"),
		anywhere: set(defaultAnywhere...),
		inJSON:   set(defaultAnywhere...),
		sessions: set(defaultSessions...),
		login:    true,
	}
	for _, name := range keyNames {
		delete(c.inJSON, name)
	}
	for _, name := range names {
		bare, less := strings.CutPrefix(name, "-")
		if bare == "" || strings.ContainsAny(bare, " \t\r\n&=;?#/{}\"") {
			return nil, fmt.Errorf("reading credentials: %q is no name of a header or field; write names alone, such as: credentials u p", name)
		}
		header, field := HeaderName(bare), fieldName(bare)
		if !less {
			c.headers[header] = true
			c.anywhere[field], c.inJSON[field] = true, true
			continue
		}
		if header == "Authorization" {
			return nil, fmt.Errorf("reading credentials: Authorization always carries a credential; remove it in front of the gate (request_header -Authorization, in a route block) where the app must not see it")
		}
		if !c.isHeader(header) && !c.anywhere[field] && !c.sessions[field] {
			return nil, fmt.Errorf("reading credentials: %q takes away a name that is none of the default ones", name)
		}
		c.headers[header] = false
		delete(c.anywhere, field)
		delete(c.inJSON, field)
		delete(c.sessions, field)
	}
	return c, nil
}

func (c *Credentials) orDefault() *Credentials {
	if c == nil {
		return defaultCredentials
	}
	return c
}

// HeaderName is a header's name in canonical form as an app may read it: CGI
// and its heirs make X_Api_Key and X.Api.Key of X-Api-Key.
func HeaderName(name string) string {
	if strings.IndexByte(name, '_') >= 0 || strings.IndexByte(name, '.') >= 0 {
		name = strings.NewReplacer("_", "-", ".", "-").Replace(name)
	}
	return textproto.CanonicalMIMEHeaderKey(name)
}

func headerSet(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[HeaderName(n)] = true
	}
	return m
}

// isHeader reports whether a header of the name carries a credential.
func (c *Credentials) isHeader(name string) bool {
	if is, said := c.headers[HeaderName(name)]; said {
		return is
	}
	return NamesKey(name)
}

// NamesKey reports whether a header is by its name one for the key of an API,
// with or without a product's name before it.
func NamesKey(header string) bool {
	if header == "" || header[len(header)-1]|0x20 != 'y' && header[len(header)-1]|0x20 != 'n' {
		return false // nearly all
	}
	for _, end := range keyHeaders {
		if i := len(header) - len(end); i >= 0 && sameHeader(header[i:], end) && (i == 0 || sameHeader(header[i-1:i], "-")) {
			return !ofProxy(header)
		}
	}
	return false
}

// ofProxy reports whether a header is one that a sign-in proxy adds to every
// request of whom it let in, as it spells it. An app that takes it from anybody
// else can be told anything, as with Remote-User.
func ofProxy(header string) bool {
	return !strings.ContainsAny(header, "_.") && slices.ContainsFunc(proxyHeaders, func(p string) bool {
		return len(header) > len(p) && strings.EqualFold(header[:len(p)], p)
	})
}

// sameHeader is equality of two parts of names in the form of HeaderName; b is
// in lower case.
func sameHeader(a, b string) bool {
	for i := range len(a) {
		c := a[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		case c == '_' || c == '.':
			c = '-'
		}
		if c != b[i] {
			return false
		}
	}
	return true
}

// inHeaders yields the headers of h that carry a credential, as they stand
// there. Empty ones carry none.
func (c *Credentials) inHeaders(h http.Header, yield func(name string) bool) {
	for name, values := range h {
		if !c.isHeader(name) {
			continue
		}
		for _, v := range values {
			if strings.TrimSpace(v) != "" {
				if !yield(name) {
					return
				}
				break
			}
		}
	}
}
