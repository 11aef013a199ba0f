// SPDX-License-Identifier: MIT

// The programs of bench/tail.cpp, in Go: the same work, the same output. A thread that is none of the runtime's
// cannot send on a Go channel, so one of them is missing.
package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

type latencies struct{ all []time.Duration }

func (l *latencies) add(d time.Duration) { l.all = append(l.all, d) }

// The least sample that so great a part of all does not exceed.
func (l *latencies) at(part float64) int64 {
	rank := math.Ceil(part * float64(len(l.all)))
	return l.all[int(rank)-1].Nanoseconds()
}

func (l *latencies) print(name string) {
	slices.Sort(l.all)
	fmt.Printf("{\"name\":\"%s\",\"samples\":%d,\"p50\":%d,\"p99\":%d,\"p999\":%d,\"max\":%d}\n",
		name, len(l.all), l.at(0.5), l.at(0.99), l.at(0.999), l.at(1))
}

// From going to sleep to being awake, the 50 us included; nothing else runs.
func sleep50us(taken *latencies, end time.Time) {
	for begin := time.Now(); begin.Before(end); begin = time.Now() {
		time.Sleep(50 * time.Microsecond)
		taken.add(time.Since(begin))
	}
}

const (
	untilAllSleep       = time.Millisecond
	untilSearchersSleep = 100 * time.Microsecond
)

// From a send to the receiver's first instruction. The sender computes on, so another worker must wake up for it.
func wakeWorker(taken *latencies, end time.Time) {
	c := make(chan time.Time)
	var received atomic.Int64
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for sent := range c {
			taken.add(time.Since(sent))
			received.Add(1)
		}
	}()
	for sent := int64(1); time.Now().Before(end); sent++ {
		time.Sleep(untilAllSleep)
		for until := time.Now().Add(untilSearchersSleep); time.Now().Before(until); {
		}
		c <- time.Now()
		for received.Load() < sent {
		}
	}
	close(c)
	wg.Wait()
}

const hogs = 2

// Goroutines that never call the library keep as many processors busy, and an echo answers beside them.
type echo struct {
	there, back chan int
	over        atomic.Bool
	wg          sync.WaitGroup
}

func echoBesideHogs() *echo {
	e := &echo{there: make(chan int), back: make(chan int)}
	e.wg.Add(hogs + 1)
	for range hogs {
		go func() {
			defer e.wg.Done()
			for !e.over.Load() {
			}
		}()
	}
	go func() {
		defer e.wg.Done()
		for v := range e.there {
			e.back <- v
		}
	}()
	return e
}

func (e *echo) end() {
	close(e.there)
	e.over.Store(true)
	e.wg.Wait()
}

func (e *echo) roundTrip() {
	e.there <- 1
	<-e.back
}

// One round trip after the other. Most are made while the pair has a processor.
func pairBesideHogs(taken *latencies, end time.Time) {
	e := echoBesideHogs()
	for begin := time.Now(); begin.Before(end); begin = time.Now() {
		e.roundTrip()
		taken.add(time.Since(begin))
	}
	e.end()
}

// One is due each millisecond, and its time counts from then, also if the one before took long.
func beatBesideHogs(taken *latencies, end time.Time) {
	e := echoBesideHogs()
	for due := time.Now(); due.Before(end); due = due.Add(time.Millisecond) {
		time.Sleep(time.Until(due))
		e.roundTrip()
		taken.add(time.Since(due))
	}
	e.end()
}

func main() {
	programs := []struct {
		name string
		run  func(taken *latencies, end time.Time)
	}{
		{"sleep_50us", sleep50us},
		{"wake_worker", wakeWorker},
		{"pair_beside_hogs", pairBesideHogs},
		{"beat_beside_hogs", beatBesideHogs},
	}
	for _, p := range programs {
		if len(os.Args) == 1 {
			fmt.Println(p.name)
		} else if len(os.Args) == 3 && os.Args[1] == p.name {
			seconds, err := strconv.ParseFloat(os.Args[2], 64)
			if err != nil {
				break
			}
			var taken latencies
			p.run(&taken, time.Now().Add(time.Duration(seconds*float64(time.Second))))
			taken.print(p.name)
			return
		}
	}
	if len(os.Args) != 1 {
		os.Exit(2)
	}
}
