package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// activeState is the app of the configuration in force. It is looked up at each
// request to the admin endpoint: a reload makes another one.
func activeState() (*appState, error) {
	app, err := caddy.ActiveContext().AppIfConfigured("mfa")
	if err != nil {
		return nil, caddy.APIError{HTTPStatus: http.StatusNotFound, Err: errors.New("this server has no mfa")}
	}
	return app.(*App).state, nil
}

// wantMethod refuses other methods than the one, and a change that is not sent as
// JSON: an app that can be made to send requests of somebody's choosing to this
// machine sends forms, if anything.
func wantMethod(r *http.Request, method string) error {
	if r.Method != method {
		return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: errors.New("write " + method)}
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); method != http.MethodGet && (err != nil || kind != jsonType) {
		return caddy.APIError{HTTPStatus: http.StatusUnsupportedMediaType, Err: errors.New("send it as JSON: Content-Type: " + jsonType)}
	}
	return nil
}

const jsonType = "application/json"

// adminJSON answers a request to the admin endpoint.
func adminJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(v)
}

// adminAt is where a subcommand finds the running server, and how it answers.
type adminAt struct {
	address string
	json    bool
}

// adminFlags gives a subcommand --address and --json, as Caddy's own have.
func adminFlags(c *cobra.Command) *adminAt {
	at := &adminAt{}
	c.Flags().StringVar(&at.address, "address", "", "The address of the admin endpoint, where it is not the default")
	c.Flags().BoolVar(&at.json, "json", false, "Print JSON, for programs")
	return at
}

// call asks the running server, and returns its answer's body to be closed.
func (a *adminAt) call(method, path string, body io.Reader) (io.ReadCloser, error) {
	addr, err := caddycmd.DetermineAdminAPIAddress(a.address, nil, "", "")
	if err != nil {
		return nil, fmt.Errorf("finding the admin endpoint: %w", err)
	}
	var fields http.Header
	if method != http.MethodGet {
		fields = http.Header{"Content-Type": {jsonType}}
		if body == nil {
			body = strings.NewReader("{}")
		}
	}
	resp, err := caddycmd.AdminAPIRequest(addr, method, path, fields, body)
	if err != nil {
		return nil, adminError(err)
	}
	return resp.Body, nil
}

// adminError is what the server said, without the JSON around it.
func adminError(err error) error {
	text := err.Error()
	var said struct{ Error string }
	if at := strings.Index(text, `{"error":`); at >= 0 && json.Unmarshal([]byte(text[at:]), &said) == nil && said.Error != "" {
		return errors.New(said.Error)
	}
	return err
}

// read asks for JSON.
func (a *adminAt) read(method, path string, into any) error { return a.send(method, path, nil, into) }

// send asks for JSON with JSON; nil: nothing is sent.
func (a *adminAt) send(method, path string, sent io.Reader, into any) error {
	body, err := a.call(method, path, sent)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return fmt.Errorf("reading the server's answer: %w", err)
	}
	return nil
}
