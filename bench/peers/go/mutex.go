// SPDX-License-Identifier: MIT

package main

import "sync"

func mutexFree(n int, _ *stopwatch) {
	var mu sync.Mutex
	counter := 0
	for i := 0; i < n; i++ {
		mu.Lock()
		counter++
		mu.Unlock()
	}
	verify(counter == n, "mutex_free")
}

const lockers = 8

// Eight goroutines, one counter.
func mutexContended(n int, _ *stopwatch) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	counter := 0
	for range lockers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < n; i++ {
				mu.Lock()
				counter++
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	verify(counter == lockers*n, "mutex_8")
}
