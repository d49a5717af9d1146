package nodes

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-mfa/caddy-mfa/internal/apptest"
)

// size is what the node has in use.
type size struct {
	goroutines, files, sockets int
	heap                       int // bytes that are reachable
}

// Of connections to Redis as many may be kept as were in use at once, which is as
// many as go-redis has in its pool at most (ten for each processor), each with a
// buffer of 32 KiB to read and one to write.
var pool = min(workers, 10*runtime.GOMAXPROCS(0))

const buffers = 64 << 10

// above says what of it is above the other by more than comes and goes.
func (a size) above(b size) string {
	var all []string
	for _, c := range []struct {
		what              string
		now, before, more int
	}{
		{"goroutines", a.goroutines, b.goroutines, 8},
		{"open files", a.files, b.files, 3},
		{"sockets", a.sockets, b.sockets, pool + 4},
		{"bytes of memory", a.heap, b.heap, 2<<20 + buffers*max(0, a.sockets-b.sockets)},
	} {
		if c.now > c.before+c.more {
			all = append(all, fmt.Sprintf("%d %s became %d", c.before, c.what, c.now))
		}
	}
	return strings.Join(all, ", ")
}

// atRest is the least size of some seconds in which nobody asks anything. Given an
// earlier one, it waits for a minute until the node is not above it: what is let
// go of ends by and by.
func (s *soak) atRest(before *size) size {
	s.t.Helper()
	s.web.CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections()
	least := s.size()
	for i := 1; i < 8 || before != nil && i < 60 && least.above(*before) != ""; i++ {
		time.Sleep(time.Second)
		now := s.size()
		least = leastOf(least, now)
	}
	return least
}

// flat demands that nothing grew while the strain went on, though it may go away
// when the strain does. It compares the least of the first third with that of the
// last: much is in use only while the store is away. A connection of every worker
// may be open, or none.
func (s *soak) flat() {
	s.t.Helper()
	third := len(s.series) / 3
	if third < 2 {
		s.t.Fatalf("the node was looked at %d times", len(s.series))
	}
	first, last := leastOf(s.series[:third]...), leastOf(s.series[len(s.series)-third:]...)
	s.t.Logf("under the strain at first %+v, at last %+v", first, last)
	allowed := size{first.goroutines + workers, first.files, first.sockets + workers, first.heap + first.heap/4}
	if what := last.above(allowed); what != "" {
		s.t.Errorf("the node grows under the strain: %s", what)
	}
}

// leastOf is the least of each number.
func leastOf(all ...size) size {
	least := all[0]
	for _, s := range all[1:] {
		least = size{min(least.goroutines, s.goroutines), min(least.files, s.files), min(least.sockets, s.sockets), min(least.heap, s.heap)}
	}
	return least
}

var (
	totalOf = regexp.MustCompile(`goroutine profile: total (\d+)`)
	heapOf  = regexp.MustCompile(`# HeapAlloc = (\d+)`)
)

// size asks the node, after it has given back what it can.
func (s *soak) size() size {
	files, sockets := s.open()
	s.number("heap?gc=1&debug=1", heapOf) // what is finalized, or in a pool, goes with the next collection
	heap := s.number("heap?gc=1&debug=1", heapOf)
	return size{s.number("goroutine?debug=1", totalOf), files, sockets, heap}
}

// number reads a number off a page of the node's profiles. A reload may close the
// admin endpoint's connection before it answered: that is no answer yet.
func (s *soak) number(page string, of *regexp.Regexp) int {
	s.t.Helper()
	var text []byte
	apptest.Eventually(s.t, time.Minute, page, func() bool {
		resp, err := admin.Get("http://" + s.node.admin + "/debug/pprof/" + page)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		text, err = io.ReadAll(resp.Body)
		return err == nil
	})
	m := of.FindSubmatch(text)
	if m == nil {
		s.t.Errorf("%s says nothing: %.200s", page, bytes.TrimSpace(text))
		return 0
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		s.t.Error(err)
	}
	return n
}

// open counts what the node has open: sockets, and all else.
func (s *soak) open() (files, sockets int) {
	s.t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd/", s.node.Pid())
	all, err := os.ReadDir(dir)
	if err != nil || len(all) == 0 {
		s.t.Errorf("%d open files, %v", len(all), err)
	}
	for _, one := range all {
		if at, err := os.Readlink(dir + one.Name()); err == nil && strings.HasPrefix(at, "socket:") {
			sockets++
		} else if err == nil { // one that is closed meanwhile counts as none
			files++
		}
	}
	return files, sockets
}
