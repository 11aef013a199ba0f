// SPDX-License-Identifier: MIT

package main

import "sync"

// There and back over two unbuffered channels.
func unbufferedRoundTrip(n int, _ *stopwatch) {
	there, back := make(chan int), make(chan int)
	go func() {
		for v := range there {
			back <- v + 1
		}
		close(back)
	}()
	sum := 0
	for i := 0; i < n; i++ {
		there <- i
		sum += <-back
	}
	close(there)
	_, open := <-back
	verify(!open && sum == n*(n+1)/2, "unbuffered_round_trip")
}

func stream(c chan int, n int, name string) {
	go func() {
		for i := 0; i < n; i++ {
			c <- i
		}
		close(c)
	}()
	sum := 0
	for v := range c {
		sum += v
	}
	verify(sum == n*(n-1)/2, name)
}

func unbufferedStream(n int, _ *stopwatch) { stream(make(chan int), n, "unbuffered_stream") }
func bufferedStream(n int, _ *stopwatch)   { stream(make(chan int, 128), n, "buffered_stream") }

// Send and receive by one goroutine: nobody waits.
func uncontended(n int, _ *stopwatch) {
	c := make(chan int, 1)
	sum := 0
	for i := 0; i < n; i++ {
		c <- i
		sum += <-c
	}
	verify(sum == n*(n-1)/2, "uncontended")
}

const (
	producers = 4
	consumers = 4
)

// Four goroutines send n values each, four receive.
func mpmc(n int, _ *stopwatch) {
	c := make(chan int, 128)
	var sending, receiving sync.WaitGroup
	for range producers {
		sending.Add(1)
		go func() {
			defer sending.Done()
			for i := 0; i < n; i++ {
				c <- i
			}
		}()
	}
	var sums [consumers]int
	for k := range sums {
		receiving.Add(1)
		go func() {
			defer receiving.Done()
			sum := 0
			for v := range c {
				sum += v
			}
			sums[k] = sum
		}()
	}
	sending.Wait()
	close(c)
	receiving.Wait()
	total := 0
	for _, s := range sums {
		total += s
	}
	verify(total == producers*(n*(n-1)/2), "mpmc_4x4")
}
