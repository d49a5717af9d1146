package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// remembering is how often, at most, a node writes down what it knows.
const remembering = 5 * time.Second

// memory keeps what a node knows of the store in a file, so that a store that
// was emptied while every node was down is noticed as well. Losing the file
// loses that and nothing else.
type memory struct {
	mu      sync.Mutex
	written [partitions]remembered
	at      time.Time
	failed  bool
}

// remembered is a mark without its past.
type remembered struct {
	Line     string `json:"line"`
	Count    uint64 `json:"count"`
	Accepted uint64 `json:"accepted"`
}

// recall reads the file into what this node knows. One that cannot be read is
// warned of: it could only have made stricter.
func (r *Redis) recall() {
	if r.cfg.Memory == "" {
		return
	}
	var had struct{ Partitions []remembered }
	text, err := os.ReadFile(r.cfg.Memory)
	if err == nil {
		err = json.Unmarshal(text, &had)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err == nil && len(had.Partitions) != partitions:
		err = errors.New("it holds other partitions")
	}
	if err != nil {
		r.cfg.Warn(fmt.Sprintf("what this node knew of the store cannot be read (%v): an emptied store would go unnoticed at this start", err))
		return
	}
	for p, one := range had.Partitions {
		r.memory.written[p] = one
		r.known[p].raise(mark{line: one.Line, count: one.Count, accepted: one.Accepted})
	}
}

// remember writes the file where anything changed, at most every few seconds
// unless it is the last time.
func (r *Redis) remember(last bool) {
	m := &r.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.cfg.Memory == "" || !last && time.Since(m.at) < remembering {
		return
	}
	m.at = time.Now()
	var now [partitions]remembered
	for p := range now {
		k := r.known[p].get()
		now[p] = remembered{k.line, k.count, k.accepted}
	}
	if now == m.written {
		return
	}
	if err := writeWhole(r.cfg.Memory, struct{ Partitions []remembered }{now[:]}); err != nil {
		if !m.failed {
			r.cfg.Warn(fmt.Sprintf("what this node knows of the store cannot be written down (%v): a store emptied while all nodes are down would go unnoticed", err))
		}
		m.failed = true
		return
	}
	m.written, m.failed = now, false
}

// writeWhole puts a file in place whole, so that no crash leaves half of one.
func writeWhole(path string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
