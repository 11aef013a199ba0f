// SPDX-License-Identifier: MIT

// client URL: tries our server with Go's net/http, as client.cpp does with ours.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
)

func expect(what string, got, wanted any) {
	if got != wanted {
		fmt.Fprintf(os.Stderr, "%s: got %v in place of %v\n", what, got, wanted)
		os.Exit(1)
	}
}

func taken(what string, r *http.Response, err error) (*http.Response, string) {
	expect(what, err, nil)
	text, err := io.ReadAll(r.Body)
	expect(what, err, nil)
	r.Body.Close()
	return r, string(text)
}

func text(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*131 + i/251)
	}
	return string(b)
}

func getAndHead(url string) {
	for range 50 {
		r, err := http.Get(url + "/hello")
		r, got := taken("get", r, err)
		expect("get", got, "hello, world\n")
		expect("get", r.Status, "200 OK")
		expect("get", r.ContentLength, int64(13))
	}
	r, err := http.Head(url + "/hello")
	r, got := taken("head", r, err)
	expect("head", got, "")
	expect("head", r.ContentLength, int64(13))
}

func bodies(url string) {
	for _, n := range []int{0, 1, 4095, 4096, 100000, 3000000} {
		sent := text(n)
		r, err := http.Post(url+"/echo", "a/b", strings.NewReader(sent))
		_, got := taken("sized", r, err)
		expect("sized", got == sent, true)
		r, err = http.Post(url+"/echo", "a/b", io.MultiReader(strings.NewReader(sent)))
		_, got = taken("chunked", r, err)
		expect("chunked", got == sent, true)
		r, err = http.Get(fmt.Sprintf("%s/large?n=%d", url, n))
		_, got = taken("large", r, err)
		expect("large", len(got), n)
	}
}

func expectContinue(url string) {
	req, _ := http.NewRequest("PUT", url+"/echo", bytes.NewReader(make([]byte, 50000)))
	req.Header.Set("Expect", "100-continue")
	r, err := http.DefaultClient.Do(req)
	r, got := taken("expect", r, err)
	expect("expect", len(got), 50000)
	expect("expect", r.Header.Get("X-Method"), "PUT")
}

func heads(url string) {
	for _, code := range []int{204, 304, 404, 418, 500} {
		r, err := http.Get(fmt.Sprintf("%s/status/%d", url, code))
		r, _ = taken("status", r, err)
		expect("status", r.StatusCode, code)
	}
	req, _ := http.NewRequest("GET", url+"/fields", nil)
	req.Header["X-Own"] = []string{"one", "two"}
	req.Host = "other.example"
	r, err := http.DefaultClient.Do(req)
	r, got := taken("fields", r, err)
	expect("fields", got, "other.example")
	expect("fields", fmt.Sprint(r.Header["X-Own"]), "[one two]")
	r, err = http.Get(url + "/trailers")
	r, got = taken("trailers", r, err)
	expect("trailers", got, "body")
	expect("trailers", r.Trailer.Get("X-Sum"), "42")
	r, err = http.Get(url + "/close")
	r, got = taken("close", r, err)
	expect("close", got, "last")
	expect("close", r.Close, true)
}

func redirects(url string) {
	r, err := http.Get(url + "/redirect/5")
	_, got := taken("redirects", r, err)
	expect("redirects", got, "hello, world\n")
}

func manyAtATime(url string) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, 32)
	for i := range 500 {
		slots <- struct{}{}
		wg.Go(func() {
			sent := text(i * 37)
			r, err := http.Post(url+"/echo", "a/b", strings.NewReader(sent))
			_, got := taken("at a time", r, err)
			expect("at a time", got == sent, true)
			<-slots
		})
	}
	wg.Wait()
}

func main() {
	url := os.Args[1]
	getAndHead(url)
	bodies(url)
	expectContinue(url)
	heads(url)
	redirects(url)
	manyAtATime(url)
	fmt.Println("all as it should be")
}
