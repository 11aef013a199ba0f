// SPDX-License-Identifier: MIT

package main

const ringNodes = 1000

// One token goes round a ring of a thousand goroutines; the caller is one of them. Each adds one.
func ringHops(n int, _ *stopwatch) {
	var links [ringNodes]chan int
	for k := range links {
		links[k] = make(chan int)
	}
	for k := 1; k < ringNodes; k++ {
		go func(in, out chan int) {
			for token := range in {
				out <- token + 1
			}
			close(out)
		}(links[k-1], links[k])
	}
	token := 0
	for i := 0; i < n; i++ {
		links[0] <- token + 1
		token = <-links[ringNodes-1]
	}
	close(links[0])
	_, open := <-links[ringNodes-1]
	verify(!open && token == ringNodes*n, "ring_1000")
}
