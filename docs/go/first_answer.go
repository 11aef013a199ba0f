// SPDX-License-Identifier: MIT
// [program]
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

func ask(ctx context.Context, server string, delay time.Duration, answers chan<- string) {
	select {
	case <-time.After(delay):
		answers <- server
	case <-ctx.Done():
		fmt.Println(server, "stopped:", ctx.Err())
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	answers := make(chan string, 2)
	var wg sync.WaitGroup
	wg.Go(func() { ask(ctx, "far", 10*time.Second, answers) })
	wg.Go(func() { ask(ctx, "near", 10*time.Millisecond, answers) })

	fmt.Println("first answer from", <-answers)
	cancel()
	wg.Wait()
}

// [/program]
