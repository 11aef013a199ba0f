// SPDX-License-Identifier: MIT

package main

// One case that is never ready, and a default.
func selectNonblocking(n int, _ *stopwatch) {
	c := make(chan int)
	defaults := 0
	for i := 0; i < n; i++ {
		select {
		case <-c:
		default:
			defaults++
		}
	}
	verify(defaults == n, "select_nonblocking")
}

// Two goroutines that offer and take on two unbuffered channels at once.
func selectTwo(n int, _ *stopwatch) {
	a, b := make(chan int), make(chan int)
	done := make(chan int)
	go func() {
		sent := 0
		for i := 0; i < n; i++ {
			select {
			case a <- i:
				sent++
			case b <- i:
				sent++
			}
		}
		done <- sent
	}()
	sum := 0
	for i := 0; i < n; i++ {
		select {
		case v := <-a:
			sum += v
		case v := <-b:
			sum += v
		}
	}
	verify(<-done == n && sum == n*(n-1)/2, "select_2")
}
