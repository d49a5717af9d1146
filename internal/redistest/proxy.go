package redistest

import (
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Proxy is the network between one node and a server, which can be cut.
type Proxy struct {
	URL string

	to   string
	mu   sync.Mutex
	cut  bool
	pass *sync.Cond // signalled when it is mended, and at the end
	over bool
	slow time.Duration
	late bool
	all  []net.Conn
}

// StartProxy starts one before a server.
func StartProxy(t testing.TB, s *Server) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{to: s.Addr, URL: strings.Replace(s.URL(), s.Addr, l.Addr().String(), 1)}
	p.pass = sync.NewCond(&p.mu)
	var done sync.WaitGroup
	done.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			done.Go(func() { p.serve(&done, in) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		p.over = true
		for _, c := range p.all {
			_ = c.Close()
		}
		p.mu.Unlock()
		p.pass.Broadcast()
		done.Wait()
	})
	return p
}

// Cut lets nothing through any more, without telling either side.
func (p *Proxy) Cut() { p.set(true) }

// Slow holds every piece back for a while.
func (p *Proxy) Slow(by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slow = by
}

// Late gives each question, in place of its answer, the one of the question before
// it on the same connection.
func (p *Proxy) Late(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = on
}

// Mend lets through again, also what was held.
func (p *Proxy) Mend() { p.set(false) }

func (p *Proxy) set(cut bool) {
	p.mu.Lock()
	p.cut = cut
	p.mu.Unlock()
	p.pass.Broadcast()
}

func (p *Proxy) serve(done *sync.WaitGroup, in net.Conn) {
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		_ = in.Close()
		return
	}
	p.mu.Lock()
	p.all = append(p.all, in, out)
	if p.over {
		_ = errors.Join(in.Close(), out.Close())
	}
	p.mu.Unlock()
	done.Go(func() { p.copy(out, in, false) })
	p.copy(in, out, true)
}

// copy copies while nothing is cut, and ends both at the end of one.
func (p *Proxy) copy(to, from net.Conn, answers bool) {
	defer func() { _ = errors.Join(to.Close(), from.Close()) }()
	buf := make([]byte, 16<<10)
	var last []byte // what came before
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		for p.cut && !p.over {
			p.pass.Wait()
		}
		slow, late := p.slow, p.late && answers && last != nil
		p.mu.Unlock()
		time.Sleep(slow)
		piece := buf[:n]
		if late {
			piece = last
		}
		last = slices.Clone(buf[:n])
		if _, werr := to.Write(piece); werr != nil || err != nil && !errors.Is(err, io.ErrShortBuffer) {
			return
		}
	}
}
