package caddymodule

import (
	"errors"
	"net/http"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
)

func init() {
	caddy.RegisterModule(keysAdmin{})
}

// keysAdmin is what the admin endpoint does with the keys. It shows none.
type keysAdmin struct{}

// CaddyModule returns the module's id and constructor.
func (keysAdmin) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.mfa_keys", New: func() caddy.Module { return new(keysAdmin) }}
}

const keysPath = "/mfa/keys"

// Routes are the paths under which it is asked.
func (keysAdmin) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: keysPath, Handler: caddy.AdminHandlerFunc(keysList)},
		{Pattern: keysPath + "/rotate", Handler: caddy.AdminHandlerFunc(keysRotate)},
		{Pattern: keysPath + "/forget", Handler: caddy.AdminHandlerFunc(keysForget)},
	}
}

// keysState is what may be told of the keys.
type keysState struct {
	// Ids, newest first: that one seals and signs, all open.
	Keys []string `json:"keys"`
	// The file they stand in, where the configuration gives none.
	File string `json:"file,omitempty"`
	// The last rotation at this node since its start.
	Rotation enroll.Rotation `json:"rotation"`
	// After a rotation, when the last flag that an older key signed has ended.
	OldMayGo time.Time `json:"old_may_go,omitzero"`
}

func (s *appState) keysState(svc *enroll.Service) keysState {
	st := keysState{Keys: svc.KeyIDs(), Rotation: svc.Rotation()}
	if s.keys == nil {
		st.File = s.storeIn.KeyFile()
	}
	if st.Rotation.Done() && len(st.Keys) > 1 && st.Rotation.Key == st.Keys[0] {
		st.OldMayGo = st.Rotation.Ended.Add(s.gates.longestFlag()).UTC().Truncate(time.Second)
	}
	return st
}

// longestFlag is how long the flags of all gates live at most.
func (l *gateList) longestFlag() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	longest := defaultFlagLifetime
	for _, g := range l.gates {
		longest = max(longest, time.Duration(g.Flag.Lifetime))
	}
	return longest
}

// keysService is the service of the configuration in force.
func keysService(r *http.Request, method string) (*appState, *enroll.Service, error) {
	if err := wantMethod(r, method); err != nil {
		return nil, nil, err
	}
	s, err := activeState()
	if err != nil {
		return nil, nil, err
	}
	svc := s.service()
	if svc == nil {
		return nil, nil, caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: errNotStarted}
	}
	return s, svc, nil
}

func keysList(w http.ResponseWriter, r *http.Request) error {
	s, svc, err := keysService(r, http.MethodGet)
	if err != nil {
		return err
	}
	return adminJSON(w, s.keysState(svc))
}

// keysRotate begins a rotation, or joins the one under way. With a key file that
// holds one key it makes the next; with more, the last rotation is brought to
// its end.
func keysRotate(w http.ResponseWriter, r *http.Request) error {
	s, svc, err := keysService(r, http.MethodPost)
	if err != nil {
		return err
	}
	if len(svc.KeyIDs()) == 1 && !svc.Rotation().Running {
		if err := svc.NewKey(); err != nil {
			return keysError(err)
		}
		s.log.Info("a key was made, which seals and signs from now on", zap.String("key", svc.KeyIDs()[0]))
	}
	if err := svc.Rotate(); err != nil {
		return keysError(err)
	}
	s.log.Info("sealing the store with the newest key", zap.String("key", svc.KeyIDs()[0]), zap.String("by", r.RemoteAddr))
	return adminJSON(w, s.keysState(svc))
}

func keysForget(w http.ResponseWriter, r *http.Request) error {
	s, svc, err := keysService(r, http.MethodPost)
	if err != nil {
		return err
	}
	if err := svc.ForgetKeys(); err != nil {
		return keysError(err)
	}
	s.log.Warn("every key but the newest was taken away", zap.String("key", svc.KeyIDs()[0]), zap.String("by", r.RemoteAddr))
	return adminJSON(w, s.keysState(svc))
}

func keysError(err error) error {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, enroll.ErrKeysGiven), errors.Is(err, enroll.ErrKeysInConfig):
		status = http.StatusBadRequest
	case errors.Is(err, enroll.ErrKeyNeeded):
		status = http.StatusConflict
	case errors.Is(err, enroll.ErrStoreDown):
		status = http.StatusServiceUnavailable
	}
	return caddy.APIError{HTTPStatus: status, Err: err}
}

// Interface guard
var _ caddy.AdminRouter = keysAdmin{}
