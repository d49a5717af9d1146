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
	table         *tabwriter.Writer
}

func (b *bench) head() {
	b.table = tabwriter.NewWriter(os.Stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintf(b.table, "variant\tCPU/request\t(min-max)\tthroughput\tp50\tp99\treq/s\tus CPU/request\tRedis/1000\n")
}

// row loads plain and the nodes at the same time, in rounds, and writes one line
// of ratios to plain. Taken in turns, a machine that is shared with others shows
// differences of a tenth between a process and itself. Of several nodes each
// counts by itself.
func (b *bench) row(v variant, base *proc, nodes []*proc, redis *redisServer) error {
	ask, err := v.prepare(nodes[0], redis)
	if err != nil {
		return err
	}
	// Plain gets the same request: longer cookies cost without a gate too.
	targets := []target{{base, request{ask.texts, http.StatusOK}}}
	for _, p := range nodes {
		targets = append(targets, target{p, ask})
	}
	var cpu, through, p50, p99, rate, each []float64
	var a asked
	n := 0
	for i := range b.rounds + 1 {
		if i == 1 && v.redis { // until then everything warms up
			if a, err = countAsked(redis, 2*b.dur); err != nil {
				return err
			}
		}
		samples, err := loadAll(targets, b.dur, b.conns)
		if err != nil {
			return err
		}
		if i == 0 {
			continue
		}
		was := samples[0]
		for _, is := range samples[1:] {
			n += is.n
			cpu = append(cpu, is.cpu/was.cpu)
			through = append(through, is.rate/was.rate)
			p50 = append(p50, is.p50/was.p50)
			p99 = append(p99, is.p99/was.p99)
			rate, each = append(rate, is.rate), append(each, is.cpu*1e6)
		}
	}
	commands, err := a.text(n)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.table, "%s\t%.3f\t(%.3f-%.3f)\t%.2f\t%.2f\t%.2f\t%.0f\t%.1f\t%s\n", v.name,
		median(cpu), slices.Min(cpu), slices.Max(cpu), median(through), median(p50), median(p99), median(rate), median(each), commands)
	return nil
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}
