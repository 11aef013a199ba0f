// SPDX-License-Identifier: MIT

package main

import (
	"runtime"
	"sync"
)

// Two goroutines that do nothing but hand over to each other.
func handOver(n int, _ *stopwatch) {
	var wg sync.WaitGroup
	var turns [2]int
	for k := range turns {
		wg.Add(1)
		go func() {
			defer wg.Done()
			mine := 0
			for i := 0; i < n; i++ {
				runtime.Gosched()
				mine++
			}
			turns[k] = mine
		}()
	}
	wg.Wait()
	verify(turns[0]+turns[1] == 2*n, "switch")
}
