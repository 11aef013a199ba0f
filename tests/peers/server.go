// SPDX-License-Identifier: MIT

// What our client is tried against: the same as server.cpp, by Go's net/http.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
)

func echo(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("X-Method", r.Method)
	w.Write(text)
}

func large(w http.ResponseWriter, r *http.Request) {
	left, _ := strconv.Atoi(r.FormValue("n"))
	for piece := 1; left > 0; piece = piece * 3 % 9973 {
		n := min(piece, left)
		w.Write(bytes.Repeat([]byte{'a' + byte(piece%26)}, n))
		if piece%7 == 0 {
			w.(http.Flusher).Flush()
		}
		left -= n
	}
}

func status(w http.ResponseWriter, r *http.Request) {
	code, _ := strconv.Atoi(r.PathValue("code"))
	w.WriteHeader(code)
}

func redirect(w http.ResponseWriter, r *http.Request) {
	left, _ := strconv.Atoi(r.PathValue("left"))
	to := "/hello"
	if left > 0 {
		to = fmt.Sprintf("/redirect/%d", left-1)
	}
	http.Redirect(w, r, to, http.StatusFound)
}

func trailers(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Trailer", "X-Sum")
	io.WriteString(w, "body")
	w.(http.Flusher).Flush()
	w.Header().Set("X-Sum", "42")
}

func fields(w http.ResponseWriter, r *http.Request) {
	w.Header()["X-Own"] = r.Header.Values("X-Own")
	io.WriteString(w, r.Host)
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, text) }
}

func main() {
	http.HandleFunc("/hello", says("hello, world\n"))
	http.HandleFunc("/echo", echo)
	http.HandleFunc("/large", large)
	http.HandleFunc("/status/{code}", status)
	http.HandleFunc("/redirect/{left}", redirect)
	http.HandleFunc("/trailers", trailers)
	http.HandleFunc("/fields", fields)
	http.HandleFunc("/close", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		io.WriteString(w, "last")
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		fmt.Fprintln(os.Stderr, "listening on", l.Addr())
		err = http.Serve(l, nil)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
