// SPDX-License-Identifier: MIT

// The work of warren's benchmarks, in Go. One process runs one benchmark:
//
//	warren_peer --name switch --min-time 0.3
//
// and prints one line of JSON. The number of workers is GOMAXPROCS, as for every Go program.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
)

// A benchmark does its work n times over; each time counts as batch operations.
type benchmark struct {
	name  string
	batch int
	work  func(n int, watch *stopwatch)
}

var benchmarks = []benchmark{
	{"switch", 2, handOver},
	{"spawn_join", spawnBatch, spawnJoin},
	{"spawn_serial", 1, spawnSerial},
	{"yield", yielders, yield},
	{"unbuffered_round_trip", 1, unbufferedRoundTrip},
	{"unbuffered_stream", 1, unbufferedStream},
	{"buffered_stream", 1, bufferedStream},
	{"uncontended", 1, uncontended},
	{"mpmc_4x4", producers, mpmc},
	{"select_nonblocking", 1, selectNonblocking},
	{"select_2", 1, selectTwo},
	{"mutex_free", 1, mutexFree},
	{"mutex_8", lockers, mutexContended},
	{"timer_start_stop", 1, timerStartStop},
	{"with_cancel", 1, withCancel},
	{"with_timeout", 1, withTimeout},
	{"value_depth_10", 1, valueDepth},
	{"cancel_10000", 1, cancelChildren},
	{"skynet_1m", 1, skynetMillion},
	{"sieve_2000", 1, sievePrimes},
	{"ring_1000", ringNodes, ringHops},
}

// Measures from its start to its end, less what happens between pause and resume.
type stopwatch struct {
	since   time.Time
	elapsed time.Duration
}

func (w *stopwatch) resume() { w.since = time.Now() }
func (w *stopwatch) pause()  { w.elapsed += time.Since(w.since) }

func timed(b benchmark, n int) time.Duration {
	var watch stopwatch
	watch.resume()
	b.work(n, &watch)
	watch.pause()
	return watch.elapsed
}

// The steps of Google Benchmark, so that all programs warm up and repeat alike.
func measure(b benchmark, minTime time.Duration) (n int, elapsed time.Duration) {
	const mostIterations = 1_000_000_000
	for n = 1; ; {
		elapsed = timed(b, n)
		if n >= mostIterations || elapsed >= minTime {
			return n, elapsed
		}
		factor := 10.0
		if elapsed*10 > minTime {
			factor = 1.4 * float64(minTime) / float64(elapsed)
		}
		n = int(math.Min(math.Max(factor*float64(n), float64(n+1)), mostIterations))
	}
}

func verify(holds bool, what string) {
	if !holds {
		fmt.Fprintln(os.Stderr, "wrong result:", what)
		os.Exit(1)
	}
}

// ru_maxrss would count the parent as well: it lives through exec, the high-water mark does not.
func peakRssKb() int {
	status, err := os.ReadFile("/proc/self/status")
	verify(err == nil, "cannot read /proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "VmHWM:" {
			kb, err := strconv.Atoi(fields[1])
			verify(err == nil, "VmHWM is no number")
			return kb
		}
	}
	verify(false, "no VmHWM in /proc/self/status")
	return 0
}

func report(b benchmark, minTime time.Duration) {
	n, elapsed := measure(b, minTime)
	ops := n * b.batch
	line, err := json.Marshal(map[string]any{
		"name":        b.name,
		"ns_per_op":   float64(elapsed.Nanoseconds()) / float64(ops),
		"ops":         ops,
		"peak_rss_kb": peakRssKb(),
	})
	verify(err == nil, "report")
	fmt.Println(string(line))
}

func main() {
	name := flag.String("name", "", "the benchmark to run")
	minTime := flag.Float64("min-time", 0.3, "seconds that the last, measured repetition takes at least")
	list := flag.Bool("list", false, "print the names of all benchmarks")
	flag.Parse()
	for _, b := range append(benchmarks, growth()...) {
		if *list {
			fmt.Println(b.name)
		} else if b.name == *name {
			report(b, time.Duration(*minTime*float64(time.Second)))
			return
		}
	}
	if !*list {
		fmt.Fprintf(os.Stderr, "no benchmark named %q\n", *name)
		os.Exit(2)
	}
}
