package caddymodule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
)

func init() {
	caddy.RegisterModule(tenantsAdmin{})
}

// tenantsAdmin is what the admin endpoint does with tenants.
type tenantsAdmin struct{}

// CaddyModule returns the module's id and constructor.
func (tenantsAdmin) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.mfa_tenants", New: func() caddy.Module { return new(tenantsAdmin) }}
}

// removePath is where it takes a tenant away whose file is gone.
const removePath = "/mfa/tenants/remove"

// Routes are the paths under which it is asked.
func (tenantsAdmin) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{{Pattern: removePath, Handler: caddy.AdminHandlerFunc(removeTenant)}}
}

// oneTenant is the call, and the answer.
type oneTenant struct {
	Tenant string `json:"tenant"`
}

func removeTenant(w http.ResponseWriter, r *http.Request) error {
	if err := wantMethod(r, http.MethodPost); err != nil {
		return err
	}
	s, err := activeState()
	if err != nil {
		return err
	}
	call, err := readCall[oneTenant](r, `"tenant"`)
	if err != nil {
		return err
	}
	if s.file == nil {
		return adminRefusal(http.StatusBadRequest, "this server has no policy file")
	}
	before := s.file.Policy()
	if err := s.file.Forget(call.Tenant); err != nil {
		return adminRefusal(http.StatusConflict, err.Error())
	}
	s.log.Warn("a tenant was removed whose file is gone", zap.String("tenant", call.Tenant), zap.String("by", r.RemoteAddr))
	s.changed(before)
	return adminJSON(w, call)
}

// tenantCommand is `caddy mfa tenant`.
func tenantCommand() *cobra.Command {
	tenant := &cobra.Command{Use: "tenant", Short: "Removes tenants of a running server"}
	remove := fileCommand("remove <tenant>", "Removes a tenant whose file is gone", cobra.ExactArgs(1), nil)
	remove.Long = `
A tenant whose file is gone keeps its rules, so that nothing is open by mistake.
This says that the file was taken away on purpose: what the tenant protects is
then open, unless another protects it. A tenant that still stands in a file is
removed there. Say it to each node.`
	at := adminFlags(remove)
	remove.RunE = func(c *cobra.Command, args []string) error {
		return plainly(func(out io.Writer) error {
			body, err := json.Marshal(oneTenant{args[0]})
			if err != nil {
				return err
			}
			var done oneTenant
			if err := at.send(http.MethodPost, removePath, bytes.NewReader(body), &done); err != nil {
				return err
			}
			if at.json {
				return json.NewEncoder(out).Encode(done)
			}
			_, err = fmt.Fprintf(out, "tenant %s is removed\n", visible(done.Tenant))
			return err
		})(c, args)
	}
	tenant.AddCommand(remove)
	return tenant
}

// Interface guards
var _ caddy.AdminRouter = tenantsAdmin{}
