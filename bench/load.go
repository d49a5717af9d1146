package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// request is what is sent, one text after the other, and the status each must get.
type request struct {
	texts  []string
	plain  []string // the same as a site without the gate gets them, which sets no cookie of the gate's
	status int
}

// target is a request to one process.
type target struct {
	*proc
	request
}

// sample is what one run showed.
type sample struct {
	n        int     // requests
	cpu      float64 // seconds of the Caddy process per request
	rate     float64 // requests per second
	p50, p99 float64 // seconds
}

// asking asks one process for paths in turn.
func asking(host, headers string, status int, paths ...string) request {
	r := request{status: status}
	for _, path := range paths {
		r.texts = append(r.texts, "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\nAccept: application/json\r\n"+headers+"\r\n")
	}
	r.plain = r.texts
	return r
}

// with is the request with more header fields.
func (r request) with(fields string) request {
	more := func(texts []string) (list []string) {
		for _, text := range texts {
			list = append(list, strings.TrimSuffix(text, "\r\n")+fields+"\r\n")
		}
		return list
	}
	return request{more(r.texts), more(r.plain), r.status}
}

// load sends the request over keep-alive connections for the given time. An
// answer with another status than the wanted one ends the measurement: a fast
// refusal must not pass for a fast answer.
func (t target) load(dur time.Duration, conns int) (sample, error) {
	before, err := t.cpuTime()
	if err != nil {
		return sample{}, err
	}
	began := time.Now()
	stop := began.Add(dur)
	var mu sync.Mutex
	var times []time.Duration
	var failed error
	var wg sync.WaitGroup
	for range conns {
		wg.Go(func() {
			mine, err := t.keepAsking(stop)
			mu.Lock()
			defer mu.Unlock()
			times = append(times, mine...)
			if err != nil {
				failed = err
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	after, err := t.cpuTime()
	if err != nil {
		return sample{}, err
	}
	if failed != nil {
		return sample{}, failed
	}
	slices.Sort(times)
	n := len(times)
	return sample{
		n: n, cpu: (after - before).Seconds() / float64(n), rate: float64(n) / took.Seconds(),
		p50: times[n/2].Seconds(), p99: times[n*99/100].Seconds(),
	}, nil
}

// loadAll loads several processes at the same time.
func loadAll(targets []target, dur time.Duration, conns int) ([]sample, error) {
	samples, errs := make([]sample, len(targets)), make([]error, len(targets))
	var all sync.WaitGroup
	for i, t := range targets {
		all.Go(func() { samples[i], errs[i] = t.load(dur, conns) })
	}
	all.Wait()
	return samples, errors.Join(errs...)
}

func (t target) keepAsking(stop time.Time) ([]time.Duration, error) {
	c, err := net.Dial("tcp", t.addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.SetDeadline(stop.Add(10 * time.Second)); err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(c, 16<<10)
	var times []time.Duration
	for now := time.Now(); now.Before(stop); {
		if _, err := io.WriteString(c, t.texts[len(times)%len(t.texts)]); err != nil {
			return nil, err
		}
		status, err := skipAnswer(r)
		if err != nil {
			return nil, err
		}
		if status != t.status {
			return nil, fmt.Errorf("status %d, want %d", status, t.status)
		}
		next := time.Now()
		times = append(times, next.Sub(now))
		now = next
	}
	return times, nil
}

// skipAnswer reads one answer with a Content-Length and drops it.
func skipAnswer(r *bufio.Reader) (status int, err error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if _, err := fmt.Sscanf(line, "HTTP/1.1 %d", &status); err != nil {
		return 0, err
	}
	length := 0
	for {
		if line, err = r.ReadString('\n'); err != nil {
			return 0, err
		}
		if line == "\r\n" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		if http.CanonicalHeaderKey(name) == "Content-Length" {
			if _, err := fmt.Sscan(value, &length); err != nil {
				return 0, err
			}
		}
	}
	_, err = r.Discard(length)
	return status, err
}
