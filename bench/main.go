// Command bench measures what the gate costs beside plain reverse_proxy in the
// same Caddy binary, on loopback, and prints one table.
//
// Every variant is a Caddy process of its own, and is loaded together with the
// baseline, at the same time: what else the machine does then weighs on both
// alike. The figure is the median of the rounds' ratios. CPU per request (user
// and system time of the Caddy process, from /proc/PID/stat) is the steadiest
// figure; throughput and latency share the machine with the load generator and
// the upstream.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	caddy := flag.String("caddy", "./caddy", "the Caddy binary with the plugin")
	rounds := flag.Int("rounds", 5, "rounds of each pair, 1 to 100; one more warms up")
	dur := flag.Duration("dur", 3*time.Second, "length of one run, 1s to 60s")
	conns := flag.Int("conns", 32, "connections to each of the two, 1 to 1000")
	only := flag.String("only", "", "variants to run, separated by commas; empty: all")
	flag.Parse()
	if *rounds < 1 || *rounds > 100 || *dur < time.Second || *dur > time.Minute || *conns < 1 || *conns > 1000 {
		fmt.Fprintln(os.Stderr, "bench: a flag is out of its bounds; see -h")
		os.Exit(2)
	}
	if err := run(*caddy, *rounds, *dur, *conns, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(bin string, rounds int, dur time.Duration, conns int, only string) error {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	up, err := startUpstream()
	if err != nil {
		return err
	}
	defer up.Close()

	var procs procList
	defer procs.stop()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	go func() {
		<-interrupted
		procs.stop()
		os.RemoveAll(dir)
		os.Exit(130)
	}()

	base, err := procs.start(bin, dir, "plain", plainSite, up.Listener.Addr().String())
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "variant\tCPU/request\t(min-max)\tthroughput\tp50\tp99\treq/s\tus CPU/request\n")
	for _, v := range variants() {
		if only != "" && !slices.Contains(strings.Split(only, ","), v.name) {
			continue
		}
		p, err := procs.start(bin, dir, v.name, v.site, up.Listener.Addr().String())
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		t, err := v.prepare(p)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		// The baseline gets the same request: longer cookies cost without a gate too.
		baseline := target{proc: base, request: t.request, status: 200}
		if err := measure(w, v.name, baseline, t, rounds, dur, conns); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		procs.end(p)
	}
	return w.Flush()
}

// measure loads both at the same time, in rounds, and writes one line of ratios
// of b to a. Taken in turns, a machine that is shared with others shows
// differences of a tenth between a process and itself.
func measure(w *tabwriter.Writer, name string, a, b target, rounds int, dur time.Duration, conns int) error {
	var cpu, through, p50, p99 []float64
	var last sample
	for i := range rounds + 1 {
		was, is, err := loadBoth(a, b, dur, conns)
		if err != nil {
			return err
		}
		if i == 0 {
			continue // everything warms up
		}
		cpu = append(cpu, is.cpu/was.cpu)
		through = append(through, is.rate/was.rate)
		p50 = append(p50, is.p50/was.p50)
		p99 = append(p99, is.p99/was.p99)
		last = is
	}
	fmt.Fprintf(w, "%s\t%.3f\t(%.3f-%.3f)\t%.2f\t%.2f\t%.2f\t%.0f\t%.1f\n", name,
		median(cpu), slices.Min(cpu), slices.Max(cpu), median(through), median(p50), median(p99), last.rate, last.cpu*1e6)
	return nil
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}
