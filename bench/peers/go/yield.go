// SPDX-License-Identifier: MIT

package main

import (
	"runtime"
	"sync"
)

const yielders = 1000

// A thousand goroutines that yield: the ready queue never runs empty and the stacks leave the first cache.
func yield(n int, _ *stopwatch) {
	var wg sync.WaitGroup
	var turns [yielders]int
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
	sum := 0
	for _, t := range turns {
		sum += t
	}
	verify(sum == yielders*n, "yield")
}
