// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// How the cost of an operation grows: the points of a curve, named name@size.
func growth() []benchmark {
	var all []benchmark
	add := func(name string, batch func(size int) int, work func(size, n int, watch *stopwatch), sizes ...int) {
		for _, size := range sizes {
			point := fmt.Sprintf("%s@%d", name, size)
			all = append(all, benchmark{point, batch(size), func(n int, watch *stopwatch) { work(size, n, watch) }})
		}
	}
	steps := func(size int) int { return size }
	one := func(int) int { return 1 }

	add("ring", steps, ringOf, 100, 1000, 10_000, 100_000)
	add("spawn", steps, spawnMany, 100, 1000, 10_000, 100_000, 1_000_000)
	add("crowd", steps, crowd, 100, 1000, 10_000, 100_000)
	add("close", steps, closeWakes, 100, 1000, 10_000, 100_000, 1_000_000)
	add("timer", func(int) int { return timerStarts }, timersPending, 10, 1000, 100_000, 1_000_000)
	add("cancel", func(size int) int { return size * familiesOf(size) }, cancelFamilies,
		100, 1000, 10_000, 100_000, 1_000_000)
	add("select_done", steps, selectDone, 10, 100, 1000, 10_000)
	add("message", one, message[[1]int], 8)
	add("message", one, message[[8]int], 64)
	add("message", one, message[[128]int], 1024)
	add("message_text", one, messageText, 8, 64, 1024)
	return all
}

// One token goes round a ring of so many goroutines; the caller is one of them. Each adds one. The first lap
// starts them all.
func ringOf(size, n int, watch *stopwatch) {
	watch.pause()
	links := make([]chan int, size)
	for k := range links {
		links[k] = make(chan int)
	}
	var ended sync.WaitGroup
	for k := 1; k < size; k++ {
		ended.Add(1)
		go func(in, out chan int) {
			defer ended.Done()
			for token := range in {
				out <- token + 1
			}
			close(out)
		}(links[k-1], links[k])
	}
	token := 0
	lap := func() {
		links[0] <- token + 1
		token = <-links[size-1]
	}
	lap()
	watch.resume()
	for i := 0; i < n; i++ {
		lap()
	}
	watch.pause()
	close(links[0])
	_, open := <-links[size-1]
	verify(!open && token == size*(n+1), "ring")
	ended.Wait()
	watch.resume()
}

// So many tiny goroutines, then wait for all of them.
func spawnMany(size, n int, _ *stopwatch) {
	results := make([]int, size)
	for i := 0; i < n; i++ {
		var wg sync.WaitGroup
		wg.Add(size)
		for k := range results {
			mine := &results[k]
			go func() {
				*mine = i + 1
				wg.Done()
			}()
		}
		wg.Wait()
		for _, r := range results {
			verify(r == i+1, "spawn")
		}
	}
}

// So many goroutines that each wait once, on one channel, so that all live at the same time, each on a stack of
// its own.
func crowd(size, n int, _ *stopwatch) {
	var woken atomic.Int64
	for i := 0; i < n; i++ {
		gate := make(chan struct{})
		var waiting, ended sync.WaitGroup
		waiting.Add(size)
		ended.Add(size)
		for range size {
			go func() {
				waiting.Done()
				if _, open := <-gate; !open {
					woken.Add(1)
				}
				ended.Done()
			}()
		}
		waiting.Wait()
		close(gate)
		ended.Wait()
	}
	verify(woken.Load() == int64(size*n), "crowd")
}

// So many goroutines wait on one channel, and all wait on the next when it is closed.
func closeWakes(size, n int, watch *stopwatch) {
	watch.pause()
	gates := make([]chan struct{}, n+1)
	for i := range gates {
		gates[i] = make(chan struct{})
	}
	var waiting, ended sync.WaitGroup
	waiting.Add(size)
	for range size {
		ended.Add(1)
		go func() {
			defer ended.Done()
			for _, gate := range gates {
				waiting.Done()
				_, open := <-gate
				verify(!open, "close")
			}
		}()
	}
	waiting.Wait()
	watch.resume()
	for i := 0; i < n; i++ {
		waiting.Add(size)
		close(gates[i])
		waiting.Wait()
	}
	watch.pause()
	close(gates[n])
	ended.Wait()
	watch.resume()
}

