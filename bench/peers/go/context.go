// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"time"
)

func withCancel(n int, _ *stopwatch) {
	canceled := 0
	for i := 0; i < n; i++ {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if ctx.Err() == context.Canceled {
			canceled++
		}
	}
	verify(canceled == n, "with_cancel")
}

func withTimeout(n int, _ *stopwatch) {
	canceled := 0
	for i := 0; i < n; i++ {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		cancel()
		if ctx.Err() == context.Canceled {
			canceled++
		}
	}
	verify(canceled == n, "with_timeout")
}

type layerKey int

// The value at the root, asked of a context ten layers above it.
func valueDepth(n int, _ *stopwatch) {
	const depth = 10
	ctx := context.Background()
	for layer := 0; layer < depth; layer++ {
		ctx = context.WithValue(ctx, layerKey(layer), layer+1)
	}
	sum := 0
	for i := 0; i < n; i++ {
		sum += ctx.Value(layerKey(0)).(int)
	}
	verify(sum == n, "value_depth_10")
}

const children = 10000

// The cancel alone is measured, not the making and the end of the children. Each child's done channel
// exists, as for a context that somebody waits on.
func cancelChildren(n int, watch *stopwatch) {
	for i := 0; i < n; i++ {
		watch.pause()
		parent, cancel := context.WithCancel(context.Background())
		family := make([]context.Context, 0, children)
		ends := make([]context.CancelFunc, 0, children)
		for range children {
			child, end := context.WithCancel(parent)
			verify(child.Done() != nil, "cancel_10000")
			family = append(family, child)
			ends = append(ends, end)
		}
		watch.resume()
		cancel()
		watch.pause()
		for k, child := range family {
			verify(child.Err() == context.Canceled, "cancel_10000")
			ends[k]()
		}
		watch.resume()
	}
}
