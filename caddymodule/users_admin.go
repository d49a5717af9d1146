package caddymodule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/policy"
	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
)

func init() {
	caddy.RegisterModule(usersAdmin{})
}

// usersAdmin is what the admin endpoint does for one user, for whoever runs the
// platform.
type usersAdmin struct{}

// CaddyModule returns the module's id and constructor.
func (usersAdmin) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.mfa_users", New: func() caddy.Module { return new(usersAdmin) }}
}

const usersPath = "/mfa/users/"

// Routes are the paths under which it is asked.
func (usersAdmin) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{{Pattern: usersPath, Handler: caddy.AdminHandlerFunc(serveUsers)}}
}

// userCall is the body of a call about a user.
type userCall struct {
	Realm  string `json:"realm,omitempty"`  // "": the only one there is
	Tenant string `json:"tenant,omitempty"` // "": the only one there is; for a reset, all
	Life   string `json:"life,omitempty"`   // of a pass, such as "1h"; "": an hour
}

// passIssued is the answer to an issued pass. It is shown this once.
type passIssued struct {
	Pass    string    `json:"pass"`
	Expires time.Time `json:"expires"`
	Realm   string    `json:"realm"`
	Tenant  string    `json:"tenant"`
}

// userReset is the answer to a reset.
type userReset struct {
	Reset  bool   `json:"reset"`
	Realm  string `json:"realm"`
	Tenant string `json:"tenant,omitempty"` // "": all of them
}

// maxCall bounds the body of a call, in bytes.
const maxCall = 64 << 10

// serveUsers is POST /mfa/users/{u}/pass and …/reset. Neither the user nor a pass
// stands in a log.
func serveUsers(w http.ResponseWriter, r *http.Request) error {
	user, what, ok := userOf(r.URL.EscapedPath())
	if !ok {
		return adminRefusal(http.StatusNotFound, "write /mfa/users/<user>/pass or /mfa/users/<user>/reset, the user percent-encoded")
	}
	s, svc, err := keysService(r, http.MethodPost)
	if err != nil {
		return err
	}
	in, err := readCall[userCall](r, `"realm", "tenant" and "life"`)
	if err != nil {
		return err
	}
	t, realm, err := s.aimed(&in, what == "pass")
	if err != nil {
		return err
	}
	p, rules := enroll.Person{Realm: realm, User: user}, enroll.Rules{TenantName: s.issuer}
	if t != nil {
		rules, p.Tenant = s.rulesOf(t, "", ""), t.Key
	}
	rules.LinkBase = s.linkBase(t)
	if what == "reset" {
		if err := svc.Reset(r.Context(), p, rules); err != nil {
			return userError(err)
		}
		s.log.Warn("a person's factors were reset", zap.String("realm", realm), zap.String("tenant", in.Tenant), zap.String("by", r.RemoteAddr))
		s.events.tell(eventReset, realm, user, map[string]any{"user": user, "realm": realm, "tenant": in.Tenant}, now())
		return adminJSON(w, userReset{true, realm, in.Tenant})
	}
	life, err := passLife(in.Life)
	if err != nil {
		return err
	}
	code, expires, err := svc.IssuePass(r.Context(), p, rules, life)
	if err != nil {
		return userError(err)
	}
	s.log.Warn("a temporary access pass was issued", zap.String("realm", realm), zap.String("tenant", t.Key), zap.String("by", r.RemoteAddr))
	return adminJSON(w, passIssued{code, expires.UTC().Truncate(time.Second), realm, t.Key})
}

// userOf reads /mfa/users/{u}/{what}.
func userOf(path string) (user, what string, ok bool) {
	name, what, ok := strings.Cut(strings.TrimPrefix(path, usersPath), "/")
	user, err := url.PathUnescape(name)
	return user, what, ok && err == nil && user != "" && (what == "pass" || what == "reset")
}