const timerStarts = 1000

// Starts and stops a timer while so many are pending. Functions, not channels: the timer of a channel that
// nobody waits on is in no heap. The new one's time lies somewhere among those of the others.
func timersPending(size, n int, watch *stopwatch) {
	watch.pause()
	pending := make([]*time.Timer, size)
	for k := range pending {
		pending[k] = time.AfterFunc(time.Hour+time.Duration(k)*time.Millisecond, func() {})
	}
	watch.resume()
	stopped := 0
	for i := 0; i < n*timerStarts; i++ {
		if time.AfterFunc(time.Hour+time.Duration(i*7919%size)*time.Millisecond, func() {}).Stop() {
			stopped++
		}
	}
	watch.pause()
	verify(stopped == n*timerStarts, "timer")
	for _, t := range pending {
		verify(t.Stop(), "timer")
	}
	watch.resume()
}

// Small families are canceled several at a time: stopping the clock takes longer than canceling one.
func familiesOf(size int) int { return max(1, 10_000/size) }

// The cancel alone is measured. Each child's done channel exists, as for a context that somebody waits on.
func cancelFamilies(size, n int, watch *stopwatch) {
	for i := 0; i < n; i++ {
		watch.pause()
		var cancels []context.CancelFunc
		family := make([]context.Context, 0, size*familiesOf(size))
		ends := make([]context.CancelFunc, 0, size*familiesOf(size))
		for range familiesOf(size) {
			parent, cancel := context.WithCancel(context.Background())
			cancels = append(cancels, cancel)
			for range size {
				child, end := context.WithCancel(parent)
				verify(child.Done() != nil, "cancel")
				family = append(family, child)
				ends = append(ends, end)
			}
		}
		watch.resume()
		for _, cancel := range cancels {
			cancel()
		}
		watch.pause()
		for k, child := range family {
			verify(child.Err() == context.Canceled, "cancel")
			ends[k]()
		}
		watch.resume()
	}
}

// So many goroutines, in pairs that send a token to and fro, each in a select on its own channel and on one
// done channel that all share and that stays open.
func selectDone(size, n int, watch *stopwatch) {
	watch.pause()
	ctx, cancel := context.WithCancel(context.Background())
	done := ctx.Done()
	start, stop := make(chan struct{}), make(chan struct{})
	own := make([]chan int, size)
	for k := range own {
		own[k] = make(chan int, 1)
	}
	sums := make([]int, size)
	var ready, through, ended sync.WaitGroup
	ready.Add(size)
	through.Add(size)
	for k := range own {
		ended.Add(1)
		go func(mine, other chan int) {
			defer ended.Done()
			ready.Done()
			<-start
			sum := 0
			for i := 0; i < n; i++ {
				select {
				case token := <-mine:
					sum += token
					other <- token + 1
				case <-done:
					verify(false, "select_done")
				}
			}
			sums[k] = sum
			through.Done()
			<-stop
		}(own[k], own[k^1])
	}
	ready.Wait()
	for k := 0; k < size; k += 2 {
		own[k] <- 0
	}
	watch.resume()
	close(start)
	through.Wait()
	watch.pause()
	close(stop)
	ended.Wait()
	for k := range own {
		verify(sums[k] == n*(n-1)+k%2*n, "select_done")
	}
	cancel()
	watch.resume()
}

const messageRoom = 128

type words interface {
	[1]int | [8]int | [128]int
}

// Values of so many bytes, one goroutine to another.
func message[T words](size, n int, _ *stopwatch) {
	c := make(chan T, messageRoom)
	go func() {
		var v T
		for i := 0; i < n; i++ {
			v[0], v[len(v)-1] = i, i
			c <- v
		}
		close(c)
	}()
	i := 0
	for v := range c {
		verify(v[len(v)-1] == i, "message")
		i++
	}
	var v T
	verify(i == n && size == 8*len(v), "message")
}

// The same with a text made for each: an allocation by one goroutine that the other lets go of.
func messageText(size, n int, _ *stopwatch) {
	c := make(chan string, messageRoom)
	go func() {
		text := strings.Repeat("w", size)
		for i := 0; i < n; i++ {
			c <- strings.Clone(text)
		}
		close(c)
	}()
	got := 0
	for text := range c {
		got += len(text)
	}
	verify(got == size*n, "message_text")
}
