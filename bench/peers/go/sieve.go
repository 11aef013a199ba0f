// SPDX-License-Identifier: MIT

package main

const lastPrime = 17389 // the 2000th

func filter(in, out chan int, prime int) {
	for v := range in {
		if v%prime != 0 {
			out <- v
		}
	}
	close(out)
}

// The first 2000 primes, a goroutine for each, in a chain of unbuffered channels.
func sievePrimes(n int, _ *stopwatch) {
	for i := 0; i < n; i++ {
		c := make(chan int)
		go func(out chan int) {
			for v := 2; v <= lastPrime; v++ {
				out <- v
			}
			close(out)
		}(c)
		count, sum := 0, 0
		for {
			prime, open := <-c
			if !open {
				break
			}
			count++
			sum += prime
			next := make(chan int)
			go filter(c, next, prime)
			c = next
		}
		verify(count == 2000 && sum == 16_274_627, "sieve_2000")
	}
}