// readCall reads a body as strictly as everything that changes something.
func readCall[T any](r *http.Request, members string) (in T, err error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxCall+1))
	if err != nil || len(body) > maxCall {
		return in, adminRefusal(http.StatusRequestEntityTooLarge, "the body is too long, or was cut")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil || d.More() {
		return in, adminRefusal(http.StatusBadRequest, "the body is no JSON object of "+members)
	}
	return in, nil
}

// aimed is the tenant and realm that a call means. Each may be left out where
// there is but one.
func (s *appState) aimed(in *userCall, one bool) (*policy.Tenant, string, error) {
	var t *policy.Tenant
	switch all := s.policy().Tenants(); {
	case in.Tenant != "":
		if t = s.policy().Tenant(in.Tenant); t == nil {
			return nil, "", adminRefusal(http.StatusNotFound, fmt.Sprintf("there is no tenant %q", in.Tenant))
		}
	case len(all) == 1:
		t, in.Tenant = all[0], all[0].Key
	case one:
		return nil, "", adminRefusal(http.StatusBadRequest, "there are several tenants: name one")
	}
	realms := s.gates.realms()
	if in.Realm == "" && len(realms) == 1 {
		in.Realm = realms[0]
	}
	switch {
	case in.Realm == realmByTenant && t == nil:
		return nil, "", adminRefusal(http.StatusBadRequest, "each tenant has its own people: name the tenant")
	case in.Realm == realmByTenant && slices.Contains(realms, realmByTenant):
		return t, "tenant:" + t.Key, nil
	case in.Realm == "" || !slices.Contains(realms, in.Realm):
		return nil, "", adminRefusal(http.StatusBadRequest, "name the realm, one of "+strings.Join(realms, ", "))
	}
	return t, in.Realm, nil
}

// linkBase is what links in mails begin with that no request caused: base_url,
// else the tenant's first host that is one name, by https.
func (s *appState) linkBase(t *policy.Tenant) string {
	base := s.baseURL
	for i := 0; t != nil && base == "" && i < len(t.Hosts); i++ {
		if !strings.HasPrefix(t.Hosts[i], "*") {
			base = "https://" + t.Hosts[i]
		}
	}
	mount := s.gates.mount()
	if base == "" || mount == "" {
		return ""
	}
	return strings.TrimRight(base, "/") + mount + "/link/"
}

// mount is where the gates' pages live, "" where they differ.
func (l *gateList) mount() (mount string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range l.gates {
		switch {
		case g.state == nil:
		case mount != "" && mount != g.state.mount:
			return ""
		default:
			mount = g.state.mount
		}
	}
	return mount
}

// realms are those of the site's directives, each once.
func (l *gateList) realms() (list []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range l.gates {
		if g.state != nil && !slices.Contains(list, g.state.realm) {
			list = append(list, g.state.realm)
		}
	}
	slices.Sort(list)
	return list
}

func passLife(text string) (time.Duration, error) {
	if text == "" {
		return enroll.PassLife, nil
	}
	life, err := caddy.ParseDuration(text)
	if err != nil || life < time.Minute || life > enroll.MaxPassLife {
		return 0, adminRefusal(http.StatusBadRequest, fmt.Sprintf("life is a duration from 1m to 24h, not %q", text))
	}
	return life, nil
}

func adminRefusal(status int, text string) error {
	return caddy.APIError{HTTPStatus: status, Err: errors.New(text)}
}

// userError is what the service says of a user, in the words of an operator.
func userError(err error) error {
	var e *enroll.Error
	switch {
	case errors.Is(err, enroll.ErrNotFound):
		return adminRefusal(http.StatusNotFound, "nobody of that name is known here: the user is written as the identity gives it, letter by letter")
	case errors.As(err, &e):
		return caddy.APIError{HTTPStatus: e.Status, Err: err}
	}
	return err
}

// Interface guard
var _ caddy.AdminRouter = usersAdmin{}
