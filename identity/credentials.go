package identity

import (
	"fmt"
	"net/http"
	"net/textproto"
	"strings"
)

// Names that carry a credential in many apps, wherever they stand. A user's
// name and a password are a credential in a query only together: "?user=7" and
// "?pass=2" alone are harmless.
var (
	defaultHeaders  = []string{"authorization", "x-api-key", "x-auth-token", "x-access-token", "x-apikey", "access-token", "auth-token", "api-key", "apikey"}
	defaultAnywhere = []string{"access_token", "accesstoken", "auth_token", "authtoken", "api_key", "apikey", "x_api_key", "x_auth_token"}
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
	headers  map[string]bool // in the form of HeaderName
	anywhere map[string]bool // in query, form and path parameters, in the form of fieldName
	sessions map[string]bool // in query and path parameters
	login    bool            // a user's name together with a password in the query
}

var defaultCredentials, _ = NewCredentials(nil)

// NewCredentials takes the names that carry a credential in this app, in
// header, query, form and path parameters, beside the default ones. A name
// with a leading minus takes a default one away; Authorization stays.
func NewCredentials(names []string) (*Credentials, error) {
	c := &Credentials{
		headers:  headerSet(defaultHeaders...),
		anywhere: set(defaultAnywhere...),
		sessions: set(defaultSessions...),
		login:    true,
	}
	for _, name := range names {
		bare, less := strings.CutPrefix(name, "-")
		if bare == "" || strings.ContainsAny(bare, " \t\r\n&=;?#/{}\"") {
			return nil, fmt.Errorf("reading credentials: %q is no name of a header or field; write names alone, such as: credentials u p", name)
		}
		header, field := HeaderName(bare), fieldName(bare)
		if !less {
			c.headers[header] = true
			c.anywhere[field] = true
			continue
		}
		if header == "Authorization" {
			return nil, fmt.Errorf("reading credentials: Authorization always carries a credential; remove it in front of the gate (request_header -Authorization, in a route block) where the app must not see it")
		}
		if !c.headers[header] && !c.anywhere[field] && !c.sessions[field] {
			return nil, fmt.Errorf("reading credentials: %q takes away a name that is none of the default ones", name)
		}
		delete(c.headers, header)
		delete(c.anywhere, field)
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

// inHeaders yields the headers of h that carry a credential, as they stand
// there. Empty ones carry none.
func (c *Credentials) inHeaders(h http.Header, yield func(name string) bool) {
	for name, values := range h {
		if !c.headers[HeaderName(name)] {
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
