package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
)

func init() {
	caddy.RegisterModule(storeAdmin{})
}

// acceptPath is where the admin endpoint takes a store as it is.
const acceptPath = "/mfa/store/accept"

// storeAdmin is what the admin endpoint does with the store.
type storeAdmin struct{}

// CaddyModule returns the module's id and constructor.
func (storeAdmin) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.mfa_store", New: func() caddy.Module { return new(storeAdmin) }}
}

// Routes are the paths under which it is asked.
func (a storeAdmin) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: acceptPath, Handler: caddy.AdminHandlerFunc(a.accept)},
		{Pattern: backupPath, Handler: caddy.AdminHandlerFunc(a.backup)},
	}
}

// doubtful is a store module whose store may be in doubt: behind what nodes
// have seen in it.
type doubtful interface {
	Accept(ctx context.Context) error
}

// storeAccepted is the answer.
type storeAccepted struct {
	Accepted bool `json:"accepted"`
}

func (storeAdmin) accept(w http.ResponseWriter, r *http.Request) error {
	if err := wantMethod(r, http.MethodPost); err != nil {
		return err
	}
	s, err := activeState()
	if err != nil {
		return err
	}
	m, ok := s.storeIn.(doubtful)
	if !ok {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: errors.New("this store is never in doubt")}
	}
	if svc := s.service(); svc != nil && svc.Alone() {
		return caddy.APIError{HTTPStatus: http.StatusConflict, Err: errors.New("the store is open, and holds all that this server wrote to it")}
	}
	if err := m.Accept(r.Context()); err != nil {
		return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: err}
	}
	s.log.Warn("the store was accepted as it is", zap.String("by", r.RemoteAddr))
	return adminJSON(w, storeAccepted{true})
}

// storeCommand is `caddy mfa store`.
func storeCommand() *cobra.Command {
	store := &cobra.Command{Use: "store", Short: "Backs up, copies and accepts stores"}
	accept := &cobra.Command{
		Use:   "accept",
		Short: "Takes a store as it is that holds less than the nodes have seen in it",
		Long: `
A store that was emptied, replaced by a backup or failed over with writes lost
counts as down on every node. Bring the right data back if you can. This takes
it as it is, for all nodes: codes that were spent since may be good again for
as long as they would have been, and whoever enrolled since must enrol again.
With the embedded store everybody proves anew, too.`,
		Args: cobra.NoArgs,
	}
	at := adminFlags(accept)
	accept.RunE = plainly(func(out io.Writer) error {
		var done storeAccepted
		if err := at.send(http.MethodPost, acceptPath, nil, &done); err != nil {
			return err
		}
		if at.json {
			return json.NewEncoder(out).Encode(done)
		}
		_, err := fmt.Fprintln(out, "the store is taken as it is; what is protected opens within seconds")
		return err
	})
	store.AddCommand(accept, backupCommand(), copyCommand())
	return store
}

// Interface guards
var (
	_ caddy.AdminRouter = storeAdmin{}
	_ doubtful          = (*RedisStore)(nil)
)
