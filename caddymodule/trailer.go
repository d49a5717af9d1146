package caddymodule

import (
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/caddy-mfa/caddy-mfa/identity"
)

// stripTrailers takes from the fields behind a request's body what a client may
// not say before it either, and credentials, which nobody looks for there:
// reverse_proxy hands trailers on, and some servers add them to the fields. What
// was announced stands in the map already, everything else comes with the end of
// the body.
func stripTrailers(r *http.Request, c *identity.Credentials) {
	if r.Trailer == nil {
		return // none announced: none is handed on
	}
	clean := func() {
		for k := range r.Trailer {
			if forbiddenField(k) || slices.Contains(proxiesSay, k) || k == "Cookie" || c.Named(k) {
				delete(r.Trailer, k)
			}
		}
	}
	clean()
	r.Body = &trailedBody{r.Body, clean}
}

type trailedBody struct {
	io.ReadCloser
	ended func()
}

func (b *trailedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.ended()
	}
	return n, err
}
