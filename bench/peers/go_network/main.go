// SPDX-License-Identifier: MIT

// The servers and the client of bench/network, in Go: the same work, the same output.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func listen() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	return l
}

func helloServer() {
	answer := []byte("Hello, world!")
	http.Serve(listen(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(answer) }))
}

func echoServer() {
	l := listen()
	for {
		c, err := l.Accept()
		if err != nil {
			os.Exit(1)
		}
		go func() {
			defer c.Close()
			room := make([]byte, 4096)
			for {
				n, err := c.Read(room)
				if err != nil {
					return
				}
				if _, err := c.Write(room[:n]); err != nil {
					return
				}
			}
		}()
	}
}

func processorMicroseconds() int64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return (u.Utime.Sec+u.Stime.Sec)*1_000_000 + u.Utime.Usec + u.Stime.Usec
}

func httpLoad(url string, goroutines, seconds int) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: goroutines}}
	var over atomic.Bool
	var lock sync.Mutex
	var all []int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			var some []int64
			for !over.Load() {
				begin := time.Now()
				response, err := client.Get(url)
				if err == nil {
					_, err = io.ReadAll(response.Body)
					response.Body.Close()
				}
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					break
				}
				some = append(some, time.Since(begin).Microseconds())
			}
			lock.Lock()
			all = append(all, some...)
			lock.Unlock()
		})
	}
	time.Sleep(time.Duration(seconds) * time.Second)
	over.Store(true)
	wg.Wait()
	spent := processorMicroseconds()
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	fmt.Println(len(all), spent, all[len(all)*99/100])
}

func main() {
	switch os.Args[1] {
	case "hello_server":
		helloServer()
	case "echo_server":
		echoServer()
	case "http_load":
		goroutines, _ := strconv.Atoi(os.Args[3])
		seconds, _ := strconv.Atoi(os.Args[4])
		httpLoad(os.Args[2], goroutines, seconds)
	}
}
