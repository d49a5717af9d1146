package caddymodule

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// maxInnerBody bounds what is read of the app's answer to a request of the
// gate's own, in bytes. The rest is read and dropped: a writer that failed
// instead would make reverse_proxy panic and cut the visitor's connection.
const maxInnerBody = 1 << 20

// innerKey marks, in the context, a request that the gate itself makes. It is
// the only mark: nothing on the wire can look like one.
type innerKey struct{}

// innersRunning counts them while they are under way: mostly there are none, and
// then no request need be asked whether it is one. One that a handler goes on with
// after it has returned is a request like any other.
var innersRunning atomic.Int64

func isInner(ctx context.Context) bool {
	return innersRunning.Load() != 0 && ctx.Value(innerKey{}) != nil
}

// errInnerAborted is what a handler behind the gate means by panicking with
// http.ErrAbortHandler: the app's answer broke off.
var errInnerAborted = errors.New("the app's answer broke off")

// ask sends sub to the handlers behind the gate, as the app would get it if
// the visitor had asked, and returns the whole answer. sub must be built
// afresh; only its context is set here.
//
// The request gets a route-group table, a vars table and a placeholder table
// of its own: with the visitor's, every `handle` block would count as used up
// and the real request would fall through all of them.
//
// The placeholders of the visitor's request are lent: see lentPlaceholders.
func ask(next caddyhttp.Handler, visitor, sub *http.Request, lent *lentPlaceholders) (*http.Response, error) {
	server, _ := visitor.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if server == nil {
		return nil, errors.New("asking the app: no server in the request's context")
	}
	rec := &innerWriter{header: make(http.Header)}
	repl := caddy.NewReplacer()
	ctx := context.WithValue(sub.Context(), innerKey{}, true)
	ctx = context.WithValue(ctx, http.ServerContextKey, visitor.Context().Value(http.ServerContextKey))
	ctx = context.WithValue(ctx, http.LocalAddrContextKey, visitor.Context().Value(http.LocalAddrContextKey))
	ctx = context.WithValue(ctx, caddyhttp.ConnCtxKey, visitor.Context().Value(caddyhttp.ConnCtxKey))
	sub = caddyhttp.PrepareRequest(sub.WithContext(ctx), repl, rec, server)
	if old, ok := visitor.Context().Value(caddyhttp.VarsCtxKey).(map[string]any); ok {
		maps.Copy(sub.Context().Value(caddyhttp.VarsCtxKey).(map[string]any), old)
	}
	repl.Map(lent.get)
	innersRunning.Add(1)
	defer innersRunning.Add(-1)
	if err := serveInner(next, rec, sub); err != nil {
		return nil, err
	}
	return rec.response(sub), nil
}

// lentPlaceholders gives the gate's own request the placeholders of the
// visitor's for as long as the visitor waits. A question that outlives its
// time-out must not read a table that the visitor's request goes on writing.
type lentPlaceholders struct {
	mu      sync.Mutex
	visitor *http.Request // nil: taken back
}

func (l *lentPlaceholders) get(key string) (any, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.visitor == nil {
		return nil, false
	}
	repl, ok := l.visitor.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return nil, false
	}
	return repl.Get(key)
}

func (l *lentPlaceholders) takeBack() {
	l.mu.Lock()
	l.visitor = nil
	l.mu.Unlock()
}

// serveInner runs the handlers and turns what they fail with into an error:
// errors never reach handle_errors from here, and an aborted answer must not
// abort the visitor's.
func serveInner(next caddyhttp.Handler, w http.ResponseWriter, sub *http.Request) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			err = errInnerAborted
		default:
			err = fmt.Errorf("asking the app: handler panicked: %v", p)
		}
	}()
	if err := next.ServeHTTP(w, sub); err != nil {
		return fmt.Errorf("asking the app: %w", err)
	}
	return nil
}

// innerWriter keeps the answer to a request of the gate's own. It shares
// nothing with the visitor's writer, passes no 1xx, flush or trailer on, and
// never fails.
type innerWriter struct {
	header http.Header
	sent   http.Header // as it stood when the status was written
	status int
	body   bytes.Buffer
	cut    bool // more came than is kept
}

func (w *innerWriter) Header() http.Header { return w.header }

func (w *innerWriter) WriteHeader(status int) {
	if w.status != 0 || (status >= 100 && status < 200 && status != http.StatusSwitchingProtocols) {
		return
	}
	w.status = status
	w.sent = w.header.Clone()
}

func (w *innerWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if room := maxInnerBody - w.body.Len(); len(p) > room {
		w.cut = true
		w.body.Write(p[:room])
	} else {
		w.body.Write(p)
	}
	return len(p), nil
}

// Flush does nothing: the answer is looked at whole.
func (w *innerWriter) Flush() {}

func (w *innerWriter) response(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	res := &http.Response{
		StatusCode: w.status, Status: http.StatusText(w.status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Request: r, ContentLength: int64(w.body.Len()),
	}
	var body io.Reader = bytes.NewReader(w.body.Bytes())
	if w.cut {
		// More than the bound: reading ends in an error, so that no extractor
		// takes the beginning of an answer for the whole.
		body = io.MultiReader(body, brokenReader{})
		res.ContentLength = -1
	}
	res.Body = io.NopCloser(body)
	return res
}

// errTooLong says that an answer to the gate's own request is over the bound.
var errTooLong = fmt.Errorf("the app's answer is over %d bytes", maxInnerBody)

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errTooLong }

// Interface guards
var (
	_ http.ResponseWriter = (*innerWriter)(nil)
	_ http.Flusher        = (*innerWriter)(nil)
)
