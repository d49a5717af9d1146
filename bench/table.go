package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// bench measures rows and writes them into one table.
type bench struct {
	rounds, conns int
	dur           time.Duration // of one round
	redis         *redisServer  // nil: none
	table         *tabwriter.Writer
}

func (b *bench) head() {
	b.table = tabwriter.NewWriter(os.Stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintf(b.table, "variant\tCPU/request\t(min-max)\tthroughput\tp50\tp99\treq/s\tus CPU/request\tRedis/1000\n")
}

// warmUp is how long the processes of a round are loaded before anything counts.
const warmUp = time.Second

// row loads plain and the nodes at the same time, in rounds, and writes one line
// of ratios to plain. Taken in turns, a machine that is shared with others shows
// differences of a tenth between a process and itself. Of several nodes each
// counts by itself.
func (b *bench) row(v variant, start func(site string) (*proc, error), end func(*proc)) error {
	var r row
	for round := range b.rounds {
		if v.redis {
			if err := b.redis.empty(); err != nil {
				return err
			}
		}
		procs := make([]*proc, 0, 1+v.nodes)
		for i := range 1 + max(1, v.nodes) {
			site := v.site
			if i == 0 {
				site = plainSite
			}
			p, err := start(site)
			if err != nil {
				return err
			}
			procs = append(procs, p)
		}
		if err := b.round(v, procs, &r, v.redis && round == b.rounds-1); err != nil {
			return err
		}
		for _, p := range procs {
			end(p)
		}
	}
	fmt.Fprintf(b.table, "%s\t%.3f\t(%.3f-%.3f)\t%.2f\t%.2f\t%.2f\t%.0f\t%.1f\t%s\n", v.name,
		median(r.cpu), slices.Min(r.cpu), slices.Max(r.cpu), median(r.through), median(r.p50), median(r.p99), median(r.rate), median(r.each), r.commands)
	return nil
}

// row is what the rounds of a variant showed: ratios to plain, but for the rate
// and the microseconds of each request.
type row struct {
	cpu, through, p50, p99, rate, each []float64
	commands                           string // that Redis ran
}

// round loads processes, plain first, and adds what it shows to a row; counting,
// what Redis is asked as well.
func (b *bench) round(v variant, procs []*proc, r *row, counting bool) error {
	ask, err := v.prepare(procs[1], b.redis)
	if err != nil {
		return err
	}
	targets := []target{{procs[0], request{texts: ask.plain, status: http.StatusOK}}}
	for _, p := range procs[1:] {
		targets = append(targets, target{p, ask})
	}
	if _, err := loadAll(targets, warmUp, b.conns); err != nil {
		return err
	}
	var a asked
	if counting {
		if a, err = countAsked(b.redis, 2*b.dur); err != nil {
			return err
		}
	}
	samples, err := loadAll(targets, b.dur, b.conns)
	if err != nil {
		return err
	}
	was, n := samples[0], 0
	for _, is := range samples[1:] {
		n += is.n
		r.cpu = append(r.cpu, is.cpu/was.cpu)
		r.through = append(r.through, is.rate/was.rate)
		r.p50 = append(r.p50, is.p50/was.p50)
		r.p99 = append(r.p99, is.p99/was.p99)
		r.rate, r.each = append(r.rate, is.rate), append(r.each, is.cpu*1e6)
	}
	if r.commands, err = a.text(n); err != nil {
		return err
	}
	return nil
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}
