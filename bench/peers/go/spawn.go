// SPDX-License-Identifier: MIT

package main

import "sync"

const spawnBatch = 1000

// A thousand tiny goroutines, then wait for all of them.
func spawnJoin(n int, _ *stopwatch) {
	var results [spawnBatch]int
	for i := 0; i < n; i++ {
		var wg sync.WaitGroup
		wg.Add(spawnBatch)
		for k := range results {
			go func() {
				results[k] = i + k
				wg.Done()
			}()
		}
		wg.Wait()
		sum := 0
		for _, r := range results {
			sum += r
		}
		verify(sum == spawnBatch*i+spawnBatch*(spawnBatch-1)/2, "spawn_join")
	}
}

// One goroutine at a time.
func spawnSerial(n int, _ *stopwatch) {
	sum := 0
	for i := 0; i < n; i++ {
		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			sum += i
			wg.Done()
		}()
		wg.Wait()
	}
	verify(sum == n*(n-1)/2, "spawn_serial")
}
