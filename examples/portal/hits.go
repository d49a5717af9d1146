package main

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
)

// hit is one request that reached the portal.
type hit struct {
	Method string      `json:"method"`
	URI    string      `json:"uri"`
	Host   string      `json:"host"`
	Header http.Header `json:"header"`
	Body   int64       `json:"body"` // bytes the portal read
}

const maxHits = 10000

// hits remembers every request, to be read on an address of its own: GET
// returns them all, DELETE forgets them.
type hits struct {
	mu  sync.Mutex
	all []*hit
}

// record passes requests on to next and remembers them from the moment they
// arrive.
func (h *hits) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &hit{Method: r.Method, URI: r.RequestURI, Host: r.Host, Header: r.Header.Clone()}
		h.mu.Lock()
		if len(h.all) < maxHits {
			h.all = append(h.all, seen)
		}
		h.mu.Unlock()
		body := &countedBody{ReadCloser: r.Body}
		r.Body = body
		next.ServeHTTP(w, r)
		h.mu.Lock()
		seen.Body = body.read
		h.mu.Unlock()
	})
}

func (h *hits) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch r.Method {
	case http.MethodGet:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(h.all)
	case http.MethodDelete:
		h.all = nil
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

type countedBody struct {
	io.ReadCloser
	read int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	return n, err
}
