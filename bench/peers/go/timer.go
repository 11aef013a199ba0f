// SPDX-License-Identifier: MIT

package main

import "time"

// A timer that never fires.
func timerStartStop(n int, _ *stopwatch) {
	stopped := 0
	for i := 0; i < n; i++ {
		t := time.NewTimer(time.Hour)
		if t.Stop() {
			stopped++
		}
	}
	verify(stopped == n, "timer_start_stop")
}
