package caddymodule

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/caddy-mfa/caddy-mfa/identity"
)

// maxForm bounds the form bodies that query rules look into, in bytes.
const maxForm = 64 << 10

var errFormTooLong = errors.New("reading a form: over 64 KiB")

// formBody returns a reader of the request's form for query rules, nil where
// there is no body. The body is read once, however often rules ask, and stays
// whole for the app. JSON counts as a form; a body of another kind holds no
// fields; one that should be a form and cannot be read as one is an error, which
// protects.
func formBody(r *http.Request) func() (url.Values, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil
	}
	return sync.OnceValues(func() (url.Values, error) { return readForm(r) })
}

func readForm(r *http.Request) (url.Values, error) {
	types := r.Header["Content-Type"]
	kind, params, err := "", map[string]string(nil), error(nil)
	switch len(types) {
	case 0:
	case 1:
		if kind, params, err = mime.ParseMediaType(types[0]); err != nil {
			return nil, err
		}
	default:
		return nil, errors.New("reading a form: two content types")
	}
	multi := strings.HasPrefix(kind, "multipart/")
	if kind != "" && !multi && !identity.IsJSON(kind) && !strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
		return nil, nil
	}
	// Compressed, or in a charset of its own, a form says what only the app reads.
	if why := identity.UnreadableForm(r.Header); why != "" {
		return nil, errors.New("reading a form: " + why)
	}
	if _, ok := params["boundary"]; multi && (!ok || strings.Count(strings.ToLower(types[0]), "boundary") != 1 || strings.Contains(types[0], "*")) {
		return nil, errOddForm
	}
	head, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	r.Body = &joined{io.MultiReader(bytes.NewReader(head), r.Body), r.Body}
	if err != nil {
		return nil, err
	}
	if len(head) > maxForm {
		return nil, errFormTooLong
	}
	switch {
	case multi:
		return multipartFields(head, params["boundary"])
	case identity.IsJSON(kind):
		return jsonFields(head)
	}
	return url.ParseQuery(string(head))
}

// joined is a body whose beginning was read already.
type joined struct {
	io.Reader
	io.Closer
}
