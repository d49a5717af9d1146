// Command bench measures what the gate costs beside plain reverse_proxy in the
// same Caddy binary, on loopback, and prints one table.
//
// Every variant is a Caddy process of its own, or several, loaded together with the
// baseline, at the same time: what else the machine does then weighs on both
// alike. Each round starts them anew, since where a process came to lie in memory
// makes it quicker or slower for as long as it lives, by two or three percent. The
// figure is the median of the rounds' ratios. CPU per request (user
// and system time of the Caddy process, from /proc/PID/stat) is the steadiest
// figure; throughput and latency share the machine with the load generator and
// the upstream.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	caddy := flag.String("caddy", "./caddy", "the Caddy binary with the plugin")
	rounds := flag.Int("rounds", 8, "rounds of each row, 1 to 100, each with processes of its own")
	dur := flag.Duration("dur", 2*time.Second, "length of one run, 1s to 60s")
	conns := flag.Int("conns", 32, "connections to each process, 1 to 1000")
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
	rows, err := chosen(only)
	if err != nil {
		return err
	}
	bin, err = filepath.Abs(bin)
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
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		procs.stop()
		os.RemoveAll(dir)
		os.Exit(130)
	}()

	fill := []string{"%UPSTREAM%", up.Listener.Addr().String(), "%SECRET%", jwtSecret}
	var redis *redisServer
	if slices.ContainsFunc(rows, variant.asksRedis) {
		redis, err = procs.startRedis(dir)
		switch {
		case errors.Is(err, errNoRedis):
			fmt.Fprintln(os.Stderr, "bench:", err)
			rows = slices.DeleteFunc(rows, variant.asksRedis)
		case err != nil:
			return err
		default:
			fill = append(fill, "%REDIS%", redis.url())
		}
	}
	b := &bench{rounds: rounds, dur: dur, conns: conns, redis: redis}
	b.head()
	started := 0
	start := func(site string) (*proc, error) {
		started++
		return procs.start(bin, filepath.Join(dir, strconv.Itoa(started)), site, fill...)
	}
	for _, v := range rows {
		if err := b.row(v, start, procs.end); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	return b.table.Flush()
}

// chosen are the variants of these names, all where none is named.
func chosen(only string) (rows []variant, err error) {
	all := variants()
	if only == "" {
		return all, nil
	}
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(v variant) bool { return v.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-only: there is no variant %q", name)
		}
		rows = append(rows, all[i])
	}
	return rows, nil
}
