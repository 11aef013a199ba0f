// SPDX-License-Identifier: MIT

package main

// A tree of goroutines, ten children each, down to a million leaves; each sends the sum below it upwards.
func skynet(up chan int, first, size int) {
	if size == 1 {
		up <- first
		return
	}
	sums := make(chan int)
	for i := range 10 {
		go skynet(sums, first+i*(size/10), size/10)
	}
	sum := 0
	for range 10 {
		sum += <-sums
	}
	up <- sum
}

func skynetMillion(n int, _ *stopwatch) {
	for i := 0; i < n; i++ {
		top := make(chan int)
		go skynet(top, 0, 1_000_000)
		verify(<-top == 499_999_500_000, "skynet_1m")
	}
}
